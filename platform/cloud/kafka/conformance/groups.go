package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// classicGroup: members share the partitions cooperatively, and those of one
// that leaves go to the others; no record is read twice by it.
func (s *suite) classicGroup(t *testing.T) {
	s.sharing(t, "Classic", kgo.Balancers(kgo.CooperativeStickyBalancer()))
}

// serverGroup is the same by KIP-848.
func (s *suite) serverGroup(t *testing.T) { s.sharing(t, "Consumer", kgo.ServerSideBalancer()) }

func (s *suite) sharing(t *testing.T, kind string, balancing kgo.Opt) {
	topic, group := s.topic(t, 4, nil), name("group")
	first := s.member(t, topic, group, balancing)
	first.await(t, 4)
	second := s.member(t, topic, group, balancing)
	first.await(t, 2)
	second.await(t, 2)
	s.listed(t, group, kind)
	writer := s.dial(t, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	for i := range 20 {
		send(t, writer, &kgo.Record{Topic: topic, Partition: int32(i % 4), Value: fmt.Append(nil, i)})
	}
	until(t, "both together have read everything", func() bool { return first.count()+second.count() == 20 })
	if first.count() != 10 || second.count() != 10 {
		t.Errorf("they read %d and %d", first.count(), second.count())
	}
	second.leave()
	first.await(t, 4)
	send(t, writer, &kgo.Record{Topic: topic, Partition: 0}, &kgo.Record{Topic: topic, Partition: 1}, &kgo.Record{Topic: topic, Partition: 2}, &kgo.Record{Topic: topic, Partition: 3})
	until(t, "the one that is left reads the rest", func() bool { return first.count() == 14 })
}

// listed: a group is found by type and state, whichever way they are spelled.
func (s *suite) listed(t *testing.T, group, kind string) {
	t.Helper()
	client := s.dial(t)
	for _, by := range []struct{ kind, state string }{{kind, "stable"}, {strings.ToLower(kind), "Stable"}} {
		until(t, "the group is listed as "+by.state+" and "+by.kind, func() bool {
			list := kmsg.NewPtrListGroupsRequest()
			list.TypesFilter, list.StatesFilter = []string{by.kind}, []string{by.state}
			for _, shard := range client.RequestSharded(t.Context(), list) {
				answer, ok := shard.Resp.(*kmsg.ListGroupsResponse)
				if ok && slices.ContainsFunc(answer.Groups, func(g kmsg.ListGroupsResponseGroup) bool { return g.Group == group }) {
					return true
				}
			}
			return false
		})
	}
}

// staticMember: one that comes back under its name has its partitions at once,
// and nobody else's move.
func (s *suite) staticMember(t *testing.T) {
	topic, group := s.topic(t, 4, nil), name("group")
	balancing := kgo.Balancers(kgo.CooperativeStickyBalancer())
	stays := s.member(t, topic, group, balancing, kgo.InstanceID("stays"))
	stays.await(t, 4)
	restarts := s.member(t, topic, group, balancing, kgo.InstanceID("restarts"))
	stays.await(t, 2)
	restarts.await(t, 2)
	moves := stays.changes()
	restarts.leave()
	again := s.member(t, topic, group, balancing, kgo.InstanceID("restarts"))
	again.await(t, 2)
	if now := stays.changes(); now != moves {
		t.Errorf("partitions of the other member changed %d times", now-moves)
	}
}

// member is a consumer that polls all the time.
type member struct {
	leave func() // stops and closes

	mu       sync.Mutex
	assigned map[int32]bool
	changed  int
	records  int
}

func (s *suite) member(t *testing.T, topic, group string, options ...kgo.Opt) *member {
	t.Helper()
	m := &member{assigned: map[int32]bool{}}
	client := s.dial(t, append(
		options, kgo.ConsumeTopics(topic), kgo.ConsumerGroup(group), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.HeartbeatInterval(200*time.Millisecond), kgo.SessionTimeout(10*time.Second), kgo.AutoCommitInterval(200*time.Millisecond),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, got map[string][]int32) { m.change(got[topic], true) }),
		kgo.OnPartitionsRevoked(func(_ context.Context, c *kgo.Client, lost map[string][]int32) {
			_ = c.CommitUncommittedOffsets(context.Background()) // read again otherwise, and counted
			m.change(lost[topic], false)
		}),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, lost map[string][]int32) { m.change(lost[topic], false) }),
	)...)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var polls sync.WaitGroup
	polls.Go(func() {
		for ctx.Err() == nil && !m.poll(ctx, client).IsClientClosed() {
		}
	})
	var once sync.Once
	m.leave = func() { once.Do(func() { cancel(); polls.Wait(); client.Close() }) }
	t.Cleanup(m.leave)
	return m
}

func (m *member) poll(ctx context.Context, client *kgo.Client) kgo.Fetches {
	fetches := client.PollFetches(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.records += fetches.NumRecords()
	return fetches
}

func (m *member) change(partitions []int32, to bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range partitions {
		m.changed++
		if delete(m.assigned, p); to {
			m.assigned[p] = true
		}
	}
}

func (m *member) await(t *testing.T, partitions int) {
	t.Helper()
	until(t, fmt.Sprintf("a member has %d partitions", partitions), func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		return len(m.assigned) == partitions
	})
}

func (m *member) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.records
}

func (m *member) changes() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for began := time.Now(); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatal("in vain: ", what)
		}
	}
}
