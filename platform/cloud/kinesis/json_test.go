package kinesis

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// sameAsLibrary checks that a hand-written encoding means what encoding/json's does.
func sameAsLibrary(t *rapid.T, fast []byte, value any) {
	slow, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var a, b any
	if err := json.Unmarshal(fast, &a); err != nil {
		t.Fatalf("%v in %s", err, fast)
	}
	if err := json.Unmarshal(slow, &b); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Fatalf("hand-written %s\nlibrary      %s", fast, slow)
	}
}

func TestAppendJSONMatchesTheLibrary(t *testing.T) {
	t.Parallel()
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z0-9]{0,8}`), rapid.Just(""))
	rapid.Check(t, func(t *rapid.T) {
		put := &PutRecordsOutput{
			FailedRecordCount: rapid.IntRange(0, 500).Draw(t, "failed"),
			EncryptionType:    text.Draw(t, "encryption"),
			Records: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) PutRecordsResult {
				return PutRecordsResult{text.Draw(t, "number"), text.Draw(t, "shard"), text.Draw(t, "code"), text.Draw(t, "message")}
			}), 0, 5).Draw(t, "results"),
		}
		if put.Records == nil {
			put.Records = []PutRecordsResult{}
		}
		sameAsLibrary(t, put.AppendJSON(nil), put)

		records := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) DataRecord {
			return DataRecord{
				SequenceNumber: text.Draw(t, "number"), PartitionKey: text.Draw(t, "key"), EncryptionType: text.Draw(t, "encryption"),
				ApproximateArrivalTimestamp: wire.Timestamp{Time: time.UnixMilli(rapid.Int64Range(-5000, 1<<42).Draw(t, "arrival"))},
				Data:                        append([]byte{}, rapid.SliceOf(rapid.Byte()).Draw(t, "data")...),
			}
		}), 1, 5).Draw(t, "records")
		get := &GetRecordsOutput{Records: records, MillisBehindLatest: rapid.Int64().Draw(t, "behind")}
		event := &SubscribeToShardEvent{Records: records, MillisBehindLatest: get.MillisBehindLatest}
		if rapid.Bool().Draw(t, "next") {
			get.NextShardIterator = ptr(text.Draw(t, "next"))
			event.ContinuationSequenceNumber = get.NextShardIterator
		} else {
			get.ChildShards = []ChildShard{{ShardID: "a", ParentShards: []string{"b"}}}
			event.ChildShards = get.ChildShards
		}
		sameAsLibrary(t, get.AppendJSON(nil), get)
		sameAsLibrary(t, event.AppendJSON(nil), event)
	})
}

func TestReadJSONTakesThePlainForm(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		`{"Records":[{"Data":"YWI=","PartitionKey":"k"},{"PartitionKey":"ü","ExplicitHashKey":"5","Data":""}],"StreamName":"s"}`: true,
		` { "StreamARN" : "a" , "Records" : [ ] } `: true,
		`{}`:                                        true,
		`{"StreamName":"s","DryRun":true}`:          false,
		`{"StreamName":"a\u0062"}`:                  false,
		`{"StreamName":null}`:                       false,
		`{"StreamName":"s"} x`:                      false,
		`{"StreamName":"s",}`:                       false,
		`{"Records":[{"Data":"YW"}]}`:               false,
		`{"Records":[{"Data":"YWI=` + "\n" + `"}]}`: false,
		`{"Records":[`:                              false,
		`{"Records":{}}`:                            false,
		`[`:                                         false,
		``:                                          false,
	} {
		var in PutRecordsInput
		if got := in.ReadJSON([]byte(body)); got != want {
			t.Errorf("%s: read %t, want %t", body, got, want)
		}
	}
}

// FuzzReadJSON checks that the fast reader agrees with encoding/json wherever
// it does not give up.
func FuzzReadJSON(f *testing.F) {
	f.Add([]byte(`{"Records":[{"Data":"YWI=","PartitionKey":"k"},{"PartitionKey":"ü","ExplicitHashKey":"5","Data":""}],"StreamName":"s"}`))
	f.Add([]byte(`{"Records":[{"Data":"YWI=\n","PartitionKey":"\u00e4"}],"Records":[]}`))
	f.Add([]byte("{\"StreamName\":\"\xff\"}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		var fast, slow PutRecordsInput
		if !fast.ReadJSON(body) {
			if !reflect.DeepEqual(fast, PutRecordsInput{}) {
				t.Fatal("a reader that gave up left something behind")
			}
			return
		}
		if err := json.Unmarshal(body, &slow); err != nil {
			t.Fatalf("encoding/json refuses what the fast reader took: %v", err)
		}
		if !reflect.DeepEqual(fast, slow) {
			t.Fatalf("fast %+v\nslow %+v", fast, slow)
		}
	})
}
