package kinesis

import (
	"testing"
	"time"
)

// Numbers from the far future cannot have come from the stream.
func TestOrderingAfterTheFuture(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		if _, err := call[any](b, "CreateStream", &CreateStreamInput{StreamName: ptr("s"), ShardCount: ptr(1)}); err != nil {
			b.Fatal(err)
		}
		time.Sleep(time.Minute)
		now := b.now().Unix()
		for name, tc := range map[string]struct {
			after sequence
			want  string
		}{
			"now":                  {sequence{createdSecond: now, counter: 1, putSecond: now}, ""},
			"before a set-back":    {sequence{createdSecond: now, counter: 1, putSecond: now + 3600}, ""},
			"put in the future":    {sequence{createdSecond: now, counter: 1, putSecond: now + 48*3600}, codeInvalidArgument},
			"a shard to come":      {sequence{createdSecond: now + 48*3600, counter: 1, putSecond: now}, codeInvalidArgument},
			"as far as it can get": {sequence{createdSecond: 1<<secondBits - 1, counter: endCounter, putSecond: 1<<31 - 1}, codeInvalidArgument},
		} {
			_, err := call[*PutRecordOutput](b, "PutRecord", &PutRecordInput{
				StreamRef: named("s"), PartitionKey: ptr("k"), Data: []byte("x"), SequenceNumberForOrdering: ptr(tc.after.String()),
			})
			if code(err) != tc.want {
				b.Errorf("%s: %v, want %q", name, err, tc.want)
			}
		}
	})
}
