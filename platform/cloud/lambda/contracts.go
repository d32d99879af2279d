package lambda

import (
	"context"
	"errors"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// HandlerBucket is the S3 bucket name that stands for the handlers built into
// the program: code in it is started by the Launcher, never downloaded.
const HandlerBucket = "weir-handlers"

// Launcher starts built-in handlers: functions whose code is
// s3://weir-handlers/NAME. Command is called when such a function is created
// (an error is then the caller's) and once for every execution environment.
type Launcher interface {
	Command(name string) (Command, error)
}

// Command is a program to start. Env holds NAME=value pairs added to those
// Lambda sets; nothing else of this process's environment reaches a function.
type Command struct {
	Path string
	Args []string // without the program's name
	Env  []string
}

// Streams reads Kinesis data streams for event source mappings, under the
// cloud's own authority: the execution role's permissions are checked apart,
// through Roles.
type Streams interface {
	// Shards lists every shard within retention, closed ones included. It is
	// called about once a second for each enabled mapping.
	Shards(streamARN string) ([]Shard, error)
	// Read returns up to limit records from a position. The Next of a reply
	// is never LATEST, so that reading on from it misses nothing.
	Read(ctx context.Context, streamARN, shardID string, from Position, limit int) (Batch, error)
	// Subscribe delivers one shard's records to a registered consumer until
	// ctx ends, deliver fails (its error is returned), the shard ends (after a
	// Batch with End) or the subscription expires (nil). deliver may block.
	Subscribe(ctx context.Context, consumerARN, shardID string, from Position, deliver func(Batch) error) error
}

// Shard is one shard of a stream.
type Shard struct {
	ID      string
	Parents []string // none, one (split) or two (merge)
	Closed  bool
}

// The iterator types of a Position.
const (
	TrimHorizon         = "TRIM_HORIZON"
	Latest              = "LATEST"
	AtTimestamp         = "AT_TIMESTAMP"
	AtSequenceNumber    = "AT_SEQUENCE_NUMBER"
	AfterSequenceNumber = "AFTER_SEQUENCE_NUMBER"
)

// Position is a place in a shard, in the terms of GetShardIterator.
type Position struct {
	Type           string    `json:"type"`
	SequenceNumber string    `json:"sequence,omitempty"`
	Timestamp      time.Time `json:"timestamp,omitzero"`
}

// Record is one record of a stream.
type Record struct {
	SequenceNumber string
	PartitionKey   string
	Data           []byte
	Arrival        time.Time
}

// Batch is what one read or one push returns.
type Batch struct {
	Records            []Record
	Next               Position
	MillisBehindLatest int64
	End                bool // the shard is closed and has been read to its end
}

// Destinations delivers on-failure documents, records of asynchronous
// invocations and dead letters. Send is called once for each and again, with
// back-off, until it succeeds.
type Destinations interface {
	// Send fails with ErrTooLarge if the destination can never take body.
	Send(ctx context.Context, arn string, body []byte, attributes ...Attribute) error
}

// Attribute is a message attribute of what is sent to a queue.
type Attribute struct {
	Name, Type, Value string // Type is String or Number
}

// ErrTooLarge is why a destination refuses what it will always refuse.
var ErrTooLarge = errors.New("the message is too large for its destination")

// Credentials are temporary credentials of a role.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
	Expires         time.Time
}

// Roles issues and checks execution roles.
type Roles interface {
	// ServiceCredentials assumes a role for a service principal; the role's
	// trust policy must allow it. Called when a function is created and once
	// for every execution environment.
	ServiceCredentials(roleARN, servicePrincipal, session string) (Credentials, error)
	// AuthorizeRole is nil if the role's policies allow the access.
	AuthorizeRole(roleARN string, access wire.Access) error
}

const servicePrincipal = "lambda.amazonaws.com"
