package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/weirstream/weir/platform/chaos"
)

// depositVisibility hides what was read from the next read, long enough to see
// a whole queue; afterwards it shows again, for the judge takes nothing away.
const depositVisibility = 5 * time.Minute

// deposits are the on-failure queues of a scenario: in the end they must hold
// the poison that was put, and nothing else.
type deposits struct {
	client *sqs.Client
	since  time.Time // what was sent to a queue before belongs to another run
	queues []*depositQueue
}

type depositQueue struct {
	name   string
	url    string
	wanted map[string]bool // sequence number → found
	seen   map[string]bool // message ids
	others []string        // what else lies there, in words
	err    error           // of the last look
}

func newDeposits(env Env, targets []chaos.Target) *deposits {
	d := &deposits{client: sqs.NewFromConfig(env.AWS(Auditor))}
	for _, t := range targets {
		if t.Kind == chaos.Stream && t.OnFailure != "" && d.queue(t.OnFailure) == nil {
			d.queues = append(d.queues, &depositQueue{name: t.OnFailure, wanted: map[string]bool{}, seen: map[string]bool{}})
		}
	}
	return d
}

func (d *deposits) queue(name string) *depositQueue {
	i := slices.IndexFunc(d.queues, func(q *depositQueue) bool { return q.name == name })
	if i < 0 {
		return nil
	}
	return d.queues[i]
}

// want adds poison that must turn up.
func (d *deposits) want(put []chaos.Poisoned) {
	for _, p := range put {
		if q := d.queue(p.OnFailure); q != nil {
			q.wanted[p.SequenceNumber] = false
		}
	}
}

// owed looks into the queues and says what they lack, "" for nothing.
func (d *deposits) owed(ctx context.Context) string {
	for _, q := range d.queues {
		q.err = d.look(ctx, q)
		if n := q.missing(); n > 0 {
			return fmt.Sprintf("%d records of poison at queue %s", n, q.name)
		}
	}
	return ""
}

func (q *depositQueue) missing() (n int) {
	for _, found := range q.wanted {
		if !found {
			n++
		}
	}
	return n
}

// look reads what a queue shows, to its end.
func (d *deposits) look(ctx context.Context, q *depositQueue) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if q.url == "" {
		out, err := d.client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(q.name)})
		if err != nil {
			return fmt.Errorf("find queue %s: %w", q.name, err)
		}
		q.url = aws.ToString(out.QueueUrl)
	}
	for {
		out, err := d.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: aws.String(q.url), MaxNumberOfMessages: 10,
			VisibilityTimeout:           int32(depositVisibility / time.Second),
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameSentTimestamp},
		})
		if err != nil {
			return fmt.Errorf("read queue %s: %w", q.name, err)
		}
		if len(out.Messages) == 0 {
			return nil
		}
		for _, m := range out.Messages {
			sentMs, _ := strconv.ParseInt(m.Attributes[string(types.MessageSystemAttributeNameSentTimestamp)], 10, 64)
			if q.seen[aws.ToString(m.MessageId)] || time.UnixMilli(sentMs).Before(d.since.Truncate(time.Millisecond)) {
				continue
			}
			q.seen[aws.ToString(m.MessageId)] = true
			q.judge(aws.ToString(m.Body))
		}
	}
}

// judge takes one message for poison if it names exactly one record and that
// is poison.
func (q *depositQueue) judge(body string) {
	var doc struct {
		RequestContext   struct{ Condition string }
		KinesisBatchInfo struct {
			ShardID string `json:"shardId"`
			First   string `json:"startSequenceNumber"`
			Last    string `json:"endSequenceNumber"`
			Size    int    `json:"batchSize"`
		}
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		q.others = append(q.others, fmt.Sprintf("a message that is no failure record: %.80q", body))
		return
	}
	b := doc.KinesisBatchInfo
	if _, poison := q.wanted[b.First]; poison && b.First == b.Last && b.Size == 1 {
		q.wanted[b.First] = true
		return
	}
	q.others = append(q.others, fmt.Sprintf("%d records of %s from %s (%s)", b.Size, b.ShardID, b.First, doc.RequestContext.Condition))
}

// outcomes look a last time.
func (d *deposits) outcomes(ctx context.Context) (outcomes []Outcome) {
	for _, q := range d.queues {
		q.err = d.look(ctx, q)
		total := len(q.wanted)
		o := Outcome{
			Name: "on-failure queue " + q.name,
			Want: fmt.Sprintf("%d of %d poison, nothing else", total, total),
			Got:  fmt.Sprintf("%d of %d poison, nothing else", total-q.missing(), total),
			Pass: q.missing() == 0 && len(q.others) == 0 && q.err == nil,
		}
		if n := len(q.others); n > 0 {
			o.Got = fmt.Sprintf("%d of %d poison and %d others: %s", total-q.missing(), total, n, strings.Join(q.others[:min(n, 5)], "; "))
		}
		if q.err != nil {
			o.Got = q.err.Error()
		}
		outcomes = append(outcomes, o)
	}
	return outcomes
}
