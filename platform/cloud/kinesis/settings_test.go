package kinesis

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

func TestEncryptionLimitsAndKeys(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.stream("s", 1)
		set := func(operation, kind, key string) error {
			_, err := call[any](b, operation, &EncryptionInput{StreamRef: named("s"), EncryptionType: &kind, KeyID: &key})
			time.Sleep(time.Second)
			return err
		}
		const (
			start, stop = "StartStreamEncryption", "StopStreamEncryption"
			guid        = "12345678-1234-1234-1234-123456789abc"
		)
		for key, want := range map[string]string{
			"alias/aws/kinesis": "", "alias/My-key_1": "", guid: "", "mrk-" + strings.Repeat("a", 32): "",
			"arn:aws:kms:us-east-1:123456789012:key/" + guid:       "",
			"arn:aws:kms:us-east-1:123456789012:alias/aws/kinesis": "",
			"arn:aws:kms:eu-west-1:123456789012:key/" + guid:       codeKMSNotFound,
			"arn:aws:kms:us-east-1:1234:key/" + guid:               codeKMSNotFound,
			"arn:aws:s3:us-east-1:123456789012:key/" + guid:        codeKMSNotFound,
			"alias/": codeKMSNotFound, "alias/a.b": codeKMSNotFound, guid + "0": codeKMSNotFound, "key": codeKMSNotFound,
			"": "ValidationException",
		} {
			b.want("key "+key, set(start, encryptionKMS, key), want)
		}
		b.want("type NONE", set(start, encryptionNone, guid), codeInvalidArgument)
		b.want("type AES", set(start, "AES", guid), "ValidationException")
		for range encryptionsMax - 6 { // six keys above were good
			b.must(set(start, encryptionKMS, guid))
		}
		b.want("26th start within 24 h", set(start, encryptionKMS, guid), codeLimit)
		b.must(set(stop, encryptionKMS, guid)) // counted apart
		time.Sleep(24 * time.Hour)
		b.must(set(start, encryptionKMS, guid))
	})
}

func TestEncryptionBeginsWhenActiveAgain(t *testing.T) {
	inBubble(t, Config{StatusDelay: time.Second}, func(b bench) {
		b.stream("s", 1)
		_, err := call[any](b, "StartStreamEncryption", &EncryptionInput{StreamRef: named("s"), EncryptionType: ptr(encryptionKMS), KeyID: ptr("alias/aws/kinesis")})
		b.must(err)
		if out, err := b.put("s", "k", []byte("0")); err != nil || out.EncryptionType != "" || b.status("s") != "UPDATING" {
			t.Errorf("while UPDATING: %+v %v", out, err)
		}
		b.settle()
		out, err := call[*PutRecordsOutput](b, "PutRecords", &PutRecordsInput{StreamRef: named("s"), Records: []PutRecordsEntry{{PartitionKey: ptr("k"), Data: []byte("1")}}})
		if err != nil || out.EncryptionType != encryptionKMS {
			t.Errorf("afterwards: %+v %v", out, err)
		}
		got, err := b.get(b.iterator("s", "shardId-0", trimHorizon))
		b.must(err)
		if len(got.Records) != 2 || got.Records[0].EncryptionType != "" || got.Records[1].EncryptionType != encryptionKMS {
			t.Errorf("records %+v", got.Records)
		}
	})
}

// TestMissingMembersOfSettings checks the constraints of the operations that
// change a stream's settings.
func TestMissingMembersOfSettings(t *testing.T) {
	t.Parallel()
	null := func(path string) string {
		return "Value null at '" + path + "' failed to satisfy constraint: Member must not be null"
	}
	for _, c := range []struct {
		in   wire.Validator
		want []string
	}{
		{&UpdateShardCountInput{}, []string{null("scalingType"), null("targetShardCount"), null("streamName")}},
		{&EncryptionInput{}, []string{null("encryptionType"), null("keyId"), null("streamName")}},
		{&MonitoringInput{}, []string{null("shardLevelMetrics"), null("streamName")}},
		{&UpdateStreamModeInput{}, []string{null("streamARN"), null("streamModeDetails")}},
		{&UpdateMaxRecordSizeInput{}, []string{null("streamARN"), null("maxRecordSizeInKiB")}},
		{&UpdateStreamWarmThroughputInput{}, []string{null("warmThroughputMiBps"), null("streamName")}},
		{&UpdateStreamRecordDistributionStrategyInput{}, []string{null("streamARN"), null("recordDistributionStrategy")}},
		{&TagResourceInput{}, []string{null("tags"), null("resourceARN")}},
		{&UntagResourceInput{}, []string{null("tagKeys"), null("resourceARN")}},
		{&ListTagsForResourceInput{}, []string{null("resourceARN")}},
		{&AddTagsToStreamInput{StreamRef: named("s"), Tags: map[string]string{"b": "2", "a": strings.Repeat("v", 257)}}, []string{
			"Value '{a=" + strings.Repeat("v", 257) + ", b=2}' at 'tags' failed to satisfy constraint: Map value must satisfy constraint: " +
				"[Member must have length less than or equal to 256, Member must have length greater than or equal to 0]",
		}},
		{&CreateStreamInput{StreamName: ptr("s"), ShardCount: ptr(1 << 40)}, []string{
			"Value '2147483647' at 'shardCount' failed to satisfy constraint: Member must have value less than or equal to 100000",
		}},
		{&PutRecordInput{StreamRef: named("s"), Data: []byte{}}, nil}, // the stream may be one that needs no key
	} {
		want := ""
		switch n := len(c.want); {
		case n == 1:
			want = "ValidationException: 1 validation error detected: " + c.want[0]
		case n > 1:
			want = fmt.Sprintf("ValidationException: %d validation errors detected: %s", n, strings.Join(c.want, "; "))
		}
		if got := errorText(c.in.Validate()); got != want {
			t.Errorf("%T\n got %s\nwant %s", c.in, got, want)
		}
	}
}
