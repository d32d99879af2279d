package lambda

import (
	"cmp"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

// spec is one immutable revision of a function: what an execution environment
// needs to start. An update makes a new spec and retires environments of the old.
type spec struct {
	name, version, role, handler string
	timeout                      time.Duration
	memoryMB                     int
	variables                    map[string]string
	deadLetter                   string // queue ARN of the DeadLetterConfig, or ""
	code                         *code
	logs                         *logRing
	counters                     *counters
	retired                      atomic.Bool // replaced or deleted: its environments end when idle
}

// isReserved tells whether a function may not set a variable itself.
func isReserved(variable string) bool {
	switch variable {
	case "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION",
		"AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
		"AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
		"AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
		"AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
		"AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR":
		return true
	}
	return false
}

// placement is what differs between the environments of one spec.
type placement struct {
	region, runtimeAPI, endpoint, logStream, taskRoot string
	caFile                                            string // "" without TLS
	credentials                                       Credentials
	sim                                               clock.Simulated
	launcher                                          []string // NAME=value pairs the launcher adds
}

// environ is a function's whole environment. Nothing of this process's own
// reaches it but PATH and the temporary directory.
func (s *spec) environ(p placement) []string {
	tmp := filepath.Clean(os.TempDir())
	env := []string{
		"PATH=" + cmp.Or(os.Getenv("PATH"), "/usr/local/bin:/usr/bin:/bin"),
		"HOME=" + tmp, "TMPDIR=" + tmp, "LANG=en_US.UTF-8", "TZ=:UTC",
		"AWS_REGION=" + p.region, "AWS_DEFAULT_REGION=" + p.region,
		"AWS_ACCESS_KEY_ID=" + p.credentials.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY=" + p.credentials.SecretAccessKey,
		"AWS_SESSION_TOKEN=" + p.credentials.SessionToken,
		"AWS_LAMBDA_RUNTIME_API=" + p.runtimeAPI,
		"AWS_LAMBDA_FUNCTION_NAME=" + s.name,
		"AWS_LAMBDA_FUNCTION_VERSION=" + s.version,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(s.memoryMB),
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/" + s.name,
		"AWS_LAMBDA_LOG_STREAM_NAME=" + p.logStream,
		"LAMBDA_TASK_ROOT=" + p.taskRoot, "LAMBDA_RUNTIME_DIR=/var/runtime",
		"_HANDLER=" + s.handler,
		"AWS_ENDPOINT_URL=" + p.endpoint,
		clock.EnvVar + "=" + p.sim.String(),
		// A small Go program then stays small: many functions share one laptop.
		"GOGC=50", "GOMEMLIMIT=" + strconv.Itoa(s.memoryMB*9/10) + "MiB",
	}
	if p.caFile != "" {
		env = append(env, "AWS_CA_BUNDLE="+p.caFile)
	}
	env = append(env, p.launcher...)
	for name, value := range s.variables {
		env = append(env, name+"="+value)
	}
	return env
}

// timestamp is the form of Lambda's own log and error texts.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func logStreamName(now time.Time, version, id string) string {
	return now.UTC().Format("2006/01/02") + "/[" + version + "]" + strings.ReplaceAll(id, "-", "")
}
