package kinesis

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// throughBoth decodes value's JSON and its CBOR into two new values.
func throughBoth[T any](t *rapid.T, value *T) (viaJSON, viaCBOR *T) {
	viaJSON, viaCBOR = new(T), new(T)
	protocol := wire.Protocol{Kind: wire.JSON, TargetPrefix: "Kinesis_20131202", JSONVersion: "1.1"}
	body, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if err := wire.CodecFor(protocol, "application/x-amz-json-1.1").Decode(&wire.Call{Body: body}, nil, viaJSON); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	codec := wire.CodecFor(protocol, "application/x-amz-cbor-1.1")
	reply, err := codec.Encode(nil, value)
	if err != nil {
		t.Fatal(err)
	}
	if reply.ContentType != "application/x-amz-cbor-1.1" {
		t.Fatalf("the reply to CBOR is %s", reply.ContentType)
	}
	if err := codec.Decode(&wire.Call{Body: reply.Body}, nil, viaCBOR); err != nil {
		t.Fatalf("%x: %v", reply.Body, err)
	}
	return viaJSON, viaCBOR
}

func sameBothWays[T any](t *rapid.T, value *T) {
	if viaJSON, viaCBOR := throughBoth(t, value); !reflect.DeepEqual(viaJSON, viaCBOR) {
		t.Fatalf("through JSON %+v\nthrough CBOR %+v", viaJSON, viaCBOR)
	}
}

// TestCBORMeansWhatJSONMeans sends real inputs and outputs both ways.
func TestCBORMeansWhatJSONMeans(t *testing.T) {
	t.Parallel()
	text := rapid.String()
	maybe := rapid.Ptr(text, true)
	blob := rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) []byte { return append([]byte{}, b...) })
	instant := rapid.Map(rapid.Int64Range(0, 1<<42), func(ms int64) wire.Timestamp { return wire.Timestamp{Time: time.UnixMilli(ms)} })
	rapid.Check(t, func(t *rapid.T) {
		sameBothWays(t, &PutRecordsInput{
			StreamRef: StreamRef{StreamName: maybe.Draw(t, "name"), StreamARN: maybe.Draw(t, "arn")},
			DryRun:    rapid.Ptr(rapid.Bool(), true).Draw(t, "dry"),
			Records: rapid.SliceOf(rapid.Custom(func(t *rapid.T) PutRecordsEntry {
				return PutRecordsEntry{blob.Draw(t, "data"), maybe.Draw(t, "key"), maybe.Draw(t, "hash")}
			})).Draw(t, "records"),
		})
		sameBothWays(t, &GetRecordsOutput{
			NextShardIterator: maybe.Draw(t, "next"), MillisBehindLatest: rapid.Int64().Draw(t, "behind"),
			ChildShards: []ChildShard{{ShardID: text.Draw(t, "child"), ParentShards: rapid.SliceOf(text).Draw(t, "parents")}},
			Records: rapid.SliceOf(rapid.Custom(func(t *rapid.T) DataRecord {
				return DataRecord{text.Draw(t, "number"), instant.Draw(t, "arrival"), blob.Draw(t, "data"), text.Draw(t, "key"), text.Draw(t, "encryption")}
			})).Draw(t, "records"),
		})
		at := instant.Draw(t, "at")
		sameBothWays(t, &GetShardIteratorInput{StreamRef: StreamRef{StreamID: maybe.Draw(t, "id")}, ShardID: maybe.Draw(t, "shard"), Timestamp: &at})
		sameBothWays(t, &AddTagsToStreamInput{Tags: rapid.MapOf(text, text).Draw(t, "tags")})
	})
}

// A blob is the request's own bytes: large records are not copied on the way in.
func TestCBORSharesBlobs(t *testing.T) {
	t.Parallel()
	body, err := wire.AppendCBOR(nil, &PutRecordInput{Data: []byte("before")})
	if err != nil {
		t.Fatal(err)
	}
	var in PutRecordInput
	if err := wire.CodecFor(wire.Protocol{}, "application/x-amz-cbor-1.1").Decode(&wire.Call{Body: body}, nil, &in); err != nil {
		t.Fatal(err)
	}
	copy(body[bytes.Index(body, []byte("before")):], "after!")
	if string(in.Data) != "after!" {
		t.Errorf("the blob is a copy: %q", in.Data)
	}
}
