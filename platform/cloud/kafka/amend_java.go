package kafka

import (
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Kafka's Java clients, and so its console tools, fail on null where Apache
// Kafka sends an empty list, and on sources of settings that they do not know.

// nameSources says of a new topic's settings that they are the topic's own.
func nameSources(r *kmsg.CreateTopicsResponse) {
	for i := range r.Topics {
		topic := &r.Topics[i]
		if topic.Configs == nil && topic.ErrorCode == 0 {
			topic.Configs = []kmsg.CreateTopicsResponseTopicConfig{}
		}
		for j := range topic.Configs {
			if topic.Configs[j].Source < 0 {
				topic.Configs[j].Source = int8(kmsg.ConfigSourceDynamicTopicConfig)
			}
		}
	}
}

// nobodyElectable says that no replica outside of the in-sync ones could lead.
func nobodyElectable(r *kmsg.DescribeTopicPartitionsResponse) {
	for i := range r.Topics {
		for j := range r.Topics[i].Partitions {
			p := &r.Topics[i].Partitions[j]
			if p.EligibleLeaderReplicas == nil {
				p.EligibleLeaderReplicas = []int32{}
			}
			if p.LastKnownELR == nil {
				p.LastKnownELR = []int32{}
			}
		}
	}
}

// listQuotas lists none where there are none.
func listQuotas(r *kmsg.DescribeClientQuotasResponse) {
	if r.Entries == nil && r.ErrorCode == 0 {
		r.Entries = []kmsg.DescribeClientQuotasResponseEntry{}
	}
}

// respell lets kfake answer a request as it understands it.
func respell(request kmsg.Request) {
	switch r := request.(type) {
	case *kmsg.ListGroupsRequest:
		spellFilters(r)
	case *kmsg.DescribeUserSCRAMCredentialsRequest:
		if len(r.Users) == 0 {
			r.Users = nil // everybody
		}
	}
}

// spellFilters spells what groups are to be listed as kfake does: Java's
// clients ask for Classic ones where kfake knows classic ones, and either is
// fine with Apache Kafka.
func spellFilters(list *kmsg.ListGroupsRequest) {
	for i, name := range list.TypesFilter {
		list.TypesFilter[i] = strings.ToLower(name)
	}
	for i, name := range list.StatesFilter {
		for _, state := range []string{"Empty", "Stable", "PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling", "Dead"} {
			if strings.EqualFold(state, name) {
				list.StatesFilter[i] = state
			}
		}
	}
}

// nameProtocol says what members of groups speak that the broker balances.
func nameProtocol(r *kmsg.ListGroupsResponse) {
	for i := range r.Groups {
		if g := &r.Groups[i]; g.GroupType == "consumer" && g.ProtocolType == "" {
			g.ProtocolType = "consumer"
		}
	}
}
