package kafka

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Kafka's own console tools stand for the clients that are built on Java. They
// are taken from the path, as kafka-topics.sh and so on.
func TestConsoleToolsDescribeAndReset(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("kafka-topics.sh"); err != nil {
		t.Skip("no kafka-topics.sh is in the path")
	}
	_, seeds, _ := run(t, Config{})
	login := filepath.Join(t.TempDir(), "client.properties")
	if err := os.WriteFile(login, []byte(`security.protocol=SASL_PLAINTEXT
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="test" password="test";
`), 0o600); err != nil {
		t.Fatal(err)
	}
	tool := func(input, name string, args ...string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
		defer cancel()
		command := exec.CommandContext(ctx, name, append([]string{"--bootstrap-server", strings.Join(seeds, ",")}, args...)...)
		command.Stdin, command.Env = strings.NewReader(input), append(os.Environ(), "LOG_DIR="+filepath.Dir(login))
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v: %s", name, args, err, out)
		}
		return string(out)
	}
	tool("", "kafka-topics.sh", "--command-config", login, "--create", "--topic", "tools", "--partitions", "2", "--replication-factor", "3", "--config", "min.insync.replicas=2")
	if got := tool("", "kafka-topics.sh", "--command-config", login, "--describe"); !strings.Contains(got, "PartitionCount: 2\tReplicationFactor: 3\tConfigs: min.insync.replicas=2") {
		t.Errorf("described: %s", got)
	}
	lines := strings.Builder{}
	for i := range 40 {
		fmt.Fprintf(&lines, "key-%d:%d\n", i, i)
	}
	tool(lines.String(), "kafka-console-producer.sh", "--producer.config", login, "--topic", "tools", "--property", "parse.key=true", "--property", "key.separator=:")
	for _, protocol := range []string{"classic", "consumer"} {
		got := tool("", "kafka-console-consumer.sh", "--consumer.config", login, "--topic", "tools", "--group", protocol, "--from-beginning",
			"--max-messages", "40", "--consumer-property", "group.protocol="+protocol, "--isolation-level", "read_committed")
		if !strings.Contains(got, "Processed a total of 40 messages") {
			t.Errorf("%s reads %s", protocol, got)
		}
		groups := func(args ...string) string {
			t.Helper()
			return tool("", "kafka-consumer-groups.sh", append([]string{"--command-config", login}, args...)...)
		}
		if got := groups("--describe", "--all-groups"); !strings.Contains(got, "Consumer group '"+protocol+"' has no active members") || lag(got, protocol) != 0 {
			t.Errorf("all groups: %s", got)
		}
		groups("--group", protocol, "--topic", "tools", "--reset-offsets", "--to-earliest", "--execute")
		if got := groups("--describe", "--group", protocol); lag(got, protocol) != 40 {
			t.Errorf("after a reset: %s", got)
		}
	}
}

// lag sums up what the tool says of a group's partitions; −1 is none.
func lag(described, group string) int {
	sum, rows := 0, 0
	for line := range strings.Lines(described) {
		columns, one := strings.Fields(line), 0
		if len(columns) < 6 || columns[0] != group {
			continue
		}
		if _, err := fmt.Sscan(columns[5], &one); err == nil {
			sum, rows = sum+one, rows+1
		}
	}
	if rows == 0 {
		return -1
	}
	return sum
}
