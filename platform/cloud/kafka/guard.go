package kafka

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/weirstream/weir/platform/clock"
)

const (
	requestMax = 100 << 20 // socket.request.max.bytes
	saslMax    = 64 << 10
	frameHead  = 4 + 2 + 2 + 4 // length, key, version, correlation id
	refusalMax = time.Second   // to write an answer before the connection closes
)

var errFrame = errors.New("no Kafka request")

// guarded is a client's connection on which nothing passes that kfake does not
// survive: a request of a kind that it does not know, of which it would panic,
// or one of gigabytes, for which it would make room before anybody has
// authenticated. It also stops SASL/PLAIN without a password, which kfake takes
// for the password of every user that has none for PLAIN.
//
// And it keeps from kfake that a client has gone until the client's JoinGroup
// is answered: the session of a member begins with that answer, and a member
// whose answer cannot be given would never be forgotten, nor its partitions
// given to others.
type guarded struct {
	net.Conn
	leave func()
	wall  clock.Clock
	amend func(q question, answer []byte) []byte

	head  [frameHead]byte
	ready []byte // checked, and not yet read
	left  int    // of the request, behind ready
	at    uint32 // its correlation id

	mu      sync.Mutex
	asked   map[uint32]question // by correlation id: whose answers are amended or waited for
	settled chan struct{}       // holds one if asked has become less
}

func newGuarded(conn net.Conn, leave func(), wall clock.Clock, amend func(q question, answer []byte) []byte) *guarded {
	return &guarded{Conn: conn, leave: leave, wall: wall, amend: amend, settled: make(chan struct{}, 1)}
}

// question is what an answer belongs to.
type question struct {
	key, version int16
	add          func(kmsg.Response) // puts in what kfake was not asked; nil puts in nothing
}

func (q question) joins() bool { return q.key == int16(kmsg.JoinGroup) }

// Read implements net.Conn.
func (c *guarded) Read(p []byte) (int, error) {
	n, err := c.read(p)
	if err != nil && n == 0 { // else the next Read has the error again
		c.outlast()
	}
	return n, err
}

func (c *guarded) read(p []byte) (int, error) {
	if len(c.ready) == 0 && c.left == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	if len(c.ready) > 0 {
		n := copy(p, c.ready)
		c.ready = c.ready[n:]
		return n, nil
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	if c.left -= n; err != nil && c.left > 0 {
		c.settle(c.at) // kfake never sees the whole of it
	}
	return n, err
}

// outlastMax is how long Kafka's own clients let a rebalance take
// (max.poll.interval.ms). kfake never answers a JoinGroup whose member leaves, or
// joins by another connection, meanwhile.
const outlastMax = 5 * time.Minute

// outlast waits until every JoinGroup is answered, or Close is called. The
// client has gone, so its connection is given up at once.
func (c *guarded) outlast() {
	if !c.joining() {
		return
	}
	c.leave()
	c.Conn.Close()
	timer := c.wall.NewTimer(outlastMax)
	defer timer.Stop()
	for c.joining() {
		select {
		case <-c.settled:
		case <-timer.C:
			return
		}
	}
}

func (c *guarded) joining() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, q := range c.asked {
		if q.joins() {
			return true
		}
	}
	return false
}

// settle says what was asked, and that it is about to be answered, or never.
func (c *guarded) settle(id uint32) (q question, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q, found = c.asked[id]
	delete(c.asked, id)
	c.wake()
	return q, found
}

// wake has outlast look again.
func (c *guarded) wake() {
	select {
	case c.settled <- struct{}{}:
	default:
	}
}

// next reads and checks the beginning of a request.
func (c *guarded) next() error {
	if _, err := io.ReadFull(c.Conn, c.head[:]); err != nil {
		return err
	}
	size := binary.BigEndian.Uint32(c.head[:])
	key := int16(binary.BigEndian.Uint16(c.head[4:]))
	switch {
	case size < frameHead-4 || size > requestMax:
		return fmt.Errorf("%w: %d bytes", errFrame, size)
	case kmsg.RequestForKey(key) == nil:
		return fmt.Errorf("%w: key %d", errFrame, key)
	}
	asked, id := question{key: key, version: int16(binary.BigEndian.Uint16(c.head[6:]))}, binary.BigEndian.Uint32(c.head[8:])
	c.ready, c.left, c.at = c.head[:], int(size)-(frameHead-4), id
	switch kmsg.Key(key) {
	case kmsg.SASLAuthenticate:
		if err := c.readWhole(saslMax); err != nil {
			return err
		}
		c.ask(asked, id)
		return checkPlain(c.ready[4:])
	case kmsg.CreateTopics, kmsg.AlterConfigs, kmsg.IncrementalAlterConfigs:
		if err := c.readWhole(changeMax); err != nil {
			return err
		}
		var err error
		if c.ready, asked.add, err = takeOut(key, c.ready); err != nil {
			return err
		}
	}
	c.ask(asked, id)
	return nil
}

// readWhole makes all of a request ready, which has to be of a bearable size.
func (c *guarded) readWhole(limit int) error {
	if c.left > limit {
		return fmt.Errorf("%w: %d bytes where %d are the most", errFrame, c.left, limit)
	}
	whole := make([]byte, frameHead+c.left)
	copy(whole, c.head[:])
	if _, err := io.ReadFull(c.Conn, whole[frameHead:]); err != nil {
		return err
	}
	c.ready, c.left = whole, 0
	return nil
}

// checkPlain refuses an empty password in a SASL/PLAIN message. Those of other
// mechanisms hold no NUL.
func checkPlain(request []byte) error {
	r := kbin.Reader{Src: request}
	r.Int16()
	auth := kmsg.NewPtrSASLAuthenticateRequest()
	auth.SetVersion(r.Int16())
	r.Int32()
	r.NullableString()
	if auth.IsFlexible() {
		skipTags(&r)
	}
	if err := auth.ReadFrom(r.Src); err != nil {
		return fmt.Errorf("%w: %w", errFrame, err)
	}
	parts := strings.SplitN(string(auth.SASLAuthBytes), "\x00", 3)
	if len(parts) == 3 && parts[2] == "" {
		return errors.New("authentication without a password")
	}
	return nil
}

// ask remembers a request; clients send the next before they have the answer.
func (c *guarded) ask(q question, id uint32) {
	if q.add == nil && !amends(q.key) && !q.joins() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked == nil {
		c.asked = map[uint32]question{}
	}
	c.asked[id] = q
}

// Write implements net.Conn. kfake writes every answer whole.
func (c *guarded) Write(p []byte) (int, error) {
	if len(p) < answerHead {
		return c.Conn.Write(p)
	}
	q, found := c.settle(binary.BigEndian.Uint32(p[4:]))
	if !found {
		return c.Conn.Write(p)
	}
	if n, err := c.Conn.Write(c.amend(q, p)); err != nil {
		return min(n, len(p)), err
	}
	return len(p), nil
}

// Close implements net.Conn. kfake closes without an answer on those who cannot
// authenticate, who would take it for a broker that is not well and try again.
func (c *guarded) Close() error {
	c.leave()
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, q := range c.asked {
		if q.key == int16(kmsg.SASLAuthenticate) {
			_ = c.Conn.SetWriteDeadline(c.wall.Now().Add(refusalMax))
			_, _ = c.Conn.Write(unauthenticated(id, q.version)) // the connection may be gone
		}
	}
	c.asked = nil
	c.wake()
	return c.Conn.Close()
}

// unauthenticated is Apache Kafka's answer to wrong credentials.
func unauthenticated(id uint32, version int16) []byte {
	answer := kmsg.NewPtrSASLAuthenticateResponse()
	answer.SetVersion(version)
	answer.ErrorCode = kerr.SaslAuthenticationFailed.Code
	answer.ErrorMessage = kmsg.StringPtr("Authentication failed: Invalid username or password")
	frame := binary.BigEndian.AppendUint32(make([]byte, 4), id)
	if answer.IsFlexible() {
		frame = append(frame, 0) // no tags
	}
	frame = answer.AppendTo(frame)
	binary.BigEndian.PutUint32(frame, uint32(len(frame)-4))
	return frame
}
