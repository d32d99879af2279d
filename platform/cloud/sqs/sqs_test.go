package sqs

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/weirstream/weir/platform/cloud/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixture drives the operations as the cloud's pipeline does, without HTTP.
type fixture struct {
	t *testing.T
	s *Service
}

func newFixture(t *testing.T, cfg Config) fixture {
	t.Helper()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return fixture{t, s}
}

func (f fixture) call(ctx context.Context, operation string, in any) (any, error) {
	f.t.Helper()
	for _, op := range f.s.Service().Operations {
		if op.Name != operation {
			continue
		}
		if v, ok := in.(wire.Validator); ok {
			if err := v.Validate(); err != nil {
				return nil, err
			}
		}
		call := &wire.Call{Account: "123456789012", HTTP: httptest.NewRequest("POST", "http://h:1/", nil)}
		return op.Handle(ctx, call, in)
	}
	f.t.Fatalf("no operation %s", operation)
	return nil, nil
}

func (f fixture) must(operation string, in any) any {
	f.t.Helper()
	out, err := f.call(f.t.Context(), operation, in)
	if err != nil {
		f.t.Fatalf("%s: %v", operation, err)
	}
	return out
}

func (f fixture) create(name string, attributes map[string]string) target {
	f.t.Helper()
	out := f.must("CreateQueue", &createQueueInput{QueueName: name, Attributes: attributes})
	return target{out.(*queueURLOutput).QueueUrl}
}

func (f fixture) send(q target, body string) {
	f.t.Helper()
	f.must("SendMessage", &sendMessageInput{q, sendEntry{MessageBody: &body}})
}

func (f fixture) receive(q target, limit, waitSeconds int) []receivedMessage {
	f.t.Helper()
	out := f.must("ReceiveMessage", &receiveMessageInput{
		target: q, MaxNumberOfMessages: &limit, WaitTimeSeconds: &waitSeconds, AttributeNames: []string{"All"},
	})
	return out.(*receiveMessageOutput).Messages
}

func (f fixture) counts(q target) string {
	f.t.Helper()
	a := f.must("GetQueueAttributes", &getQueueAttributesInput{target: q, AttributeNames: []string{"All"}}).(*queueAttributesOutput).Attributes
	return a["ApproximateNumberOfMessages"] + " visible " + a["ApproximateNumberOfMessagesNotVisible"] +
		" in flight " + a["ApproximateNumberOfMessagesDelayed"] + " delayed"
}

func (f fixture) wantCounts(q target, want string) {
	f.t.Helper()
	if got := f.counts(q); got != want {
		f.t.Errorf("counts: %s, want %s", got, want)
	}
}

func codeOf(err error) string {
	var e *wire.Error
	if !errors.As(err, &e) {
		return fmt.Sprint(err)
	}
	return e.QueryCode
}

func TestVisibilityTimeoutRedelivers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Config{})
		q := f.create("q", map[string]string{"VisibilityTimeout": "10"})
		f.send(q, "a")
		f.send(q, "b")
		first := f.receive(q, 10, 0)
		if len(first) != 2 || first[0].Body != "a" || first[0].Attributes["ApproximateReceiveCount"] != "1" {
			t.Fatalf("received %+v, want a and b", first)
		}
		f.wantCounts(q, "0 visible 2 in flight 0 delayed")
		if again := f.receive(q, 10, 0); len(again) != 0 {
			t.Errorf("hidden messages were received: %+v", again)
		}
		f.must("DeleteMessage", &deleteMessageInput{q, first[0].ReceiptHandle})

		time.Sleep(10 * time.Second)
		second := f.receive(q, 10, 0)
		if len(second) != 1 || second[0].Body != "b" || second[0].Attributes["ApproximateReceiveCount"] != "2" {
			t.Fatalf("received %+v, want b a second time", second)
		}
		if second[0].Attributes["ApproximateFirstReceiveTimestamp"] == "" || second[0].Attributes["SentTimestamp"] != first[1].Attributes["SentTimestamp"] {
			t.Errorf("attributes changed: %v, %v", first[1].Attributes, second[0].Attributes)
		}
		f.must("DeleteMessage", &deleteMessageInput{q, first[1].ReceiptHandle}) // stale: succeeds, does nothing
		f.wantCounts(q, "0 visible 1 in flight 0 delayed")
		f.must("DeleteMessage", &deleteMessageInput{q, second[0].ReceiptHandle})
		f.wantCounts(q, "0 visible 0 in flight 0 delayed")
	})
}

func TestChangeMessageVisibility(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Config{})
		q := f.create("q", nil)
		f.send(q, "a")
		m := f.receive(q, 1, 0)[0]
		change := func(seconds int) error {
			_, err := f.call(t.Context(), "ChangeMessageVisibility", &changeVisibilityInput{q, visibilityChange{m.ReceiptHandle, &seconds}})
			return err
		}
		if err := change(100); err != nil {
			t.Fatal(err)
		}
		time.Sleep(99 * time.Second)
		f.wantCounts(q, "0 visible 1 in flight 0 delayed")
		if err := change(0); err != nil {
			t.Fatal(err)
		}
		f.wantCounts(q, "1 visible 0 in flight 0 delayed")
		if err := change(5); codeOf(err) != "AWS.SimpleQueueService.MessageNotInflight" {
			t.Errorf("change of a visible message: %v", err)
		}
		if err := change(43_201); codeOf(err) != "InvalidParameterValue" {
			t.Errorf("change beyond the limit: %v", err)
		}
	})
}

func TestLongPolling(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		queue map[string]string
		act   func(f fixture, q target)
		after time.Duration // when the poll of 20 s ends
		got   int
	}{
		{"nothing comes", nil, func(fixture, target) {}, 20 * time.Second, 0},
		{"a message comes", nil, func(f fixture, q target) {
			time.Sleep(3 * time.Second)
			f.send(q, "x")
		}, 3 * time.Second, 1},
		{"a delayed message comes", map[string]string{"DelaySeconds": "5"}, func(f fixture, q target) {
			time.Sleep(3 * time.Second)
			f.send(q, "x")
		}, 8 * time.Second, 1},
		{"a hidden message returns", map[string]string{"VisibilityTimeout": "7"}, func(f fixture, q target) {
			f.send(q, "x") // taken by the poll's rival below
		}, 7 * time.Second, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t, Config{})
				q := f.create("q", tc.queue)
				start := time.Now()
				if tc.name == "a hidden message returns" {
					tc.act(f, q)
					f.receive(q, 1, 0)
				} else {
					go tc.act(f, q)
				}
				got := f.receive(q, 10, 20)
				if len(got) != tc.got || time.Since(start) != tc.after {
					t.Errorf("got %d messages after %s, want %d after %s", len(got), time.Since(start), tc.got, tc.after)
				}
			})
		})
	}
}

func TestLongPollEndsWithTheClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Config{})
		q := f.create("q", nil)
		wait, limit := 20, 1
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := f.call(ctx, "ReceiveMessage", &receiveMessageInput{target: q, WaitTimeSeconds: &wait, MaxNumberOfMessages: &limit})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the client's end", err)
		}
		f.send(q, "x")
		if _, err := f.call(ctx, "ReceiveMessage", &receiveMessageInput{target: q}); err == nil {
			t.Error("a message was handed to a client that had left")
		}
		f.wantCounts(q, "1 visible 0 in flight 0 delayed")
	})
}

func TestRetentionDelayPurgeAndDelete(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Config{})
		q := f.create("q", map[string]string{"MessageRetentionPeriod": "60"})
		f.send(q, "old")
		time.Sleep(59 * time.Second)
		ten, body := 10, "late"
		f.must("SendMessage", &sendMessageInput{q, sendEntry{MessageBody: &body, DelaySeconds: &ten}})
		f.wantCounts(q, "1 visible 0 in flight 1 delayed")
		time.Sleep(time.Second)
		f.wantCounts(q, "0 visible 0 in flight 1 delayed") // "old" reached its retention
		time.Sleep(9 * time.Second)
		f.wantCounts(q, "1 visible 0 in flight 0 delayed")

		f.must("PurgeQueue", &purgeQueueInput{q})
		f.wantCounts(q, "0 visible 0 in flight 0 delayed")
		if _, err := f.call(t.Context(), "PurgeQueue", &purgeQueueInput{q}); codeOf(err) != "AWS.SimpleQueueService.PurgeQueueInProgress" {
			t.Errorf("second purge: %v", err)
		}
		f.must("DeleteQueue", &deleteQueueInput{q})
		if _, err := f.call(t.Context(), "ReceiveMessage", &receiveMessageInput{target: q}); codeOf(err) != "AWS.SimpleQueueService.NonExistentQueue" {
			t.Errorf("receive after delete: %v", err)
		}
		if _, err := f.call(t.Context(), "CreateQueue", &createQueueInput{QueueName: "q"}); codeOf(err) != "AWS.SimpleQueueService.QueueDeletedRecently" {
			t.Errorf("create after delete: %v", err)
		}
		time.Sleep(60 * time.Second)
		f.create("q", nil)
	})
}

func TestDeleteQueueEndsItsLongPolls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Config{})
		q := f.create("q", nil)
		wait := 20
		done := make(chan error)
		go func() {
			_, err := f.call(t.Context(), "ReceiveMessage", &receiveMessageInput{target: q, WaitTimeSeconds: &wait})
			done <- err
		}()
		synctest.Wait()
		f.must("DeleteQueue", &deleteQueueInput{q})
		if err := <-done; codeOf(err) != "AWS.SimpleQueueService.NonExistentQueue" {
			t.Errorf("long poll ended with %v", err)
		}
	})
}

func TestSendFromThisProcess(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	q := f.create("dest", nil)
	if err := f.s.Send("arn:aws:sqs:us-east-1:123456789012:dest", []byte(`{"a":1}`)); err != nil {
		t.Fatal(err)
	}
	if got := f.receive(q, 1, 0); len(got) != 1 || got[0].Body != `{"a":1}` || got[0].MD5OfBody != "bb6cb5c68df4652941caf652a366f2d8" {
		t.Errorf("received %+v", got)
	}
	for _, arn := range []string{"arn:aws:sqs:us-east-1:123456789012:none", "arn:aws:sqs:us-east-1:000000000000:dest", "dest", ""} {
		if err := f.s.Send(arn, []byte("x")); codeOf(err) != "AWS.SimpleQueueService.NonExistentQueue" {
			t.Errorf("send to %q: %v", arn, err)
		}
	}
}

func TestNumbersOfAttributes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"0": true, "-1.50": true, "+7": true, "1e10": true, "1E-100": true, ".5": true, "0" + strings.Repeat("9", 38): true,
		"": false, "x": false, "1_0": false, "Inf": false, "NaN": false, "1e126": false, "-1e128": false, "1.": true, "--1": false,
	} {
		if got := isNumber(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// A number in a message is the number, at whatever width texts are cut.
func TestRefusalNamesTheValue(t *testing.T) {
	t.Parallel()
	if got, want := invalidParameter(901, "DelaySeconds", "Too long.").Message, "Value 901 for parameter DelaySeconds is invalid. Reason: Too long."; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := invalidParameter(strings.Repeat("x", 1000), "QueueName", "Too long.").Message; len(got) > 300 {
		t.Errorf("%d bytes", len(got))
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	q := f.create("q", map[string]string{"MaximumMessageSize": "1024"})
	text := func(s string) *string { return &s }
	number := func(n int) *int { return &n }
	value := map[string]attribute{"a": {DataType: "String", StringValue: text(strings.Repeat("x", 600))}}
	for _, tc := range []struct {
		name, operation string
		in              any
		want            string
	}{
		{"no body", "SendMessage", &sendMessageInput{target: q}, "MissingParameter"},
		{"no queue URL", "SendMessage", &sendMessageInput{sendEntry: sendEntry{MessageBody: text("x")}}, "MissingParameter"},
		{"other account", "SendMessage", &sendMessageInput{target{"http://h/1/q"}, sendEntry{MessageBody: text("x")}}, "AWS.SimpleQueueService.NonExistentQueue"},
		{"too long", "SendMessage", &sendMessageInput{q, sendEntry{MessageBody: text(strings.Repeat("x", 1025))}}, "InvalidParameterValue"},
		{"too long with attributes", "SendMessage", &sendMessageInput{q, sendEntry{MessageBody: text(strings.Repeat("x", 600)), MessageAttributes: value}}, "InvalidParameterValue"},
		{"control character", "SendMessage", &sendMessageInput{q, sendEntry{MessageBody: text("\x00")}}, "InvalidMessageContents"},
		{"delay", "SendMessage", &sendMessageInput{q, sendEntry{MessageBody: text("x"), DelaySeconds: number(901)}}, "InvalidParameterValue"},
		{"attribute type", "SendMessage", &sendMessageInput{q, sendEntry{MessageBody: text("x"), MessageAttributes: map[string]attribute{"a": {DataType: "Date"}}}}, "InvalidParameterValue"},
		{"reserved attribute name", "SendMessage", &sendMessageInput{q, sendEntry{MessageBody: text("x"), MessageAttributes: map[string]attribute{"aws.x": {DataType: "String", StringValue: text("1")}}}}, "InvalidParameterValue"},
		{"attribute name with two periods", "SendMessage", &sendMessageInput{q, sendEntry{MessageBody: text("x"), MessageAttributes: map[string]attribute{"a..b": {DataType: "String", StringValue: text("1")}}}}, "InvalidParameterValue"},
		{"attribute that is no number", "SendMessage", &sendMessageInput{q, sendEntry{MessageBody: text("x"), MessageAttributes: map[string]attribute{"n": {DataType: "Number.int", StringValue: text("0x1f")}}}}, "InvalidParameterValue"},
		{"attribute with too many digits", "SendMessage", &sendMessageInput{q, sendEntry{MessageBody: text("x"), MessageAttributes: map[string]attribute{"n": {DataType: "Number", StringValue: text(strings.Repeat("1", 39))}}}}, "InvalidParameterValue"},
		{"too many messages", "ReceiveMessage", &receiveMessageInput{target: q, MaxNumberOfMessages: number(11)}, "InvalidParameterValue"},
		{"too long a wait", "ReceiveMessage", &receiveMessageInput{target: q, WaitTimeSeconds: number(21)}, "InvalidParameterValue"},
		{"bad receipt", "DeleteMessage", &deleteMessageInput{q, "bm9wZQ=="}, "ReceiptHandleIsInvalid"},
		{"empty batch", "SendMessageBatch", &sendMessageBatchInput{target: q}, "AWS.SimpleQueueService.EmptyBatchRequest"},
		{"big batch", "DeleteMessageBatch", &deleteMessageBatchInput{q, make([]deleteBatchEntry, 11)}, "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"},
		{"same id", "DeleteMessageBatch", &deleteMessageBatchInput{q, []deleteBatchEntry{{Id: "a"}, {Id: "a"}}}, "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"},
		{"bad id", "DeleteMessageBatch", &deleteMessageBatchInput{q, []deleteBatchEntry{{Id: "a b"}}}, "AWS.SimpleQueueService.InvalidBatchEntryId"},
		{"unknown attribute", "GetQueueAttributes", &getQueueAttributesInput{q, []string{"Colour"}}, "InvalidAttributeName"},
		{"retention", "SetQueueAttributes", &setQueueAttributesInput{q, map[string]string{"MessageRetentionPeriod": "59"}}, "InvalidAttributeValue"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if _, err := f.call(t.Context(), tc.operation, tc.in); codeOf(err) != tc.want {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}
