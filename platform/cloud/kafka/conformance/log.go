package conformance

import (
	"fmt"
	"hash/crc32"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// records come back as they were sent, whatever the codec.
func (s *suite) records(t *testing.T) {
	topic := s.topic(t, 1, nil)
	codecs := map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}
	at := time.Now().Add(-time.Minute).Truncate(time.Millisecond)
	for name, codec := range codecs {
		r := record(topic, "key", name)
		r.Headers, r.Timestamp = []kgo.RecordHeader{{Key: "h", Value: []byte{0, 255}}, {Key: "h"}}, at
		send(t, s.dial(t, kgo.ProducerBatchCompression(codec)), r, &kgo.Record{Topic: topic, Timestamp: at})
	}
	got := read(t, s.dial(t, kgo.ConsumeTopics(topic)), 2*len(codecs))
	for i, r := range got {
		switch {
		case r.Offset != int64(i) || !r.Timestamp.Equal(at):
			t.Errorf("record %d has offset %d and time %s", i, r.Offset, r.Timestamp)
		case i%2 == 1 && (r.Key != nil || r.Value != nil || len(r.Headers) > 0):
			t.Errorf("the record of nothing is %+v", r)
		case i%2 == 0 && (string(r.Key) != "key" || codecs[string(r.Value)] == kgo.CompressionCodec{} && string(r.Value) != "none" || len(r.Headers) != 2 || r.Headers[0].Value[1] != 255):
			t.Errorf("record %d is %+v", i, r)
		}
	}
}

// idempotence: a batch that is sent again is answered with its first offset and
// not written; one that leaves a gap is refused.
func (s *suite) idempotence(t *testing.T) {
	topic := s.topic(t, 1, nil)
	client := s.dial(t)
	begin := kmsg.NewPtrInitProducerIDRequest()
	id, err := begin.RequestWith(t.Context(), client)
	if err != nil || id.ErrorCode != 0 {
		t.Fatal(err, kerr.ErrorForCode(id.ErrorCode))
	}
	for _, step := range []struct {
		name     string
		sequence int32
		offset   int64
		refusal  *kerr.Error
	}{
		{"first", 0, 0, nil},
		{"second", 1, 1, nil},
		{"first again", 0, 0, nil},
		{"gap", 7, 0, kerr.OutOfOrderSequenceNumber},
		{"third", 2, 2, nil},
	} {
		answer, err := sendRaw(t, client, topic, id, step.sequence)
		if err != nil {
			t.Fatal(err)
		}
		switch code := kerr.ErrorForCode(answer.ErrorCode); {
		case step.refusal != nil && !isAny(code, step.refusal):
			t.Errorf("%s: %v, want %v", step.name, code, step.refusal)
		case step.refusal == nil && (code != nil || answer.BaseOffset != step.offset):
			t.Errorf("%s: %v at %d, want %d", step.name, code, answer.BaseOffset, step.offset)
		}
	}
	if got := read(t, s.dial(t, kgo.ConsumeTopics(topic)), 3); len(got) != 3 {
		t.Errorf("%d records", len(got))
	}
}

// sendRaw sends one record with a sequence number of the test's choice.
func sendRaw(t *testing.T, client *kgo.Client, topic string, id *kmsg.InitProducerIDResponse, sequence int32) (kmsg.ProduceResponseTopicPartition, error) {
	t.Helper()
	r := kmsg.Record{Value: fmt.Append(nil, sequence)}
	r.Length = int32(len(r.AppendTo(nil)) - 1) // its own length takes one byte
	batch := kmsg.RecordBatch{
		PartitionLeaderEpoch: -1, Magic: 2, FirstTimestamp: time.Now().UnixMilli(), MaxTimestamp: time.Now().UnixMilli(),
		ProducerID: id.ProducerID, ProducerEpoch: id.ProducerEpoch, FirstSequence: sequence, NumRecords: 1, Records: r.AppendTo(nil),
	}
	batch.Length = int32(len(batch.AppendTo(nil)) - 12)
	batch.CRC = int32(crc32.Checksum(batch.AppendTo(nil)[21:], crc32.MakeTable(crc32.Castagnoli)))
	request := kmsg.NewPtrProduceRequest()
	request.Acks, request.TimeoutMillis = -1, 10_000
	part := kmsg.NewProduceRequestTopicPartition()
	part.Records = batch.AppendTo(nil)
	wanted := kmsg.NewProduceRequestTopic()
	wanted.Topic, wanted.Partitions = topic, []kmsg.ProduceRequestTopicPartition{part}
	topics, err := kadm.NewClient(client).ListTopics(t.Context(), topic)
	if err != nil {
		return kmsg.ProduceResponseTopicPartition{}, err
	}
	wanted.TopicID = topics[topic].ID
	request.Topics = []kmsg.ProduceRequestTopic{wanted}
	answer, err := request.RequestWith(t.Context(), client.Broker(int(topics[topic].Partitions[0].Leader)))
	if err != nil {
		return kmsg.ProduceResponseTopicPartition{}, err
	}
	return answer.Topics[0].Partitions[0], nil
}

// offsets are found by time, and deleted records are gone.
func (s *suite) offsets(t *testing.T) {
	topic := s.topic(t, 1, nil)
	client := s.dial(t)
	admin := kadm.NewClient(client)
	at := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	for i := range 10 {
		r := record(topic, "k", fmt.Sprint(i))
		r.Timestamp = at.Add(time.Duration(i) * time.Minute)
		send(t, client, r)
	}
	after, err := admin.ListOffsetsAfterMilli(t.Context(), at.Add(4*time.Minute).UnixMilli(), topic)
	if found, _ := after.Lookup(topic, 0); err != nil || found.Offset != 4 {
		t.Errorf("by time: %+v, %v", found, err)
	}
	upTo := make(kadm.Offsets)
	upTo.AddOffset(topic, 0, 6, -1)
	if _, err := admin.DeleteRecords(t.Context(), upTo); err != nil {
		t.Fatal(err)
	}
	if got := valuesOf(read(t, s.dial(t, kgo.ConsumeTopics(topic)), 4)); !slices.Equal(got, []string{"6", "7", "8", "9"}) {
		t.Errorf("after the deletion: %v", got)
	}
}

// compaction keeps every key's last value and takes the earlier ones.
func (s *suite) compaction(t *testing.T) {
	if s.Compact == nil {
		t.Skip("this target compacts when it pleases")
	}
	topic := s.topic(t, 1, map[string]*string{"cleanup.policy": kadm.StringPtr("compact")})
	client := s.dial(t)
	for i := range 30 {
		send(t, client, record(topic, fmt.Sprint("k", i%3), fmt.Sprint(i)))
	}
	s.Compact()
	got := valuesOf(read(t, s.dial(t, kgo.ConsumeTopics(topic)), 3))
	if len(got) > 4 || !slices.Equal(got[len(got)-3:], []string{"27", "28", "29"}) {
		t.Errorf("compacted to %v", got)
	}
}
