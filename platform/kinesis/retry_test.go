package kinesis

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// A Latest subscription that breaks before its first event is resumed at the
// instant of its start, which a service with a slower clock takes for the future.
func TestAnchorAheadOfTheServicesClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(1)
		f.behind, f.breakAtOnce = 10*time.Second, 1
		s := &sink{}
		c, stop := consume(t, f, ConsumerConfig{ConsumerName: "app", Start: Position{Type: Latest}}, s)
		<-c.Ready()
		wait(t, 11*time.Second) // or the record's own stamp would lie before the anchor
		f.put("k", "a")
		wait(t, time.Minute)
		must(t, stop())
		if len(s.got) != 1 {
			t.Errorf("got %v", s.got)
		}
	})
}

func TestTransientErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		err  error
		want bool
	}{
		{"network", errors.New("read: connection reset by peer"), true},
		{"time-out", context.DeadlineExceeded, true},
		{"throttled record", &RecordError{Code: codeThroughput}, true},
		{"unknown refusal of a record", &RecordError{Code: "KMSDisabledException"}, false},
		{"throttled call", apiError("ThrottlingException", 400), true},
		{"server failure of an unknown kind", apiError("Whatever", 503), true},
		{"expired credentials", apiError("ExpiredTokenException", 400), true},
		{"validation", apiError("ValidationException", 400), false},
		{"denied", apiError("AccessDeniedException", 400), false},
		{"not found", apiError("ResourceNotFoundException", 400), false},
		{"body too large", apiError("UnknownError", 413), false},
	} {
		if got := transient(tc.err); got != tc.want {
			t.Errorf("%s: transient is %v", tc.name, got)
		}
	}
}

// apiError is what the SDK makes of an error reply.
func apiError(code string, status int) error {
	return &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}},
		Err:      &smithy.GenericAPIError{Code: code, Message: "no"},
	}
}
