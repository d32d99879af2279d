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
	changeMax    = 1 << 20 // of a request to make or change topics
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

// takeOut removes from a request, with its length in front, what kfake would
// take and Apache Kafka refuses; add puts the refusals into kfake's answer, nil
// if there are none.
func takeOut(key int16, request []byte) (rest []byte, add func(kmsg.Response), err error) {
	parsed := kmsg.RequestForKey(key)
	r := kbin.Reader{Src: request[4:]}
	r.Int16()
	parsed.SetVersion(r.Int16())
	r.Int32()
	r.NullableString()
	if parsed.IsFlexible() {
		skipTags(&r)
	}
	if parsed.GetVersion() > parsed.MaxVersion() || !r.Ok() {
		return request, nil, nil // kfake refuses it
	}
	head := len(request) - len(r.Src)
	if err := parsed.ReadFrom(r.Src); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errFrame, err)
	}
	switch change := parsed.(type) {
	case *kmsg.CreateTopicsRequest:
		add = refuseTopics(change)
	case *kmsg.AlterConfigsRequest:
		add = refuseConfigs(change)
	case *kmsg.IncrementalAlterConfigsRequest:
		add = refuseChanges(change)
	}
	if add == nil {
		return request, nil, nil
	}
	rest = parsed.AppendTo(append([]byte(nil), request[:head]...))
	binary.BigEndian.PutUint32(rest, uint32(len(rest)-4))
	return rest, add, nil
}

func refuseTopics(create *kmsg.CreateTopicsRequest) func(kmsg.Response) {
	var refused []kmsg.CreateTopicsResponseTopic
	create.Topics = slices.DeleteFunc(create.Topics, func(topic kmsg.CreateTopicsRequestTopic) bool {
		code, why := kerr.InvalidTopicException.Code, checkName(topic.Topic)
		for _, config := range topic.Configs {
			if why == "" && config.Value != nil {
				code, why = kerr.InvalidConfig.Code, checkConfig(config.Name, *config.Value)
			}
		}
		if why == "" {
			return false
		}
		answer := kmsg.NewCreateTopicsResponseTopic()
		answer.Topic, answer.ErrorCode, answer.ErrorMessage = topic.Topic, code, &why
		answer.NumPartitions, answer.ReplicationFactor = -1, -1
		refused = append(refused, answer)
		return true
	})
	if len(refused) == 0 {
		return nil
	}
	return func(r kmsg.Response) {
		answer := r.(*kmsg.CreateTopicsResponse)
		answer.Topics = append(answer.Topics, refused...)
	}
}

func refuseConfigs(alter *kmsg.AlterConfigsRequest) func(kmsg.Response) {
	var refused []kmsg.AlterConfigsResponseResource
	alter.Resources = slices.DeleteFunc(alter.Resources, func(resource kmsg.AlterConfigsRequestResource) bool {
		for _, config := range resource.Configs {
			if why := checkResource(resource.ResourceType, config.Name, config.Value); why != "" {
				answer := kmsg.NewAlterConfigsResponseResource()
				answer.ResourceType, answer.ResourceName = resource.ResourceType, resource.ResourceName
				answer.ErrorCode, answer.ErrorMessage = kerr.InvalidConfig.Code, &why
				refused = append(refused, answer)
				return true
			}
		}
		return false
	})
	if len(refused) == 0 {
		return nil
	}
	return func(r kmsg.Response) {
		answer := r.(*kmsg.AlterConfigsResponse)
		answer.Resources = append(answer.Resources, refused...)
	}
}

func refuseChanges(alter *kmsg.IncrementalAlterConfigsRequest) func(kmsg.Response) {
	var refused []kmsg.IncrementalAlterConfigsResponseResource
	alter.Resources = slices.DeleteFunc(alter.Resources, func(resource kmsg.IncrementalAlterConfigsRequestResource) bool {
		for _, config := range resource.Configs {
			value := config.Value
			if config.Op == kmsg.IncrementalAlterConfigOpDelete {
				value = nil
			}
			if why := checkResource(resource.ResourceType, config.Name, value); why != "" {
				answer := kmsg.NewIncrementalAlterConfigsResponseResource()
				answer.ResourceType, answer.ResourceName = resource.ResourceType, resource.ResourceName
				answer.ErrorCode, answer.ErrorMessage = kerr.InvalidConfig.Code, &why
				refused = append(refused, answer)
				return true
			}
		}
		return false
	})
	if len(refused) == 0 {
		return nil
	}
	return func(r kmsg.Response) {
		answer := r.(*kmsg.IncrementalAlterConfigsResponse)
		answer.Resources = append(answer.Resources, refused...)
	}
}
