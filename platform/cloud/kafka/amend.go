package kafka

import (
	"encoding/binary"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// answerHead is an answer's length and correlation id.
const answerHead = 4 + 4

// amend puts right what kfake answers otherwise than Apache Kafka, where
// clients go wrong by it.
func (c *cluster) amend(q question, answer []byte) []byte {
	if q.add != nil {
		answer = rewrite(answer, q.version, kmsg.ResponseForKey(q.key), q.add)
	}
	switch kmsg.Key(q.key) {
	case kmsg.ApiVersions:
		if failed := len(answer) < answerHead+2 || binary.BigEndian.Uint16(answer[answerHead:]) != 0; failed {
			return answer // in the shape of version 0, whatever was asked
		}
		return rewrite(answer, q.version, kmsg.NewPtrApiVersionsResponse(), offerHandshake)
	case kmsg.OffsetForLeaderEpoch:
		return rewrite(answer, q.version, kmsg.NewPtrOffsetForLeaderEpochResponse(), c.nothingTruncated)
	case kmsg.SASLHandshake:
		return rewrite(answer, q.version, kmsg.NewPtrSASLHandshakeResponse(), nameMechanisms)
	case kmsg.CreateTopics:
		return rewrite(answer, q.version, kmsg.NewPtrCreateTopicsResponse(), nameSources)
	case kmsg.DescribeTopicPartitions:
		return rewrite(answer, q.version, kmsg.NewPtrDescribeTopicPartitionsResponse(), nobodyElectable)
	case kmsg.ListGroups:
		return rewrite(answer, q.version, kmsg.NewPtrListGroupsResponse(), nameProtocol)
	case kmsg.DescribeClientQuotas:
		return rewrite(answer, q.version, kmsg.NewPtrDescribeClientQuotasResponse(), listQuotas)
	}
	return answer
}

// amends says whether amend changes answers to requests with the key.
func amends(key int16) bool {
	switch kmsg.Key(key) {
	case kmsg.ApiVersions, kmsg.OffsetForLeaderEpoch, kmsg.CreateTopics, kmsg.DescribeTopicPartitions,
		kmsg.DescribeClientQuotas, kmsg.ListGroups, kmsg.SASLHandshake, kmsg.SASLAuthenticate:
		return true
	}
	return false
}

// rewrite changes an answer; one that cannot be read stays as it is.
func rewrite[R kmsg.Response](answer []byte, version int16, response R, change func(R)) []byte {
	response.SetVersion(version)
	head := answerHead
	if response.IsFlexible() && response.Key() != int16(kmsg.ApiVersions) {
		head++ // no tags
	}
	if len(answer) < head || response.ReadFrom(answer[head:]) != nil {
		return answer
	}
	change(response)
	changed := response.AppendTo(append(make([]byte, 0, len(answer)+16), answer[:head]...))
	binary.BigEndian.PutUint32(changed, uint32(len(changed)-4))
	return changed
}

// offerHandshake says that SaslHandshake is known from version 0 on. kfake
// knows 1 alone and clients use no other, but librdkafka takes a broker without
// 0 for one that cannot authenticate.
func offerHandshake(r *kmsg.ApiVersionsResponse) {
	for i := range r.ApiKeys {
		if r.ApiKeys[i].ApiKey == int16(kmsg.SASLHandshake) {
			r.ApiKeys[i].MinVersion = 0
		}
	}
}

// nameMechanisms says how clients may authenticate, whether theirs is among it
// or not. kafka-python looks for its own there.
func nameMechanisms(r *kmsg.SASLHandshakeResponse) {
	r.SupportedMechanisms = []string{mechanismPlain, "SCRAM-SHA-256", mechanismScram}
}

// nothingTruncated says that a log holds all that was ever read from it. kfake
// does not know where an epoch ended in which nothing was written after the
// leader moved, and consumers took its answer for lost records and began again
// at the log's start.
func (c *cluster) nothingTruncated(r *kmsg.OffsetForLeaderEpochResponse) {
	for i := range r.Topics {
		for j := range r.Topics[i].Partitions {
			p := &r.Topics[i].Partitions[j]
			if p.ErrorCode != 0 {
				continue
			}
			_ = c.alive(func() error { // else the connection is about to end
				if info := c.PartitionInfo(r.Topics[i].Topic, p.Partition); info != nil {
					p.EndOffset = info.HighWatermark
					if p.LeaderEpoch < 0 {
						p.LeaderEpoch = info.Epoch
					}
				}
				return nil
			})
		}
	}
}
