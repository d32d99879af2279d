package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskinesis "github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestPeekShowsATopic(t *testing.T) {
	t.Parallel()
	c := newTopicCloud(t, "events")
	hour := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	c.put(
		&kgo.Record{Topic: "events", Partition: 0, Timestamp: hour(0), Key: []byte("k"), Value: c.avroValue("events", "anna"), Headers: []kgo.RecordHeader{{Key: "src", Value: []byte("3")}, {Key: "wm", Value: []byte{0, 1}}}},
		&kgo.Record{Topic: "events", Partition: 0, Timestamp: hour(1), Key: []byte("k")},
		&kgo.Record{Topic: "events", Partition: 0, Timestamp: hour(2), Value: []byte("plain \"text\"")},
		&kgo.Record{Topic: "events", Partition: 1, Timestamp: hour(3), Key: []byte{0xff}, Value: []byte{0, 0, 0, 9, 9, 1}},
		&kgo.Record{Topic: "events", Partition: 1, Timestamp: hour(4), Key: []byte("two words"), Value: []byte(`{"n":1}`)},
	)
	const last = `1/1  2026-01-01T16:00:00.000Z  "two words"
  {
    "n": 1
  }
`
	c.prints("peek events --no-follow", `0/0  2026-01-01T12:00:00.000Z  k  schema 1  src=3  wm=0x0001
  {
    "who": "anna",
    "at": "2026-01-01T12:00:00.000Z"
  }
0/1  2026-01-01T13:00:00.000Z  k
  (no value)
0/2  2026-01-01T14:00:00.000Z  (no key)
  plain "text"
1/0  2026-01-01T15:00:00.000Z  0xff
  00000000  00 00 00 09 09 01                                 |......|
  (the schema registry has no schema 2313)
`+last)
	c.prints("peek events --no-follow --json", `{"topic":"events","partition":0,"offset":0,"timestamp":"2026-01-01T12:00:00Z","key":"k","headers":[{"key":"src","value":"3"},{"key":"wm","value":"\u0000\u0001"}],"schema":1,"data":{"who":"anna","at":"2026-01-01T12:00:00.000Z"}}
{"topic":"events","partition":0,"offset":1,"timestamp":"2026-01-01T13:00:00Z","key":"k","noValue":true}
{"topic":"events","partition":0,"offset":2,"timestamp":"2026-01-01T14:00:00Z","text":"plain \"text\""}
{"topic":"events","partition":1,"offset":0,"timestamp":"2026-01-01T15:00:00Z","keyBase64":"/w==","text":"\u0000\u0000\u0000\t\t\u0001","undecoded":"the schema registry has no schema 2313"}
{"topic":"events","partition":1,"offset":1,"timestamp":"2026-01-01T16:00:00Z","key":"two words","data":{"n":1}}
`)
	c.prints("peek events --no-follow --from 2026-01-01T15:30:00Z", last)
	c.prints("peek events --partition 1 --from 1 --limit 1", last)
	c.prints("peek events --partition 1 --from 1 --limit 1 --raw", "{\"n\":1}\n")
	c.prints("peek events --partition 0 --from earliest --no-follow --limit 1 --raw", string(c.avroValue("events", "anna"))+"\n")
	c.refuses("peek events --partition 2", "--partition 2: the topic has partitions 0 to 1")
	c.refuses("peek events --partition 0 --from 3 --no-follow", "--from 3: partition 0 holds offsets 0 to 2")
	c.refuses("peek events --partition 0 --from 4", "--from 4: partition 0 holds offsets 0 to 2")
	c.refuses("peek event", `no stream and no topic "event"; of streams there is none yet; of topics there are events`)
	c.refuses("peek event --kafka", `no topic "event" at 127.0.0.1:`, "there are events")
	c.refuses("peek events --kinesis", `no stream "events" at http://127.0.0.1:`)
}

func TestPeekTellsAStreamFromATopic(t *testing.T) {
	t.Parallel()
	c := newTopicCloud(t, "both", "topic")
	kinesis := awskinesis.NewFromConfig(baseConfig("us-east-1", c.endpoint, nil))
	for _, name := range []string{"both", "stream"} {
		must(t)(kinesis.CreateStream(t.Context(), &awskinesis.CreateStreamInput{StreamName: aws.String(name), ShardCount: aws.Int32(1)}))
		waiter := awskinesis.NewStreamExistsWaiter(kinesis, func(o *awskinesis.StreamExistsWaiterOptions) {
			o.MinDelay, o.MaxDelay = 50*time.Millisecond, 50*time.Millisecond
		})
		must(t)(nil, waiter.Wait(t.Context(), &awskinesis.DescribeStreamInput{StreamName: aws.String(name)}, time.Minute))
		must(t)(kinesis.PutRecord(t.Context(), &awskinesis.PutRecordInput{StreamName: aws.String(name), PartitionKey: aws.String("k"), Data: []byte("of a stream")}))
	}
	c.put(&kgo.Record{Topic: "both", Value: []byte("of a topic")}, &kgo.Record{Topic: "topic", Value: []byte("of a topic")})
	c.prints("peek stream --no-follow --raw", "of a stream\n")
	c.prints("peek topic --no-follow --raw", "of a topic\n")
	c.refuses("peek both --no-follow", "both is a stream and a topic; say --kinesis or --kafka")
	c.prints("peek both --no-follow --raw --kinesis", "of a stream\n")
	c.prints("peek both --no-follow --raw --shard shardId-000000000000", "of a stream\n")
	c.prints("peek both --no-follow --raw --kafka", "of a topic\n")
	c.prints("peek both --no-follow --raw --partition 0", "of a topic\n")
}

func TestPeekShowsWhatIsCommitted(t *testing.T) {
	t.Parallel()
	c := newTopicCloud(t, "events")
	client := c.client(kgo.TransactionalID("t"))
	txn := func(text string, end kgo.TransactionEndTry) {
		must(t)(nil, client.BeginTransaction())
		must(t)(nil, client.ProduceSync(t.Context(), &kgo.Record{Topic: "events", Value: []byte(text)}).FirstErr())
		must(t)(nil, client.EndTransaction(t.Context(), end))
	}
	txn("one", kgo.TryCommit)
	txn("aborted", kgo.TryAbort)
	txn("two", kgo.TryCommit)
	c.prints("peek events --no-follow --raw", "one\ntwo\n")
	c.prints("peek events --raw --limit 2", "one\ntwo\n")
	c.prints("peek events --no-follow --raw --uncommitted", "one\naborted\ntwo\n")
	c.prints("peek events --raw --uncommitted --limit 3", "one\naborted\ntwo\n")

	must(t)(nil, client.BeginTransaction())
	must(t)(nil, client.ProduceSync(t.Context(), &kgo.Record{Topic: "events", Value: []byte("open")}).FirstErr())
	code, stdout, stderr := c.weir("peek events --no-follow --raw")
	if code != exitPass || stdout != "one\ntwo\n" || !strings.Contains(stderr, "partition 0: offsets 6 to 6 wait for the end of a transaction") {
		t.Errorf("exit code %d, %q, %s", code, stdout, stderr)
	}
	must(t)(nil, client.EndTransaction(t.Context(), kgo.TryAbort))
}

// TestPeekFollowsAndEndsCleanly follows two partitions until Ctrl-C.
func TestPeekFollowsAndEndsCleanly(t *testing.T) {
	t.Parallel()
	c := newTopicCloud(t, "events")
	c.put(&kgo.Record{Topic: "events", Value: []byte("before")})
	p := start(t, "peek", "events", "--json", "--endpoint", c.endpoint)
	p.waitFor(`"text":"before"`)
	for n := range 4 {
		c.put(&kgo.Record{Topic: "events", Partition: int32(n % 2), Value: fmt.Appendf(nil, `{"n":%d}`, n)})
		var line struct {
			Partition int32
			Data      struct{ N int }
		}
		text := p.waitFor(`.*`)
		if err := json.Unmarshal([]byte(text), &line); err != nil || line.Partition != int32(n%2) || line.Data.N != n {
			t.Errorf("%d: %s, %v", n, text, err)
		}
	}
	p.interrupt()
	if code := p.exit(); code != exitPass {
		t.Errorf("exit code %d", code)
	}
}

// TestTopicsAreFoundByEnvironment leaves the endpoint out: another target.
func TestTopicsAreFoundByEnvironment(t *testing.T) {
	c := newTopicCloud(t, "events")
	c.put(&kgo.Record{Topic: "events", Timestamp: noon, Value: c.avroValue("events", "anna")})
	set := func(seeds, user, password, registry string) {
		t.Setenv(brokersVar, seeds)
		t.Setenv(userVar, user)
		t.Setenv(passwordVar, password)
		t.Setenv(registryVar, registry)
		t.Setenv(registryUserVar, user)
		t.Setenv(registryPasswordVar, password)
	}
	seeds := strings.Join(c.cluster.Seeds, ",")
	endpoint := c.endpoint
	c.endpoint = "http://127.0.0.1:1"
	set(seeds, "test", "test", c.registry)
	c.prints("peek events --no-follow", "0/0  2026-01-01T12:00:00.000Z  (no key)  schema 1\n  {\n    \"who\": \"anna\",\n    \"at\": \"2026-01-01T12:00:00.000Z\"\n  }\n")
	c.refuses("peek event", `no topic "event"`, "whether it is a stream is not known", "nothing answers")
	set(seeds, "test", "test", "http://127.0.0.1:1")
	code, stdout, _ := c.weir("peek events --no-follow")
	if code != exitPass || !strings.Contains(stdout, "|......anna") || !strings.Contains(stdout, "(the schema registry does not answer: ") {
		t.Errorf("exit code %d, %s", code, stdout)
	}
	set("127.0.0.1:1", "test", "test", "")
	c.refuses("dlq list", "no Kafka broker answers at 127.0.0.1:1; "+brokersVar)
	c.refuses("peek events", "no Kafka broker answers at 127.0.0.1:1", "nothing answers there")
	c.endpoint = endpoint
	set(seeds, "test", "wrong", "")
	c.refuses("dlq list", `refuse user "test"; KAFKA_USER and KAFKA_PASSWORD name another`)
	set("nonsense", "", "", "")
	c.refuses("dlq list", brokersVar, `"nonsense"`, "HOST:PORT")
	if os.Getenv(brokersVar) == "" {
		t.Fatal("the environment is not the test's")
	}
}
