package kinesis

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// items joins CBOR written as hex digits and, in quotes, short texts.
func items(t testing.TB, parts ...string) []byte {
	t.Helper()
	var b []byte
	for _, part := range parts {
		if text, quoted := strings.CutPrefix(part, "'"); quoted {
			b = appendText(b, text)
			continue
		}
		raw, err := hex.DecodeString(strings.ReplaceAll(part, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, raw...)
	}
	return b
}

// TestReadGetRecords holds every form that a reply may have, also those that
// this repository's cloud does not write.
func TestReadGetRecords(t *testing.T) {
	t.Parallel()
	whole := items(t, "a4", "'Records", "81", "a5", "'SequenceNumber", "'49", "'PartitionKey", "'k", "'Data", "43 010203",
		"'ApproximateArrivalTimestamp", "c1 1b 0000018bcfe56800", "'EncryptionType", "'KMS",
		"'NextShardIterator", "'it", "'MillisBehindLatest", "18 2a",
		"'ChildShards", "81", "a3", "'ShardId", "'s1", "'ParentShards", "81", "'s0",
		"'HashKeyRange", "a2", "'StartingHashKey", "'0", "'EndingHashKey", "'9")
	streamed := items(t, "bf", "'Extra", "9f a1 61 78 f6 ff", "'Records", "9f", "bf", "'SequenceNumber", "7f 61 34 61 39 ff",
		"'PartitionKey", "'k", "'Data", "5f 41 01 42 0203 ff", "'ApproximateArrivalTimestamp", "c1 fb 41d954fc40000000",
		"'EncryptionType", "'KMS", "'More", "38 05", "ff", "ff", "'NextShardIterator", "'it", "'MillisBehindLatest", "18 2a",
		"'ChildShards", "9f", "a3", "'ShardId", "'s1", "'ParentShards", "9f", "'s0", "ff",
		"'HashKeyRange", "bf", "'StartingHashKey", "'0", "'EndingHashKey", "'9", "'Width", "f5", "ff", "ff", "ff")
	for name, body := range map[string][]byte{"sized": whole, "streamed": streamed} {
		var out kinesis.GetRecordsOutput
		if err := readGetRecords(body, &out); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(out.Records) != 1 || len(out.ChildShards) != 1 {
			t.Errorf("%s: %d records, %d children", name, len(out.Records), len(out.ChildShards))
			continue
		}
		r, c := out.Records[0], out.ChildShards[0]
		got := fmt.Sprint(*r.SequenceNumber, *r.PartitionKey, string(r.Data), r.ApproximateArrivalTimestamp.UnixMilli(), r.EncryptionType,
			*out.NextShardIterator, *out.MillisBehindLatest, *c.ShardId, c.ParentShards, *c.HashKeyRange.StartingHashKey, *c.HashKeyRange.EndingHashKey)
		if want := fmt.Sprint("49", "k", "\x01\x02\x03", 1700000000000, types.EncryptionTypeKms, "it", 42, "s1", []string{"s0"}, "0", "9"); got != want {
			t.Errorf("%s: %s\nwant %s", name, got, want)
		}
	}
	for cut := range whole {
		var out kinesis.GetRecordsOutput
		if err := readGetRecords(whole[:cut], &out); !errors.Is(err, errCBOR) {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
	for name, body := range map[string][]byte{
		"no map": items(t, "80"), "length beyond": items(t, "a1", "'Records", "9b 7fffffffffffffff"),
		"text for a list": items(t, "a1", "'Records", "'x"), "too deep": items(t, "a1", "'x", strings.Repeat("81", 100)),
		"more behind": append(whole[:len(whole):len(whole)], 0), "reserved": items(t, "a1", "'x", "1c"),
	} {
		var out kinesis.GetRecordsOutput
		if err := readGetRecords(body, &out); !errors.Is(err, errCBOR) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReadGetRecords(f *testing.F) {
	f.Add(items(f, "a1", "'Records", "81", "a1", "'Data", "43 010203"))
	f.Add(items(f, "bf", "'Records", "9f", "bf", "'Data", "5f 41 01 ff", "ff", "ff", "ff"))
	f.Fuzz(func(t *testing.T, body []byte) {
		var out kinesis.GetRecordsOutput
		if readGetRecords(body, &out) == nil && len(out.Records) > len(body) {
			t.Fatalf("%d records out of %d bytes", len(out.Records), len(body))
		}
	})
}

// TestPutRecordsInCBOR reads what is written with the reader of replies.
func TestPutRecordsInCBOR(t *testing.T) {
	t.Parallel()
	data := make([]byte, 70_000)
	in := &kinesis.PutRecordsInput{StreamARN: aws.String("arn:x"), Records: []types.PutRecordsRequestEntry{
		{Data: data, PartitionKey: aws.String(strings.Repeat("k", 256)), ExplicitHashKey: aws.String("7")},
		{Data: []byte{}, PartitionKey: aws.String("é")},
	}}
	body := appendPutRecords(make([]byte, 0, putRecordsBytes(in)), in)
	if len(body) > putRecordsBytes(in) {
		t.Errorf("%d bytes, foreseen %d", len(body), putRecordsBytes(in))
	}
	var got []string
	s := &cborScan{rest: body}
	s.object(func(name string) {
		if name != "Records" {
			got = append(got, name+"="+*s.text())
			return
		}
		s.list(func() {
			s.object(func(name string) {
				if name == "Data" {
					got = append(got, fmt.Sprint(len(s.chunks(cborBytes))))
					return
				}
				got = append(got, name+"="+*s.text())
			})
		})
	})
	want := []string{"StreamARN=arn:x", "70000", "PartitionKey=" + strings.Repeat("k", 256), "ExplicitHashKey=7", "0", "PartitionKey=é"}
	if s.err != nil || len(s.rest) > 0 || strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%v, %d bytes left, got %v", s.err, len(s.rest), got)
	}
}

func TestPlaceCacheIsNeverWrong(t *testing.T) {
	t.Parallel()
	c := placeCache{size: 64}
	for round := range 2 {
		for i := range 3 * 64 { // so that keys push each other out
			r := &Record{PartitionKey: fmt.Sprint("key", i)}
			if got := c.of(r); got != hashOf(r.PartitionKey) {
				t.Fatalf("round %d: %s is at %v", round, r.PartitionKey, got)
			}
			if key, where := c.known([]byte(r.PartitionKey)); key != r.PartitionKey || where != hashOf(key) {
				t.Fatalf("round %d: %s received is %q at %v", round, r.PartitionKey, key, where)
			}
		}
	}
	if got := c.of(&Record{PartitionKey: "key1", ExplicitHashKey: "5"}); got != (hashKey{lo: 5}) {
		t.Errorf("an explicit hash key is at %v", got)
	}
	if key, where := c.known([]byte("a\xff")); key != "a\uFFFD" || where != hashOf(key) {
		t.Errorf("a key that is no UTF-8 is %q", key)
	}
}
