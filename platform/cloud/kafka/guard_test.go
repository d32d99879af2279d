package kafka

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/weirstream/weir/platform/clock"
)

// join is a request that a broker answers only when others have joined, too.
func join(group, member string) *kmsg.JoinGroupRequest {
	req := kmsg.NewPtrJoinGroupRequest()
	req.Group, req.MemberID, req.ProtocolType = group, member, "consumer"
	req.SessionTimeoutMillis, req.RebalanceTimeoutMillis = 6000, 60_000
	req.Protocols = append(req.Protocols, kmsg.JoinGroupRequestProtocol{Name: "range"})
	return req
}

// TestKfakeHearsOfAClientsEndWhenItsJoinIsAnswered looks at what one side of a
// connection sees of the other's end.
func TestKfakeHearsOfAClientsEndWhenItsJoinIsAnswered(t *testing.T) {
	request := join("g", "m")
	request.SetVersion(9)
	whole := kmsg.NewRequestFormatter().AppendRequest(nil, request, 7)
	answer := append([]byte{0, 0, 0, 4}, 0, 0, 0, 7)
	for name, test := range map[string]struct {
		sent  []byte
		waits bool
		end   func(c *guarded) error // of the wait
	}{
		"answered": {whole, true, func(c *guarded) error { _, err := c.Write(answer); return err }},
		"closed":   {whole, true, func(c *guarded) error { return c.Close() }},
		"dropped":  {whole, true, func(*guarded) error { time.Sleep(outlastMax); return nil }}, // by the bubble's clock
		"torn":     {whole[:len(whole)-1], false, nil},
		"nothing":  {nil, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, broker := net.Pipe()
				c := newGuarded(broker, func() {}, clock.Wall{}, func(_ question, answer []byte) []byte { return answer })
				go func() {
					_, _ = client.Write(test.sent)
					client.Close()
				}()
				ended := make(chan error, 1)
				go func() {
					_, err := io.ReadAll(c)
					ended <- err
				}()
				synctest.Wait()
				if waits := len(ended) == 0; waits != test.waits {
					t.Errorf("waits %t", waits)
				}
				if _, err := broker.Write([]byte{0}); test.waits && !errors.Is(err, io.ErrClosedPipe) {
					t.Errorf("holds the connection while it waits: %v", err)
				}
				if test.waits {
					if err := test.end(c); err != nil && !errors.Is(err, io.ErrClosedPipe) {
						t.Error(err)
					}
				}
				synctest.Wait()
				if len(ended) == 0 {
					t.Error("waits for ever")
				}
				c.Close()
			})
		})
	}
}

// TestMembersKilledWhileTheyJoinAreForgotten has clients go while their
// JoinGroup waits for another member: one could still be answered in time.
func TestMembersKilledWhileTheyJoinAreForgotten(t *testing.T) {
	t.Parallel()
	const killed = 20
	s, seeds, _ := run(t, Config{})
	ask := func(client *kgo.Client, member string) *kmsg.JoinGroupResponse {
		lasts := join("g", member)
		lasts.SessionTimeoutMillis = 60_000 // longer than the others take to come
		resp, err := lasts.RequestWith(t.Context(), client)
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	members := func() int { return len(s.cluster.GroupInfo("g").Members) }
	client := dial(t, seeds)
	member := ask(client, ask(client, "").MemberID).MemberID
	var clients []*kgo.Client
	for range killed {
		c := dial(t, seeds)
		id := ask(c, "").MemberID
		go func() { _, _ = join("g", id).RequestWith(t.Context(), c) }() // is never answered
		clients = append(clients, c)
	}
	until(t, "all to be members", func() bool { return members() == 1+killed })
	for _, c := range clients {
		c.Close()
	}
	generation := ask(client, member).Generation
	sync := kmsg.NewPtrSyncGroupRequest()
	sync.Group, sync.MemberID, sync.Generation = "g", member, generation
	if _, err := sync.RequestWith(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	until(t, "the killed to be forgotten", func() bool {
		beat := kmsg.NewPtrHeartbeatRequest()
		beat.Group, beat.MemberID, beat.Generation = "g", member, generation
		if _, err := beat.RequestWith(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		return members() == 1
	})
}

// lastWords is a connection that gives its last bytes together with the end of
// the stream, as one of TLS 1.2 may.
type lastWords struct {
	net.Conn
	text []byte
}

func (c *lastWords) Read(p []byte) (int, error) {
	n := copy(p, c.text)
	if c.text = c.text[n:]; len(c.text) == 0 {
		return n, io.EOF
	}
	return n, nil
}

func TestLastBytesAreReadBeforeTheEnd(t *testing.T) {
	t.Parallel()
	request := join("g", "m")
	request.SetVersion(9)
	whole := kmsg.NewRequestFormatter().AppendRequest(nil, request, 7)
	client, broker := net.Pipe()
	defer client.Close()
	c := newGuarded(&lastWords{broker, whole}, func() {}, clock.Wall{}, func(_ question, answer []byte) []byte { return answer })
	got := make([]byte, len(whole))
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, whole) {
		t.Errorf("%x, %v", got, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if n, err := c.Read(got); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("%d bytes, %v", n, err)
	}
}
