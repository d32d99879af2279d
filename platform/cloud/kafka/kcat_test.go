package kafka

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// kcat stands for the clients that are built on librdkafka.
func TestKcatListsWritesAndReads(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("kcat"); err != nil {
		t.Skip("kcat is not installed")
	}
	_, seeds, _ := run(t, Config{})
	client := dial(t, seeds)
	for _, mechanism := range []string{mechanismPlain, mechanismScram} {
		t.Run(mechanism, func(t *testing.T) {
			t.Parallel()
			topic := "by-" + mechanism
			makeTopic(t, client, topic, 3, nil)
			kcat := func(input string, args ...string) string {
				t.Helper()
				ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
				defer cancel()
				command := exec.CommandContext(ctx, "kcat", append(args, "-b", strings.Join(seeds, ","), "-X", "security.protocol=SASL_PLAINTEXT",
					"-X", "sasl.mechanisms="+mechanism, "-X", "sasl.username=test", "-X", "sasl.password=test")...)
				command.Stdin = strings.NewReader(input)
				var trouble strings.Builder
				command.Stderr = &trouble
				out, err := command.Output()
				if err != nil {
					t.Fatalf("kcat %v: %v: %s", args, err, trouble.String())
				}
				return string(out)
			}
			if listed := kcat("", "-L"); !strings.Contains(listed, "3 brokers:") || !strings.Contains(listed, `topic "`+topic+`" with 3 partitions`) {
				t.Errorf("listed %s", listed)
			}
			var lines []string
			for i := range 1000 {
				lines = append(lines, fmt.Sprintf("line %04d", i))
			}
			kcat(strings.Join(lines, "\n"), "-P", "-t", topic, "-X", "acks=all", "-X", "enable.idempotence=true", "-z", "snappy")
			alone := strings.Fields(strings.ReplaceAll(kcat("", "-C", "-t", topic, "-o", "beginning", "-e", "-q"), "line ", "line-"))
			group := strings.Fields(strings.ReplaceAll(kcat("", "-q", "-X", "auto.offset.reset=earliest", "-c", "1000", "-G", "group-"+topic, topic), "line ", "line-"))
			for name, got := range map[string][]string{"alone": alone, "in a group": group} {
				if slices.Sort(got); len(got) != 1000 || len(slices.Compact(got)) != 1000 {
					t.Errorf("%s it reads %d lines", name, len(got))
				}
			}
		})
	}
}
