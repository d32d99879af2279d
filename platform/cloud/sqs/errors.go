package sqs

import (
	"fmt"
	"net/http"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// SQS spells every error twice: the code of its JSON protocol in the body and
// that of its former query protocol in x-amzn-query-error. Which prefix the
// codes of parameter errors carry is UNVERIFIED.
func sqsError(code, queryCode, format string, args ...any) *wire.Error {
	return &wire.Error{
		Code:      "com.amazonaws.sqs#" + code,
		QueryCode: queryCode,
		Message:   fmt.Sprintf(format, args...),
	}
}

func errNoQueue() *wire.Error {
	return sqsError("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue",
		"The specified queue does not exist.")
}

func missingParameter(name string) *wire.Error {
	return &wire.Error{
		Code: "com.amazon.coral.service#MissingRequiredParameterException", QueryCode: "MissingParameter",
		Message: "The request must contain the parameter " + name + ".",
	}
}

func invalidParameter(value any, name, reason string) *wire.Error {
	return &wire.Error{
		Code: "com.amazon.coral.service#InvalidParameterValueException", QueryCode: "InvalidParameterValue",
		Message: fmt.Sprintf("Value %.200s for parameter %s is invalid. Reason: %s", fmt.Sprint(value), name, reason),
	}
}

func errAttributeName(name string) *wire.Error {
	return sqsError("InvalidAttributeName", "InvalidAttributeName", "Unknown Attribute %.100s.", name)
}

func errAttributeValue(name string) *wire.Error {
	return sqsError("InvalidAttributeValue", "InvalidAttributeValue", "Invalid value for the parameter %s.", name)
}

func errReceiptHandle(handle string) *wire.Error {
	return sqsError("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid",
		"The input receipt handle %q is not a valid receipt handle.", fmt.Sprintf("%.200s", handle))
}

func errNotInflight() *wire.Error {
	return sqsError("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight",
		"The message referred to is not in flight.")
}

func errOverLimit() *wire.Error {
	err := sqsError("OverLimit", "OverLimit", "Too many messages in flight, maximum is %d.", inFlightMax)
	err.Status = http.StatusForbidden
	return err
}
