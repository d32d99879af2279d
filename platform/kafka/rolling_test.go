package kafka_test

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/weirstream/weir/platform/kafka"
)

// assignments are what the leader of a group hands out, one after the other, and
// what its coordinator holds: the partitions of each static member.
type assignments struct {
	t       *testing.T
	cluster *kfake.Cluster

	mu   sync.Mutex
	made []map[string]string
}

// watch notes every assignment of the group from now on.
func (a *assignments) watch(group string) {
	a.cluster.Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.SyncGroup}, Group: group, Count: -1, Observe: true,
		When: func(r kmsg.Request) bool {
			parts := map[string]string{}
			for _, member := range r.(*kmsg.SyncGroupRequest).GroupAssignment {
				var given kmsg.ConsumerMemberAssignment
				if err := given.ReadFrom(member.MemberAssignment); err != nil {
					a.t.Errorf("assignment of %s: %v", member.MemberID, err)
				}
				for _, topic := range given.Topics {
					parts[instanceOf(member.MemberID)] = sorted(topic.Partitions)
				}
			}
			if len(parts) > 0 { // only the leader's request has any
				a.mu.Lock()
				a.made = append(a.made, parts)
				a.mu.Unlock()
			}
			return false
		},
	})
}

// held is what the coordinator knows now.
func (a *assignments) held(group string) map[string]string {
	parts := map[string]string{}
	if info := a.cluster.GroupInfo(group); info != nil {
		for _, m := range info.Members {
			parts[*m.InstanceID] = sorted(m.Assignment["in"])
		}
	}
	return parts
}

func sorted(partitions []int32) string {
	return fmt.Sprint(slices.Sorted(slices.Values(partitions)))
}

// instanceOf is the instance id that a static member's id begins with.
func instanceOf(memberID string) string { return memberID[:len("stage-0")] }

// TestRollingRestartMovesNoPartition restarts each of three static members in
// turn, under load and within the session time-out. In every assignment that is
// made meanwhile, and at the coordinator after each restart, all partitions are
// where they were; nothing is lost or done twice.
func TestRollingRestartMovesNoPartition(t *testing.T) {
	t.Parallel()
	const members = 3
	fake, cluster := brokers(t, []string{"in", "out", "state"})
	seat := func(i int) (*kafka.Transformer, func() error) {
		cfg := transformerConfig("g")
		cfg.Member.InstanceID, cfg.Member.SessionTimeout = fmt.Sprintf("stage-%d", i), 30*time.Second
		tr := newTransformer(t, cluster, cfg, number)
		return tr, running(t, tr.Run)
	}
	stages, stops := make([]*kafka.Transformer, members), make([]func() error, members)
	for i := range members {
		stages[i], stops[i] = seat(i)
	}
	within(t, 20*time.Second, "two each", func() bool {
		return !slices.ContainsFunc(stages, func(s *kafka.Transformer) bool { return s.Stats().Assigned != partitions/members })
	})
	seen := &assignments{t: t, cluster: fake}
	before := seen.held("g")
	if len(before) != members {
		t.Fatalf("the coordinator knows %v", before)
	}
	seen.watch("g")
	const batch = 200
	fed := 0
	for i := range members {
		feed(t, cluster, fed, batch)
		fed += batch
		if err := stops[i](); err != nil {
			t.Fatal(err)
		}
		feed(t, cluster, fed, batch) // while it is away
		fed += batch
		stages[i], stops[i] = seat(i)
		within(t, 20*time.Second, "its partitions back", func() bool { return stages[i].Stats().Assigned == partitions/members })
		if after := seen.held("g"); !maps.Equal(after, before) {
			t.Fatalf("after the restart of member %d: %v; before %v", i, after, before)
		}
	}
	within(t, 20*time.Second, "all outputs", func() bool { return len(drain(t, cluster, "out")) >= fed })
	if err := exactlyOnce(drain(t, cluster, "out"), fed); err != nil {
		t.Error(err)
	}
	seen.mu.Lock()
	defer seen.mu.Unlock()
	for _, made := range seen.made {
		if !maps.Equal(made, before) {
			t.Errorf("partitions moved: %v, before %v", made, before)
		}
	}
	t.Logf("%d assignments made", len(seen.made))
}

// TestRevocationsInARowAreAllSeen has an idle member hand partitions over twice
// with no transaction between: the session tells only of the first time.
func TestRevocationsInARowAreAllSeen(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, []string{"in", "out", "state"})
	var members []*kafka.Transformer
	for n := int64(1); n <= 3; n++ {
		tr := newTransformer(t, cluster, transformerConfig("g"), number)
		running(t, tr.Run)
		members = append(members, tr)
		within(t, 20*time.Second, fmt.Sprintf("%d partitions for each of %d", partitions/n, n), func() bool {
			return !slices.ContainsFunc(members, func(m *kafka.Transformer) bool { return m.Stats().Assigned != partitions/n })
		})
	}
}
