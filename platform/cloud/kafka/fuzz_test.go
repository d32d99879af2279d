package kafka

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// manyTags tells of what may be a number beyond two million: where kmsg reads
// how many tags follow it counts through as many, which takes it seconds.
func manyTags(request []byte) bool {
	run := 0
	for _, b := range request {
		if run++; b < 0x80 {
			run = 0
		}
		if run == 3 {
			return true
		}
	}
	return false
}

// FuzzTakeOut throws requests at what reads them before anybody has
// authenticated: it refuses them, hands them on as they came, or hands on a
// whole request of the same kind without what it took out.
func FuzzTakeOut(f *testing.F) {
	formatter := kmsg.NewRequestFormatter(kmsg.FormatterClientID("fuzz"))
	for _, name := range []string{"good", "bad name"} {
		create := kmsg.NewPtrCreateTopicsRequest()
		topic := kmsg.NewCreateTopicsRequestTopic()
		topic.Topic, topic.Configs = name, []kmsg.CreateTopicsRequestTopicConfig{{Name: "retention.ms", Value: kmsg.StringPtr("x")}}
		create.Topics = append(create.Topics, topic)
		alter := kmsg.NewPtrIncrementalAlterConfigsRequest()
		alter.Resources = []kmsg.IncrementalAlterConfigsRequestResource{{ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: name, Configs: []kmsg.IncrementalAlterConfigsRequestResourceConfig{{Name: "nonsense"}}}}
		for version := range int16(8) {
			create.SetVersion(version)
			f.Add(int16(kmsg.CreateTopics), formatter.AppendRequest(nil, create, 7))
			alter.SetVersion(version % 2)
			f.Add(int16(kmsg.IncrementalAlterConfigs), formatter.AppendRequest(nil, alter, 7))
		}
	}
	f.Fuzz(func(t *testing.T, key int16, request []byte) {
		keys := []kmsg.Key{kmsg.CreateTopics, kmsg.AlterConfigs, kmsg.IncrementalAlterConfigs}
		if key = int16(keys[uint16(key)%3]); len(request) < frameHead || manyTags(request) {
			return // the guard has read that much
		}
		rest, add, err := takeOut(key, request)
		switch {
		case err != nil:
		case add == nil && !bytes.Equal(rest, request):
			t.Errorf("changed without a refusal: %x", rest)
		case add != nil:
			if int(binary.BigEndian.Uint32(rest)) != len(rest)-4 {
				t.Errorf("length %x", rest[:4])
			}
			r := kbin.Reader{Src: rest[6:]}
			answer := kmsg.ResponseForKey(key)
			answer.SetVersion(r.Int16())
			add(answer)
			if again, more, err := takeOut(key, rest); err != nil || more != nil || !bytes.Equal(again, rest) {
				t.Errorf("what is left is refused again: %v", err)
			}
		}
	})
}
