package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// EnvInstanceID names the environment variable that makes a member static
// where its config does not.
const EnvInstanceID = "GROUP_INSTANCE_ID"

// Member says how a process takes part in a consumer group; zero fields take
// defaults.
//
// Partitions move between members by the cooperative-sticky protocol: only
// those that change hands stop. A member with an InstanceID is static: when its
// process ends, even killed, its partitions wait for it for SessionTimeout, and
// one that comes back in time under the same id has them again with nobody
// else disturbed. Two processes with one id fence each other: the older ends
// with ErrFenced; with ServerAssigned the younger waits until the older has left,
// and tries again and again.
type Member struct {
	Group            string
	InstanceID       string        // "" means the environment variable GROUP_INSTANCE_ID, and without it a dynamic member; "-" means a dynamic member
	ServerAssigned   bool          // the protocol of KIP-848, in which the brokers assign the partitions; the session's length is then theirs (group.consumer.session.timeout.ms), and a killed static member's successor waits for its end
	SessionTimeout   time.Duration // a member silent for so long loses its partitions; 0 means 45s
	RebalanceTimeout time.Duration // a member that does not hand over within it loses its partitions; 0 means 60s
	Heartbeat        time.Duration // 0 means a fifteenth of SessionTimeout, at most 3s
	FromEnd          bool          // partitions never committed begin at their end instead of their start
}

func (m *Member) problems() []error {
	var problems []error
	if m.Group == "" {
		problems = append(problems, errors.New("Member.Group is empty; give the consumer group's name"))
	}
	if m.SessionTimeout < 0 || m.RebalanceTimeout < 0 || m.Heartbeat < 0 {
		problems = append(problems, errors.New("Member's durations must not be negative"))
	}
	if session, beat := cmp.Or(m.SessionTimeout, 45*time.Second), m.heartbeat(); beat*2 > session {
		problems = append(problems, fmt.Errorf("Member.Heartbeat %v leaves no second try within SessionTimeout %v", beat, session))
	}
	return problems
}

func (m *Member) heartbeat() time.Duration {
	return cmp.Or(m.Heartbeat, min(3*time.Second, cmp.Or(m.SessionTimeout, 45*time.Second)/15))
}

func (m *Member) instance() string {
	id := cmp.Or(m.InstanceID, os.Getenv(EnvInstanceID))
	if id == "-" {
		return ""
	}
	return id
}

// waits tells whether the group keeps a second process of one identity waiting
// instead of fencing the first.
func (m *Member) waits() bool { return m.ServerAssigned && m.instance() != "" }

// fenced is ErrFenced, and what to do about it.
func (m *Member) fenced() error {
	if m.instance() == "" {
		return ErrFenced
	}
	return fmt.Errorf("%w, %s in group %s; end one of the two, or start each with a %s of its own", ErrFenced, m.instance(), m.Group, EnvInstanceID)
}

// options are those of a group member that commits its own offsets. fenced is
// called when another process took its place.
func (m *Member) options(topics []string, fenced func()) []kgo.Opt {
	start := kgo.NewOffset().AtStart()
	if m.FromEnd {
		start = kgo.NewOffset().AtEnd()
	}
	opts := []kgo.Opt{
		kgo.ConsumerGroup(m.Group),
		kgo.ConsumeTopics(topics...),
		kgo.ConsumeStartOffset(start),
		kgo.DisableAutoCommit(),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.SessionTimeout(cmp.Or(m.SessionTimeout, 45*time.Second)),
		kgo.RebalanceTimeout(cmp.Or(m.RebalanceTimeout, time.Minute)),
		kgo.HeartbeatInterval(m.heartbeat()),
		kgo.WithHooks(fencedHook{fenced}),
	}
	if m.ServerAssigned {
		opts = append(opts, kgo.ServerSideBalancer())
	}
	if id := m.instance(); id != "" {
		opts = append(opts, kgo.InstanceID(id))
	}
	return opts
}

// leaveMax is for a group to hear that a member leaves. One that does not will
// find out by the session's end.
const leaveMax = 5 * time.Second

// leave leaves the group and closes the client, also where no coordinator
// answers: closing alone would ask it again and again.
func leave(client *kgo.Client) {
	ctx, cancel := context.WithTimeout(context.Background(), leaveMax)
	defer cancel()
	client.AllowRebalance()
	_ = client.LeaveGroupContext(ctx) // there is nothing to do about it
	client.Close()
	client.AllowRebalance() // closing polls what is left, and its own leaving could wait for that poll for ever
}

// fencedHook hears of the end of a membership.
type fencedHook struct{ fenced func() }

// OnGroupManageError is called by the client.
func (h fencedHook) OnGroupManageError(err error) {
	if errors.Is(err, kerr.FencedInstanceID) {
		h.fenced()
	}
}

// verify asks the coordinator whether the client is still the member that it
// takes itself for.
func (m *Member) verify(ctx context.Context, client *kgo.Client) error {
	id, generation := client.GroupMetadata()
	if m.ServerAssigned {
		// A heartbeat of ours could swallow an assignment, so this asks for no
		// offsets instead: that is refused for another member or epoch alike.
		req := kmsg.NewPtrOffsetFetchRequest()
		group := kmsg.NewOffsetFetchRequestGroup()
		group.Group, group.MemberID, group.MemberEpoch = m.Group, &id, generation
		group.Topics = []kmsg.OffsetFetchRequestGroupTopic{}
		req.Groups = append(req.Groups, group)
		resp, err := req.RequestWith(ctx, client)
		if err != nil {
			return err
		}
		for _, g := range resp.Groups {
			if err := kerr.ErrorForCode(g.ErrorCode); err != nil {
				return err
			}
		}
		return kerr.ErrorForCode(resp.ErrorCode)
	}
	req := kmsg.NewPtrHeartbeatRequest()
	req.Group, req.MemberID, req.Generation = m.Group, id, generation
	if instance := m.instance(); instance != "" {
		req.InstanceID = &instance
	}
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return err
	}
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil && !errors.Is(err, kerr.RebalanceInProgress) {
		return err
	}
	return nil
}
