package kafka

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"
)

func TestEverythingIsThereAfterARestart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "kafka")
	_, seeds, end := run(t, Config{Dir: dir})
	client := dial(t, seeds)
	admin := kadm.NewClient(client)
	makeTopic(t, client, "kept", 2, map[string]*string{"retention.ms": kadm.StringPtr("3600000")})
	produce(t, client, "kept", 0, 10)
	offsets := make(kadm.Offsets)
	offsets.AddOffset("kept", 1, 3, -1)
	if err := admin.CommitAllOffsets(t.Context(), "g", offsets); err != nil {
		t.Fatal(err)
	}
	makeUser(t, admin, "reader")
	allow(t, admin, "reader", "kept", kadm.OpRead, kadm.OpDescribe)
	client.Close()
	end()
	if leftovers, err := os.ReadFile(filepath.Join(dir, "sasl.json")); err != nil || len(leftovers) == 0 {
		t.Fatalf("users on disk: %v", err)
	}

	_, seeds, _ = run(t, Config{Dir: dir, Password: "other"})
	for _, password := range []string{"test", "other"} {
		again := dialAs(t, plain.Auth{User: "test", Pass: password}.AsMechanism(), seeds, kgo.RequestRetries(0))
		if err := again.Ping(t.Context()); (err == nil) != (password == "other") {
			t.Errorf("the root's password %s: %v", password, err)
		}
	}
	admin = kadm.NewClient(dialAs(t, plain.Auth{User: "test", Pass: "other"}.AsMechanism(), seeds))
	fetched, err := admin.FetchOffsets(t.Context(), "g")
	if at, _ := fetched.Lookup("kept", 1); err != nil || at.At != 3 {
		t.Errorf("the group's offset is %d, %v", at.At, err)
	}
	configs, err := admin.DescribeTopicConfigs(t.Context(), "kept")
	if err != nil || !slices.ContainsFunc(configs[0].Configs, func(c kadm.Config) bool { return c.Key == "retention.ms" && c.MaybeValue() == "3600000" }) {
		t.Errorf("configs: %+v, %v", configs, err)
	}
	reader := dialAs(t, scramOf("reader"), seeds, kgo.ConsumeTopics("kept"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if got := collect(t, reader, 10); len(slices.Compact(slices.Sorted(slices.Values(got)))) != 10 {
		t.Errorf("the user of before reads %v", got)
	}
}

func TestTheTemporaryDirectoryGoesWithTheCluster(t *testing.T) {
	t.Parallel()
	s, seeds, end := run(t, Config{})
	client := dial(t, seeds)
	makeTopic(t, client, "t", 1, nil)
	produce(t, client, "t", 0, 3)
	dir := s.cluster.dir
	if files, err := filepath.Glob(filepath.Join(dir, "partitions", "t-0", "*.dat")); err != nil || len(files) != 1 {
		t.Errorf("segments on disk: %v, %v", files, err)
	}
	end()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s after the end: %v", dir, err)
	}
}

// What would end kfake, and the process with it, ends one connection.
func TestNobodyBringsTheBrokersDown(t *testing.T) {
	t.Parallel()
	_, seeds, _ := run(t, Config{})
	frame := func(size uint32, key int16) []byte {
		head := binary.BigEndian.AppendUint32(nil, size)
		head = binary.BigEndian.AppendUint16(head, uint16(key))
		return append(head, make([]byte, 16)...)
	}
	for name, bytes := range map[string][]byte{
		"unknown key":    frame(18, 9999),
		"negative key":   frame(18, -3),
		"four gigabytes": frame(0xffffffff, int16(kmsg.Metadata)),
		"no header":      frame(3, int16(kmsg.Metadata)),
		"http":           []byte("GET / HTTP/1.1\r\nHost: here\r\n\r\n"),
	} {
		conn, err := net.Dial("tcp", seeds[0])
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write(bytes); err != nil {
			t.Fatal(err)
		}
		conn.SetReadDeadline(time.Now().Add(patience))
		if n, err := conn.Read(make([]byte, 64)); n > 0 || os.IsTimeout(err) {
			t.Errorf("%s: %d bytes, %v; want the connection closed", name, n, err)
		}
	}
	if err := dial(t, seeds).Ping(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestPasswordsOfPlainAreForgottenAlone(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "sasl.json")
	if found, err := forgetPlain(file); found || err != nil {
		t.Errorf("without a file: %t, %v", found, err)
	}
	if err := os.WriteFile(file, []byte(`{"version":1,"plain":{"a":"b"},"scram512":{"c":{"salt":"eA=="}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if found, err := forgetPlain(file); !found || err != nil {
			t.Errorf("with one: %t, %v", found, err)
		}
	}
	var kept map[string]any
	text, err := os.ReadFile(file)
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	if err != nil || kept["plain"] != nil || fmt.Sprint(kept["scram512"]) != "map[c:map[salt:eA==]]" {
		t.Errorf("left: %s, %v", text, err)
	}
}
