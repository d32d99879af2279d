package observe

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestLoggerWritesForPeople(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		verbose bool
		log     func(*slog.Logger)
		want    string // without the time
	}{
		{
			"warning", false, func(l *slog.Logger) { l.Warn("retrying a batch", "shard", 3, "why", "too many") },
			"WARN  retrying a batch  shard=3 why=\"too many\"\n",
		},
		{"quiet", false, func(l *slog.Logger) { l.Info("started") }, ""},
		{"verbose", true, func(l *slog.Logger) { l.Debug("started") }, "DEBUG started\n"},
		{
			"derived", true, func(l *slog.Logger) { l.With("a", 1).WithGroup("g").Info("m", "msg", 2) },
			"INFO  m  a=1 g.msg=2\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			test.log(NewLogger(&out, test.verbose))
			got := out.String()
			if _, rest, found := strings.Cut(got, " "); found {
				got = rest
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
