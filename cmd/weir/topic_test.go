package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/cloud/cloudtest"
	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/kafka/avro"
)

// topicCloud is a cloud with topics, and what tests need to fill them.
type topicCloud struct {
	t        *testing.T
	endpoint string
	cluster  kafka.Cluster
	registry string
}

// newTopicCloud starts a cloud with topics of two partitions each.
func newTopicCloud(t *testing.T, topics ...string) *topicCloud {
	t.Helper()
	c := cloudtest.Run(t, cloud.Config{})
	seeds, err := c.KafkaBrokers()
	must(t)(nil, err)
	registry, err := c.SchemaRegistry()
	must(t)(nil, err)
	tc := &topicCloud{t, c.Endpoint(), kafka.Cluster{Seeds: seeds, User: "test", Password: "test"}, registry}
	client := tc.client()
	for _, topic := range topics {
		made, err := kadm.NewClient(client).CreateTopic(t.Context(), 2, 3, nil, topic)
		must(t)(made, errors.Join(err, made.Err))
	}
	return tc
}

// client puts records where they say, at the time that they say.
func (c *topicCloud) client(opts ...kgo.Opt) *kgo.Client {
	c.t.Helper()
	client, err := kgo.NewClient(append(opts, kgo.SeedBrokers(c.cluster.Seeds...), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.SASL(scram.Auth{User: "test", Pass: "test"}.AsSha512Mechanism()))...)
	must(c.t)(nil, err)
	c.t.Cleanup(client.Close)
	return client
}

func (c *topicCloud) put(records ...*kgo.Record) {
	c.t.Helper()
	must(c.t)(nil, c.client().ProduceSync(c.t.Context(), records...).FirstErr())
}

// schema is what avroValue registers.
const schema = `{"type":"record","name":"seen","fields":[{"name":"who","type":"string"},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}}]}`

type seen struct {
	Who string    `avro:"who"`
	At  time.Time `avro:"at"`
}

// avroValue writes one in the topic's schema.
func (c *topicCloud) avroValue(topic, who string) []byte {
	c.t.Helper()
	r, err := avro.NewRegistry(avro.RegistryConfig{URL: c.registry, User: "test", Password: "test"})
	must(c.t)(nil, err)
	e, err := avro.NewEncoder[seen](r, topic, schema)
	must(c.t)(nil, err)
	data, err := e.Append(c.t.Context(), nil, &seen{who, noon})
	must(c.t)(nil, err)
	return data
}

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// weir runs a command line against the cloud.
func (c *topicCloud) weir(args string) (code int, stdout, stderr string) {
	c.t.Helper()
	var out, problems bytes.Buffer
	code = execute(append(strings.Fields(args), "--endpoint", c.endpoint), strings.NewReader(""), &out, &problems)
	return code, out.String(), problems.String()
}

// prints runs a command line that succeeds, and compares what it prints.
func (c *topicCloud) prints(args, want string) {
	c.t.Helper()
	code, stdout, stderr := c.weir(args)
	if code != exitPass || stdout != want {
		c.t.Errorf("weir %s: exit code %d, %s\n%s\nwant\n%s", args, code, stderr, stdout, want)
	}
}

// refuses runs a command line that does nothing and says why.
func (c *topicCloud) refuses(args string, says ...string) {
	c.t.Helper()
	code, stdout, stderr := c.weir(args)
	if code != exitUsage || stdout != "" {
		c.t.Errorf("weir %s: exit code %d, %s", args, code, stdout)
	}
	for _, said := range says {
		if !strings.Contains(stderr, said) {
			c.t.Errorf("weir %s: stderr lacks %q:\n%s", args, said, stderr)
		}
	}
}

func TestBriefKeepsKeysAndHeadersOnALine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ data, want string }{
		{"cab-1", "cab-1"},
		{"Zürich", "Zürich"},
		{"", `""`},
		{"two words", `"two words"`},
		{"a=b", `"a=b"`},
		{"\x1b[2J", `"\x1b[2J"`},
		{"a\nb", `"a\nb"`},
		{"\x00\x01", "0x0001"},
		{"\xff", "0xff"},
		{strings.Repeat("x", 12), strings.Repeat("x", 10) + "…"},
		{"123456789ü", "123456789…"},
	} {
		if got := brief([]byte(test.data), 10); got != test.want {
			t.Errorf("%q: %s, want %s", test.data, got, test.want)
		}
	}
}

func TestLongValuesAreCutForPeople(t *testing.T) {
	t.Parallel()
	text := value{raw: []byte(strings.Repeat("ü", textBytesMax))}.text()
	if len(text) > textBytesMax+100 || !strings.HasSuffix(text, fmt.Sprintf("… %d more bytes; --raw writes them all", textBytesMax)) {
		t.Errorf("%d bytes, ending in %q", len(text), text[len(text)-60:])
	}
}
