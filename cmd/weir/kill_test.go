package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/weirstream/weir/platform/cloud/cloudtest"
)

// TestNothingAcknowledgedIsLost kills `weir cloud --data` again and again while
// clients write, each time after a random number of acknowledged calls, and
// keeps its own books: what was acknowledged is there, what a reader saw is
// there, and nothing is there twice.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	t.Parallel()
	kills := 100
	if testing.Short() {
		kills = 10
	}
	b := newBooks(t)
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(7, 7))
	for range kills {
		b.live(dir, 1+random.IntN(120))
	}
	b.audit(dir)
	t.Logf("%d kills: %d records and %d messages acknowledged, %d messages deleted, %d records read between kills",
		kills, len(b.records), len(b.messages), len(b.deleted), len(b.seen))
	if len(b.records) < 20*kills || len(b.messages) < kills || len(b.deleted) < kills/4 || len(b.seen) < 10*kills {
		t.Error("that is too little load to show anything")
	}
}

// books is what the clients were told.
type books struct {
	t       *testing.T
	streams *kinesis.Client
	queues  *sqs.Client
	users   *iam.Client
	queue   *string

	mu       sync.Mutex
	left     int               // acknowledged calls until the next kill
	enough   chan struct{}     // closed when none is left
	numbers  map[string]int    // of the last thing each writer made, whatever became of it
	records  map[string]string // data: where
	seen     map[string]string // where: data
	read     map[string]string // shard: the last number read
	messages map[string]bool
	deleted  map[string]bool
	doubtful map[string]bool // deletions that were not acknowledged
	made     []string        // users
	tagged   map[string]int  // tag: acknowledged value
}

func newBooks(t *testing.T) *books {
	return &books{
		t: t, numbers: map[string]int{}, records: map[string]string{}, seen: map[string]string{}, read: map[string]string{},
		messages: map[string]bool{}, deleted: map[string]bool{}, doubtful: map[string]bool{}, tagged: map[string]int{},
	}
}

// connect starts the cloud and points the clients at it.
func (b *books) connect(dir string) *process {
	b.t.Helper()
	p := start(b.t, "cloud", "--data", dir, "--listen", "127.0.0.1:0", "--quotas", "off")
	endpoint := p.waitFor(`^endpoint +(http://\S+)`)
	p.waitFor(`^ready$`)
	cfg := cloudtest.At(b.t, endpoint)
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	b.streams, b.queues, b.users = kinesis.NewFromConfig(cfg), sqs.NewFromConfig(cfg), iam.NewFromConfig(cfg)
	return p
}

// live runs the cloud under load until that many calls were acknowledged, and kills it.
func (b *books) live(dir string, acknowledged int) {
	b.t.Helper()
	p := b.connect(dir)
	b.left, b.enough = acknowledged, make(chan struct{})
	b.prepare()
	var writers sync.WaitGroup
	for _, work := range []func(context.Context) error{
		b.putter("a"), b.putter("b"), b.putter("c"), b.reader, b.messenger, b.administrator,
	} {
		writers.Go(func() {
			for work(b.t.Context()) == nil { // an error is the kill
			}
		})
	}
	<-b.enough
	if err := p.Process.Kill(); err != nil {
		b.t.Fatal(err)
	}
	p.exit()
	writers.Wait()
}

// acknowledge counts down to the kill; note books what was said under the lock.
func (b *books) acknowledge(note func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	note()
	if b.left--; b.left == 0 {
		close(b.enough)
	}
}

// next is a number that the writer has not used in any life.
func (b *books) next(writer string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.numbers[writer]++
	return b.numbers[writer]
}

// prepare makes stream and queue, in the first life.
func (b *books) prepare() {
	b.t.Helper()
	if b.queue == nil {
		if _, err := b.streams.CreateStream(b.t.Context(), &kinesis.CreateStreamInput{StreamName: aws.String("s"), ShardCount: aws.Int32(3)}); err != nil {
			b.t.Fatal(err)
		}
		out, err := b.queues.CreateQueue(b.t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q"), Attributes: map[string]string{"VisibilityTimeout": "1"}})
		if err != nil {
			b.t.Fatal(err)
		}
		b.queue = out.QueueUrl
		waiter := kinesis.NewStreamExistsWaiter(b.streams, func(o *kinesis.StreamExistsWaiterOptions) {
			o.MinDelay, o.MaxDelay = 10*time.Millisecond, 50*time.Millisecond
		})
		if err := waiter.Wait(b.t.Context(), &kinesis.DescribeStreamInput{StreamName: aws.String("s")}, time.Minute); err != nil {
			b.t.Fatal(err)
		}
	}
	// The port is another one in each life.
	out, err := b.queues.GetQueueUrl(b.t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("q")})
	if err != nil {
		b.t.Fatalf("the queue: %v", err)
	}
	b.queue = out.QueueUrl
}

func (b *books) putter(name string) func(context.Context) error {
	return func(ctx context.Context) error {
		in := &kinesis.PutRecordsInput{StreamName: aws.String("s")}
		for range 20 {
			text := fmt.Sprintf("%s-%d-%s", name, b.next(name), strings.Repeat("x", 100))
			in.Records = append(in.Records, types.PutRecordsRequestEntry{Data: []byte(text), PartitionKey: aws.String(text)})
		}
		out, err := b.streams.PutRecords(ctx, in)
		if err != nil {
			return err
		}
		b.acknowledge(func() {
			for i, r := range out.Records {
				b.records[string(in.Records[i].Data)] = *r.ShardId + "/" + *r.SequenceNumber
			}
		})
		return nil
	}
}

// reader reads each shard on from where it stood, also across kills.
func (b *books) reader(ctx context.Context) error {
	for i := range 3 {
		shard := fmt.Sprintf("shardId-%012d", i)
		records, err := b.readOn(ctx, shard, b.read[shard])
		if err != nil {
			return err
		}
		for _, r := range records {
			b.read[shard] = *r.SequenceNumber
			b.seen[shard+"/"+*r.SequenceNumber] = string(r.Data)
		}
	}
	return nil
}

// readOn is one page of a shard behind a sequence number, "" for the start.
func (b *books) readOn(ctx context.Context, shard, after string) ([]types.Record, error) {
	in := &kinesis.GetShardIteratorInput{StreamName: aws.String("s"), ShardId: &shard, ShardIteratorType: types.ShardIteratorTypeTrimHorizon}
	if after != "" {
		in.ShardIteratorType, in.StartingSequenceNumber = types.ShardIteratorTypeAfterSequenceNumber, &after
	}
	iterator, err := b.streams.GetShardIterator(ctx, in)
	if err != nil {
		return nil, err
	}
	out, err := b.streams.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: iterator.ShardIterator})
	if err != nil {
		return nil, err
	}
	return out.Records, nil
}

// messenger sends, receives and deletes messages.
func (b *books) messenger(ctx context.Context) error {
	body := strconv.Itoa(b.next("message"))
	if _, err := b.queues.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: b.queue, MessageBody: &body}); err != nil {
		return err
	}
	b.acknowledge(func() { b.messages[body] = true })
	out, err := b.queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: b.queue})
	if err != nil || len(out.Messages) == 0 {
		return err
	}
	m := out.Messages[0]
	if b.deleted[*m.Body] {
		b.t.Errorf("message %s came back after its deletion was acknowledged", *m.Body)
	}
	b.doubtful[*m.Body] = true
	if _, err := b.queues.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: b.queue, ReceiptHandle: m.ReceiptHandle}); err != nil {
		return err
	}
	b.acknowledge(func() { b.deleted[*m.Body] = true })
	return nil
}

// administrator makes users and sets tags.
func (b *books) administrator(ctx context.Context) error {
	n := b.next("user")
	name := fmt.Sprintf("u%d", n)
	if _, err := b.users.CreateUser(ctx, &iam.CreateUserInput{UserName: &name}); err != nil {
		return err
	}
	b.acknowledge(func() { b.made = append(b.made, name) })
	tag := fmt.Sprint("t", n%20)
	_, err := b.streams.AddTagsToStream(ctx, &kinesis.AddTagsToStreamInput{StreamName: aws.String("s"), Tags: map[string]string{tag: strconv.Itoa(n)}})
	if err == nil {
		b.acknowledge(func() { b.tagged[tag] = n })
	}
	return err
}

// audit compares what the last life finds with the books.
func (b *books) audit(dir string) {
	b.t.Helper()
	p := b.connect(dir)
	b.left = 1 << 30
	b.prepare()
	b.auditRecords()
	b.auditMessages()
	b.auditAdministration()
	p.interrupt()
	if code := p.exit(); code != exitPass {
		b.t.Errorf("the cloud ended with %d", code)
	}
}

func (b *books) auditRecords() {
	there, where := map[string]string{}, map[string]string{}
	for i := range 3 {
		shard, last := fmt.Sprintf("shardId-%012d", i), ""
		for {
			records, err := b.readOn(b.t.Context(), shard, last)
			if err != nil {
				b.t.Fatal(err)
			}
			if len(records) == 0 {
				break
			}
			for _, r := range records {
				if len(*r.SequenceNumber) != len(last) && last != "" || *r.SequenceNumber <= last {
					b.t.Fatalf("%s: %s follows %s", shard, *r.SequenceNumber, last)
				}
				last = *r.SequenceNumber
				if twice, found := where[string(r.Data)]; found {
					b.t.Errorf("record %.20s is at %s and at %s", r.Data, twice, last)
				}
				there[shard+"/"+last], where[string(r.Data)] = string(r.Data), shard+"/"+last
			}
		}
	}
	for data, place := range b.records {
		if there[place] != data {
			b.t.Errorf("record %.20s was acknowledged at %s, where there is %.20q", data, place, there[place])
		}
	}
	for place, data := range b.seen {
		if there[place] != data {
			b.t.Errorf("record %.20s was read at %s, where there is %.20q", data, place, there[place])
		}
	}
}

func (b *books) auditMessages() {
	missing := map[string]bool{}
	for body := range b.messages {
		if !b.doubtful[body] {
			missing[body] = true
		}
	}
	// What was in flight at the last kill is visible after a second.
	for patience := 0; len(missing) > 0 && patience < 3; {
		out, err := b.queues.ReceiveMessage(b.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: b.queue, MaxNumberOfMessages: 10, WaitTimeSeconds: 2, VisibilityTimeout: 600})
		if err != nil {
			b.t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			patience++
		}
		for _, m := range out.Messages {
			if b.deleted[*m.Body] {
				b.t.Errorf("message %s came back after its deletion was acknowledged", *m.Body)
			}
			delete(missing, *m.Body)
		}
	}
	for body := range missing {
		b.t.Errorf("message %s was acknowledged and is lost", body)
	}
}

func (b *books) auditAdministration() {
	there := map[string]bool{}
	pages := iam.NewListUsersPaginator(b.users, &iam.ListUsersInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(b.t.Context())
		if err != nil {
			b.t.Fatal(err)
		}
		for _, u := range page.Users {
			there[*u.UserName] = true
		}
	}
	for _, name := range b.made {
		if !there[name] {
			b.t.Errorf("user %s was made and is gone", name)
		}
	}
	out, err := b.streams.ListTagsForStream(b.t.Context(), &kinesis.ListTagsForStreamInput{StreamName: aws.String("s")})
	if err != nil {
		b.t.Fatal(err)
	}
	tags := map[string]int{}
	for _, tag := range out.Tags {
		tags[*tag.Key], _ = strconv.Atoi(*tag.Value)
	}
	for key, value := range b.tagged {
		if tags[key] < value {
			b.t.Errorf("tag %s is %d, and %d was acknowledged", key, tags[key], value)
		}
	}
}
