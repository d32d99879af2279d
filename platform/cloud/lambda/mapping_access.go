package lambda

import (
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// need is one thing the execution role must be allowed; any of the actions will do.
type need struct {
	actions  []string
	resource string
}

// needs lists what reading a source takes. Polling and enhanced fan-out need
// different reads; both find their shards in the same way.
func (s source) needs() []need {
	list := []need{
		{[]string{"kinesis:DescribeStream", "kinesis:DescribeStreamSummary"}, s.streamARN},
		{[]string{"kinesis:ListShards"}, s.streamARN},
	}
	if s.consumerARN != "" {
		return append(list,
			need{[]string{"kinesis:SubscribeToShard"}, s.consumerARN},
			need{[]string{"kinesis:DescribeStreamConsumer"}, s.consumerARN})
	}
	return append(list,
		need{[]string{"kinesis:GetShardIterator"}, s.streamARN},
		need{[]string{"kinesis:GetRecords"}, s.streamARN})
}

// missing is the first action a role lacks to read a source, or "".
func (d mappingDeps) missing(role string, s source) string {
	for _, n := range s.needs() {
		if !d.allowed(role, n) {
			return n.actions[0]
		}
	}
	return ""
}

func (d mappingDeps) allowed(role string, n need) bool {
	for _, action := range n.actions {
		if d.roles.AuthorizeRole(role, wire.Access{Action: action, Resource: n.resource}) == nil {
			return true
		}
	}
	return false
}

func (d mappingDeps) maySend(role, arn string) bool {
	return d.allowed(role, need{[]string{"sqs:SendMessage"}, arn})
}

// refusal words a missing permission as AWS does at creation.
func (s source) refusal(action string) string {
	verbs := "GetRecords, GetShardIterator, DescribeStream, ListShards, and ListStreams Actions on your stream"
	if s.consumerARN != "" {
		verbs = "SubscribeToShard, DescribeStreamConsumer, DescribeStream, and ListShards Actions on your stream and its consumer"
	}
	return "Cannot access stream " + s.arn() + ". Please ensure the role can perform the " + verbs +
		" in IAM. (The role lacks " + action + ".)"
}

// lacks words a missing permission while the mapping runs.
func (s source) lacks(action string) string {
	return "The function's execution role lacks the permission " + action + " on " +
		strings.TrimSpace(s.arn()) + "."
}
