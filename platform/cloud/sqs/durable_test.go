package sqs

import (
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/platform/cloud/store"
	"github.com/weirstream/weir/platform/cloud/store/storetest"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// twins are two accounts that get the same calls: one is never reopened, the
// other now and then closed or crashed. They must answer alike.
type twins struct {
	t        *rapid.T
	clk      *storetest.Clock
	disk     *storetest.Disk
	sides    [2]*Service // never reopened, reopened
	receipts [][2]string
	sent     int

	quotasOff bool
}

func newTwins(t *rapid.T) *twins {
	w := &twins{t: t, clk: &storetest.Clock{At: time.Unix(1_700_000_000, 0)}, disk: storetest.New(t)}
	w.quotasOff = rapid.Bool().Draw(t, "quotas off")
	w.sides[0] = w.open(nil)
	w.sides[1] = w.open(w.disk.Data())
	for range 2 {
		w.create(t)
	}
	return w
}

func (w *twins) open(data *store.Data) *Service {
	s, err := New(Config{Clock: w.clk, QuotasOff: w.quotasOff, Data: data})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// call makes one call on both sides and compares what they answer, but for
// the messages' random ids.
func (w *twins) call(operation string, in func(side int) any) [2]any {
	w.t.Helper()
	var outs [2]any
	storetest.Alike(w.t, operation, func(side int) string {
		ops := w.sides[side].Service().Operations
		op := ops[slices.IndexFunc(ops, func(op wire.Operation) bool { return op.Name == operation })]
		call := &wire.Call{Account: "123456789012", HTTP: httptest.NewRequest("POST", "http://h:1/", nil)}
		out, err := op.Handle(w.t.Context(), call, in(side))
		outs[side] = out
		if err != nil {
			return err.Error()
		}
		return storetest.Answer(anonymous(out), nil)
	})
	return outs
}

func anonymous(out any) any {
	switch out := out.(type) {
	case *sendMessageOutput:
		return out.MD5OfMessageBody + out.MD5OfMessageAttributes
	case *receiveMessageOutput:
		list := slices.Clone(out.Messages)
		for i := range list {
			list[i].MessageId, list[i].ReceiptHandle = "", ""
		}
		return list
	}
	return out
}

func (w *twins) same(operation string, in any) [2]any {
	w.t.Helper()
	return w.call(operation, func(int) any { return in })
}

func (w *twins) queue() target {
	return target{"http://h:1/123456789012/" + rapid.SampledFrom([]string{"a", "b", "a-b"}).Draw(w.t, "queue")}
}

func (w *twins) settings() map[string]string {
	name := rapid.SampledFrom(append(settingNames(), "")).Draw(w.t, "setting")
	known, ok := settingByName(name)
	if !ok {
		return nil
	}
	return map[string]string{name: fmt.Sprint(rapid.IntRange(known.min, min(known.max, known.min+100)).Draw(w.t, "value"))}
}

func (w *twins) create(*rapid.T) {
	_, name, _ := strings.Cut(w.queue().QueueUrl, "012/")
	w.same("CreateQueue", &createQueueInput{QueueName: name, Attributes: w.settings()})
}

func (w *twins) configure(*rapid.T) {
	w.same("SetQueueAttributes", &setQueueAttributesInput{w.queue(), w.settings()})
}

func (w *twins) send(*rapid.T) {
	w.sent++
	body, text := fmt.Sprintf("message %d <&> \u2028", w.sent), "7.5"
	in := &sendMessageInput{w.queue(), sendEntry{MessageBody: &body}}
	if rapid.Bool().Draw(w.t, "with attributes") {
		in.MessageAttributes = map[string]attribute{
			"n": {DataType: "Number.x", StringValue: &text}, "b": {DataType: "Binary", BinaryValue: []byte{0, 255}},
		}
	}
	if rapid.Bool().Draw(w.t, "delayed") {
		seconds := rapid.IntRange(0, 20).Draw(w.t, "delay")
		in.DelaySeconds = &seconds
	}
	w.same("SendMessage", in)
}

func (w *twins) receive(*rapid.T) {
	limit, hide, wait := rapid.IntRange(1, 3).Draw(w.t, "limit"), rapid.IntRange(0, 20).Draw(w.t, "hide"), 0
	outs := w.same("ReceiveMessage", &receiveMessageInput{
		target: w.queue(), MaxNumberOfMessages: &limit, VisibilityTimeout: &hide, WaitTimeSeconds: &wait,
		AttributeNames: []string{"All"}, MessageAttributeNames: []string{"All"},
	})
	if got := outs[0].(*receiveMessageOutput); got != nil {
		for i, m := range got.Messages {
			w.receipts = append(w.receipts, [2]string{m.ReceiptHandle, outs[1].(*receiveMessageOutput).Messages[i].ReceiptHandle})
		}
	}
}

// delete and hide use receipts of any age, also from before a reopening.
func (w *twins) delete(*rapid.T) {
	if q := w.queue(); len(w.receipts) > 0 {
		r := rapid.SampledFrom(w.receipts).Draw(w.t, "receipt")
		w.call("DeleteMessage", func(side int) any { return &deleteMessageInput{q, r[side]} })
	}
}

func (w *twins) hide(*rapid.T) {
	if q := w.queue(); len(w.receipts) > 0 {
		r := rapid.SampledFrom(w.receipts).Draw(w.t, "receipt")
		seconds := rapid.IntRange(0, 20).Draw(w.t, "hide")
		w.call("ChangeMessageVisibility", func(side int) any {
			return &changeVisibilityInput{q, visibilityChange{r[side], &seconds}}
		})
	}
}

func (w *twins) purge(*rapid.T)  { w.same("PurgeQueue", &purgeQueueInput{w.queue()}) }
func (w *twins) remove(*rapid.T) { w.same("DeleteQueue", &deleteQueueInput{w.queue()}) }
func (w *twins) pass(*rapid.T) {
	w.clk.At = w.clk.At.Add(time.Duration(rapid.IntRange(1, 30_000).Draw(w.t, "ms")) * time.Millisecond)
}

func (w *twins) reopen(*rapid.T) {
	w.disk.Reopen()
	w.sides[1] = w.open(w.disk.Data())
}

func (w *twins) crash(*rapid.T) {
	w.disk.Crash(rand.New(rand.NewPCG(rapid.Uint64().Draw(w.t, "crash"), 0)))
	w.sides[1] = w.open(w.disk.Data())
}

// check compares what can be seen without changing it.
func (w *twins) check(*rapid.T) {
	w.same("ListQueues", &listQueuesInput{})
	for _, name := range []string{"a", "b", "a-b"} {
		w.same("GetQueueAttributes", &getQueueAttributesInput{target{"http://h:1/123456789012/" + name}, []string{"All"}})
	}
}

func TestReopenedQueuesAnswerAsIfNothingHadHappened(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newTwins(t)
		defer func() { w.disk.Close() }()
		t.Repeat(map[string]func(*rapid.T){
			"": w.check, "create": w.create, "configure": w.configure, "send": w.send, "send more": w.send,
			"receive": w.receive, "delete": w.delete, "hide": w.hide, "purge": w.purge, "remove": w.remove,
			"pass": w.pass, "reopen": w.reopen, "crash": w.crash,
		})
		w.reopen(t)
		w.check(t)
	})
}

// TestNothingOfADeletedQueueStays: what a queue had is gone from the disk, and
// a call that still holds it brings nothing back.
func TestNothingOfADeletedQueueStays(t *testing.T) {
	t.Parallel()
	disk := storetest.New(t)
	defer func() { disk.Close() }()
	f := newFixture(t, Config{Data: disk.Data(), QuotasOff: true})
	q := f.create("q", nil)
	f.send(q, "x")
	f.receive(q, 1, 0)
	held, err := f.s.byURL(q.QueueUrl)
	if err != nil {
		t.Fatal(err)
	}
	f.must("DeleteQueue", &deleteQueueInput{q})
	f.create("q", nil)
	if _, err := held.send(time.Now(), outgoing{body: "late"}); codeOf(err) != "AWS.SimpleQueueService.NonExistentQueue" {
		t.Errorf("send to a deleted queue: %v", err)
	}
	disk.Reopen()
	var keys []string
	if err := disk.Data().ScanPrefix([]byte("sqs/"), func(key, _ []byte) error {
		keys = append(keys, string(key))
		return nil
	}); err != nil || !slices.Equal(keys, []string{"sqs/queue/q"}) {
		t.Errorf("left on disk: %q, %v", keys, err)
	}
}
