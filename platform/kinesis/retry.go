package kinesis

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// RecordError is the service's refusal of one record of a call.
type RecordError struct{ Code, Message string }

func (e *RecordError) Error() string { return e.Code + ": " + e.Message }

// oneTry switches the SDK's own retries off for a call that is retried here,
// where the waits are known, interruptible and per record.
func oneTry(o *kinesis.Options) { o.Retryer = aws.NopRetryer{} }

const codeThroughput = "ProvisionedThroughputExceededException"

// transient tells errors that another try may cure from those that it cannot.
// What is no answer of the service (network, time-out, half a reply) is transient.
func transient(err error) bool {
	if r, ok := errors.AsType[*RecordError](err); ok {
		return transientCode(r.Code)
	}
	if _, ok := errors.AsType[smithy.InvalidParamsError](err); ok {
		return false
	}
	if _, ok := errors.AsType[*smithy.InvalidParamsError](err); ok {
		return false
	}
	if _, ok := errors.AsType[*smithy.SerializationError](err); ok {
		return false
	}
	if h, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		if status := h.HTTPStatusCode(); status >= 500 || status == 429 {
			return true
		}
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return transientCode(api.ErrorCode()) || api.ErrorFault() == smithy.FaultServer
	}
	return true
}

func transientCode(code string) bool {
	switch code {
	case codeThroughput, "InternalFailure", "InternalFailureException", "InternalServerError", "ServiceUnavailable",
		"LimitExceededException", "Throttling", "ThrottlingException", "ThrottledException",
		"RequestThrottled", "RequestThrottledException", "RequestLimitExceeded", "TooManyRequestsException",
		"KMSThrottlingException", "RequestTimeout", "RequestTimeoutException",
		"ExpiredIteratorException",                                // the reader asks for a new one
		"RequestExpired", "ExpiredToken", "ExpiredTokenException": // the SDK renews credentials and corrects the clock
		return true
	}
	return false
}

// failures counts tries that failed one after another.
type failures struct {
	tries int
	skews int // of these the last, refused as a wrong clock and a wrong secret are
}

// skewsMax is one for a clock that goes wrong, one for when it is right again, and
// some for others; more is a wrong secret.
const skewsMax = 4

// passing counts one more, and is true if another try may cure it.
func (f *failures) passing(err error) bool {
	f.tries++
	if !skewed(err) {
		f.skews = 0
		return transient(err)
	}
	f.skews++
	return f.skews <= skewsMax
}

// skewed is true for refusals that the SDK's clock correction, which it learns
// from such a reply, may cure at the next try.
func skewed(err error) bool {
	code := errorCode(err)
	return code == "InvalidSignatureException" || code == "RequestTimeTooSkewed" || code == "SignatureDoesNotMatch"
}

func errorCode(err error) string {
	if r, ok := errors.AsType[*RecordError](err); ok {
		return r.Code
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}
