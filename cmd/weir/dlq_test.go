package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/kafka"
)

// withLetters is a cloud with three dead letters of topic cabs and one foreign
// record among them.
func withLetters(t *testing.T) *topicCloud {
	t.Helper()
	c := newTopicCloud(t, "cabs", "cabs.dlq", "other", "other.dlq")
	bad := errors.New("boom")
	letter := func(n int64, cause error, value []byte, headers ...kgo.RecordHeader) *kgo.Record {
		at := noon.Add(time.Duration(n) * time.Second)
		origin := &kgo.Record{Topic: "cabs", Partition: 1, Offset: n, Key: []byte("cab-1"), Value: value, Headers: headers}
		l := kafka.NewDeadLetter(origin, cause, 1, at)
		l.Timestamp = at.Add(time.Minute)
		return l
	}
	c.put(
		letter(0, kafka.Permanent("avro-malformed", bad), c.avroValue("cabs", "anna"), kgo.RecordHeader{Key: "own", Value: []byte("x")}),
		letter(1, bad, []byte("\xff")),
		letter(2, kafka.Permanent("avro-malformed", errors.New("bang")), []byte(`{"n":2}`)),
		&kgo.Record{Topic: "cabs.dlq", Partition: 1, Timestamp: noon, Value: []byte("foreign")},
	)
	return c
}

const firstLetter = `0/0  2026-01-01T12:01:00.000Z  avro-malformed
  reason        avro-malformed: boom
  from          cabs partition 1 offset 0
  attempts      1, the first failed 2026-01-01T12:00:00.000Z
  key           cab-1
  header        own=x
  value         16 bytes, Avro of schema 1
  {
    "who": "anna",
    "at": "2026-01-01T12:00:00.000Z"
  }
`

func TestDLQList(t *testing.T) {
	t.Parallel()
	c := withLetters(t)
	const cabs = `cabs.dlq  4 letters, 0 of them replayed
  from cabs: 3
  from unknown: 1
  error class     letters  replayed                    oldest                    newest
  avro-malformed        2         0  2026-01-01T12:00:00.000Z  2026-01-01T12:00:02.000Z
  handler               1         0  2026-01-01T12:00:01.000Z  2026-01-01T12:00:01.000Z
  unknown               1         0  2026-01-01T12:00:00.000Z  2026-01-01T12:00:00.000Z
    1 × avro-malformed: bang
    1 × avro-malformed: boom
    1 × boom
    1 × (no reason given)
`
	c.prints("dlq list", cabs+"\nother.dlq  no letters\n")
	c.prints("dlq list cabs", cabs)
	c.prints("dlq list cabs.dlq --json", `{"topic":"cabs.dlq","letters":4,"replayed":0,"oldest":"2026-01-01T12:00:00Z","newest":"2026-01-01T12:00:02Z",`+
		`"origins":{"cabs":3,"unknown":1},"classes":[`+
		`{"class":"avro-malformed","letters":2,"replayed":0,"oldest":"2026-01-01T12:00:00Z","newest":"2026-01-01T12:00:02Z","reasons":[{"reason":"avro-malformed: bang","letters":1},{"reason":"avro-malformed: boom","letters":1}]},`+
		`{"class":"handler","letters":1,"replayed":0,"oldest":"2026-01-01T12:00:01Z","newest":"2026-01-01T12:00:01Z","reasons":[{"reason":"boom","letters":1}]},`+
		`{"class":"unknown","letters":1,"replayed":0,"oldest":"2026-01-01T12:00:00Z","newest":"2026-01-01T12:00:00Z","reasons":[{"reason":"","letters":1}]}]}`+"\n")
	c.refuses("dlq list cab", `no topic of dead letters "cab.dlq" at 127.0.0.1:`, "there are cabs.dlq, other.dlq")
}

func TestOneLetterIsALetter(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	(&letterTally{Topic: "cabs.dlq", letterCount: letterCount{Letters: 1}}).print(&out)
	if first, _, _ := strings.Cut(out.String(), "\n"); first != "cabs.dlq  1 letter, 0 of them replayed" {
		t.Error(first)
	}
}

func TestDLQShow(t *testing.T) {
	t.Parallel()
	c := withLetters(t)
	c.prints("dlq show cabs --partition 0 --offset 0", firstLetter)
	c.prints("dlq show cabs.dlq --reason boom --class avro-malformed", firstLetter)
	c.prints("dlq show cabs --partition 1 --json", `{"topic":"cabs.dlq","partition":1,"offset":0,"timestamp":"2026-01-01T12:00:00Z","text":"foreign","reason":"","errorClass":"","attempt":0,"replayed":false}`+"\n")
	c.prints("dlq show cabs --class handler --json", `{"topic":"cabs.dlq","partition":0,"offset":1,"timestamp":"2026-01-01T12:01:01Z","key":"cab-1","base64":"/w==",`+
		`"reason":"boom","errorClass":"handler","originTopic":"cabs","originPartition":1,"originOffset":1,"attempt":1,"firstSeen":"2026-01-01T12:00:01Z","replayed":false}`+"\n")
	c.prints("dlq show cabs --class handler --raw", "\xff\n")
	code, stdout, stderr := c.weir("dlq show cabs --limit 1")
	if code != exitPass || stdout != firstLetter || !strings.Contains(stderr, "there are more letters; --limit 0") {
		t.Errorf("--limit 1: exit code %d, %s, %s", code, stdout, stderr)
	}
	code, stdout, stderr = c.weir("dlq show cabs --reason nothing")
	if code != exitPass || stdout != "" || !strings.Contains(stderr, "no such letter") {
		t.Errorf("no such reason: exit code %d, %s, %s", code, stdout, stderr)
	}
	c.refuses("dlq show cabs --partition 5", "the topic has partitions 0 to 1")
	c.refuses("dlq show cabs --partition 0 --offset 3", "partition 0 holds offsets 0 to 2")
	c.refuses("dlq show other --partition 0 --offset 0", "partition 0 holds nothing")
	c.refuses("dlq show cabs --partition 0 --offset 0 --class handler", "other flags exclude")
}

// onTopic are the values that were put back.
func (c *topicCloud) onTopic(topic string) []*kgo.Record {
	c.t.Helper()
	records, err := kafka.ReadAll(c.t.Context(), c.cluster, topic)
	must(c.t)(nil, err)
	return records
}

func TestDLQReplayDoesWhatItSaysOnce(t *testing.T) {
	t.Parallel()
	c := withLetters(t)
	c.prints("dlq replay cabs --all", "cabs.dlq → cabs: 3 letters\nleft out: 1 letter that cannot go back: no header dlq-origin-topic says where it came from\ndry run: nothing was done; --yes does it\n")
	if n := len(c.onTopic("cabs")); n != 0 {
		t.Fatalf("a dry run put %d records back", n)
	}
	c.prints("dlq replay cabs --partition 0 --offset 1 --yes", "cabs.dlq → cabs: 1 letter\n1 letter put back\n")
	back := c.onTopic("cabs")
	if len(back) != 1 || back[0].Partition != 1 || string(back[0].Key) != "cab-1" || string(back[0].Value) != "\xff" {
		t.Fatalf("%+v", back)
	}
	c.refuses("dlq replay cabs --partition 0 --offset 1 --yes", "was replayed before; --again repeats it")
	c.refuses("dlq replay cabs --partition 1 --offset 0 --yes", "cannot go back: no header dlq-origin-topic")
	c.refuses("dlq replay cabs --partition 0 --offset 9", "partition 0 holds offsets 0 to 2")
	c.refuses("dlq replay cabs --partition 2", "the topic has partitions 0 to 1")
	c.prints("dlq replay cabs --class avro-malformed --limit 1 --yes --json", `{"topic":"cabs.dlq","chosen":1,"replayed":1,"to":{"cabs":1},"dryRun":false}`+"\n")
	c.prints("dlq show cabs --partition 0 --offset 0", strings.Replace(firstLetter, "avro-malformed\n", "avro-malformed  replayed\n", 1))
	c.prints("dlq replay cabs --reason b --yes", "cabs.dlq → cabs: 1 letter\nleft out: 2 letters replayed before; --again repeats them\n1 letter put back\n")
	c.prints("dlq replay cabs --all --yes", "left out: 3 letters replayed before; --again repeats them\n"+
		"left out: 1 letter that cannot go back: no header dlq-origin-topic says where it came from\nnothing to put back\n")
	c.prints("dlq replay cabs --partition 0 --offset 1 --yes --again", "cabs.dlq → cabs: 1 letter\n1 letter put back\n")
	if n := len(c.onTopic("cabs")); n != 4 {
		t.Errorf("%d records, want 3 and one again", n)
	}
	if n := len(c.onTopic("cabs.dlq")); n != 4 {
		t.Errorf("%d letters are left of 4", n)
	}
}

// TestReplayedLetterThatFailsAgainIsALetterAgain has a consumer that never
// can, as the scenario's stages have.
func TestReplayedLetterThatFailsAgainIsALetterAgain(t *testing.T) {
	t.Parallel()
	c := withLetters(t)
	c.prints("dlq replay cabs --class handler --yes", "cabs.dlq → cabs: 1 letter\n1 letter put back\n")
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	p, err := kafka.NewProducer(c.cluster, kafka.ProducerConfig{})
	must(t)(nil, err)
	produced := make(chan error, 1)
	go func() { produced <- p.Run(ctx) }()
	consumer, err := kafka.NewConsumer(c.cluster, kafka.ConsumerConfig{
		Topics: []string{"cabs"}, Member: kafka.Member{Group: "g"}, DeadLetters: p, AttemptsMax: 1,
	}, func(context.Context, kafka.Batch) error { return kafka.Permanent("again", errors.New("still boom")) })
	must(t)(nil, err)
	consumed := make(chan error, 1)
	go func() { consumed <- consumer.Run(ctx) }()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for len(c.onTopic("cabs.dlq")) < 5 && ctx.Err() == nil {
		<-tick.C
	}
	stop()
	must(t)(nil, errors.Join(<-produced, <-consumed))
	code, stdout, _ := c.weir("dlq show cabs --class again --json")
	if code != exitPass || !strings.Contains(stdout, `"attempt":2,"firstSeen":"2026-01-01T12:00:01Z"`) || !strings.Contains(stdout, `{"key":"dlq-replay-of","value":"cabs.dlq/0/1"}`) {
		t.Errorf("exit code %d, %s", code, stdout)
	}
}
