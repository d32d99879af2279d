package kafka

import (
	"encoding/binary"
	"fmt"
	"regexp"
	"slices"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	createMax    = 1 << 20 // of a request to create topics
	topicNameMax = 249
)

var topicName = regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)

// checkName says what Apache Kafka says of a topic's name; "" is fine.
func checkName(name string) string {
	switch {
	case name == "":
		return "Topic name is invalid: the empty string is not allowed"
	case name == "." || name == "..":
		return fmt.Sprintf("Topic name is invalid: '%s' is not allowed", name)
	case len(name) > topicNameMax:
		return fmt.Sprintf("Topic name is invalid: the length of '%s' is longer than the max allowed length %d", name, topicNameMax)
	case !topicName.MatchString(name):
		return fmt.Sprintf("Topic name is invalid: '%s' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'", name)
	}
	return ""
}

// takeOut removes topics from a request to create some, with its length in
// front, whose names kfake would take, and answers for them.
func takeOut(request []byte) (rest []byte, refused []kmsg.CreateTopicsResponseTopic, err error) {
	r := kbin.Reader{Src: request[4:]}
	r.Int16()
	create := kmsg.NewPtrCreateTopicsRequest()
	create.SetVersion(r.Int16())
	r.Int32()
	r.NullableString()
	if create.IsFlexible() {
		kmsg.SkipTags(&r)
	}
	head := len(request) - len(r.Src)
	if err := create.ReadFrom(r.Src); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errFrame, err)
	}
	create.Topics = slices.DeleteFunc(create.Topics, func(topic kmsg.CreateTopicsRequestTopic) bool {
		why := checkName(topic.Topic)
		if why == "" {
			return false
		}
		answer := kmsg.NewCreateTopicsResponseTopic()
		answer.Topic, answer.ErrorCode, answer.ErrorMessage = topic.Topic, kerr.InvalidTopicException.Code, &why
		answer.NumPartitions, answer.ReplicationFactor = -1, -1
		refused = append(refused, answer)
		return true
	})
	if len(refused) == 0 {
		return request, nil, nil
	}
	rest = create.AppendTo(append([]byte(nil), request[:head]...))
	binary.BigEndian.PutUint32(rest, uint32(len(rest)-4))
	return rest, refused, nil
}
