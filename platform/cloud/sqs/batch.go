package sqs

import (
	"errors"
	"regexp"

	"github.com/weirstream/weir/platform/cloud/wire"
)

const batchMax = 10

var entryIDPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

// batchFailure is the outcome of a batch entry that failed while others may
// have succeeded.
type batchFailure struct {
	Id          string
	SenderFault bool
	Code        string
	Message     string
}

// validateBatch enforces what fails a whole batch: 1–10 entries with distinct,
// well-formed ids.
func validateBatch(ids []string, request string) error {
	const prefix = "AWS.SimpleQueueService."
	switch {
	case len(ids) == 0:
		return sqsError("EmptyBatchRequest", prefix+"EmptyBatchRequest",
			"There should be at least one %s in the request.", request)
	case len(ids) > batchMax:
		return sqsError("TooManyEntriesInBatchRequest", prefix+"TooManyEntriesInBatchRequest",
			"Maximum number of entries per request are %d. You have sent %d.", batchMax, len(ids))
	}
	seen := make(map[string]bool)
	for _, id := range ids {
		if !entryIDPattern.MatchString(id) {
			return sqsError("InvalidBatchEntryId", prefix+"InvalidBatchEntryId",
				"A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		}
		if seen[id] {
			return sqsError("BatchEntryIdsNotDistinct", prefix+"BatchEntryIdsNotDistinct", "Id %s repeated.", id)
		}
		seen[id] = true
	}
	return nil
}

func failure(id string, err error) batchFailure {
	f := batchFailure{Id: id, Code: "InternalFailure", Message: "The request processing has failed."}
	var known *wire.Error
	if errors.As(err, &known) {
		// Batch entries carry the codes of the query protocol, without prefix.
		f.Code, f.Message, f.SenderFault = known.QueryCode, known.Message, known.Fault() == wire.Sender
		if f.Code == "" {
			f.Code = known.Code
		}
	}
	return f
}
