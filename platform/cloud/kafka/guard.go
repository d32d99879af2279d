package kafka

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/weirstream/weir/platform/clock"
)

const (
	requestMax = 100 << 20 // socket.request.max.bytes
	saslMax    = 64 << 10
	frameHead  = 4 + 2 + 2 + 4 // length, key, version, correlation id
	refusalMax = time.Second   // to write an answer before the connection closes
)

var (
	errFrame      = errors.New("no Kafka request")
	errStranger   = errors.New("a request before authentication")
	errNoPassword = errors.New("authentication without a password")
)

// guarded is a client's connection on which nothing passes that kfake does not
// survive: a request of a kind that it does not know, of which it would panic,
// one of gigabytes, for which it would make room, or one that claims billions of
// tags in its head. From a client that has yet to authenticate only what serves
// that passes, small, read to its end, and one request at a time: kfake parses
// whatever it gets before it looks who sent it. The guard also stops SASL/PLAIN
// without a password, which kfake takes for the password of every user that has
// none for PLAIN.
//
// And it keeps from kfake that a client has gone until the client's JoinGroup
// is answered: the session of a member begins with that answer, and a member
// whose answer cannot be given would never be forgotten, nor its partitions
// given to others.
type guarded struct {
	net.Conn
	leave func()
	wall  clock.Clock
	amend func(q question, answer []byte) []byte

	in       *bufio.Reader // of Conn
	ready    []byte        // checked, and not yet read
	left     int           // of the request, behind ready
	at       uint32        // its correlation id
	stranger atomic.Bool   // has to authenticate

	mu      sync.Mutex
	asked   map[uint32]question // by correlation id: whose answers are amended or waited for
	settled chan struct{}       // holds one if asked has become less
}

func newGuarded(conn net.Conn, leave func(), wall clock.Clock, amend func(q question, answer []byte) []byte) *guarded {
	return &guarded{Conn: conn, in: bufio.NewReader(conn), leave: leave, wall: wall, amend: amend, settled: make(chan struct{}, 1)}
}

// question is what an answer belongs to.
type question struct {
	key, version int16
	add          func(kmsg.Response) // puts in what kfake was not asked; nil puts in nothing
}

func (q question) joins() bool { return q.key == int16(kmsg.JoinGroup) }

// Read implements net.Conn.
func (c *guarded) Read(p []byte) (int, error) {
	n, err := c.read(p)
	if err != nil && n == 0 { // else the next Read has the error again
		c.outlast()
	}
	return n, err
}

func (c *guarded) read(p []byte) (int, error) {
	if len(c.ready) == 0 && c.left == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	if len(c.ready) > 0 {
		n := copy(p, c.ready)
		c.ready = c.ready[n:]
		return n, nil
	}
	n, err := c.in.Read(p[:min(len(p), c.left)])
	if c.left -= n; err != nil && c.left > 0 {
		c.settle(c.at, nil) // kfake never sees the whole of it
	}
	return n, err
}

// outlastMax is how long Kafka's own clients let a rebalance take
// (max.poll.interval.ms). kfake never answers a JoinGroup whose member leaves, or
// joins by another connection, meanwhile.
const outlastMax = 5 * time.Minute

// outlast waits until every JoinGroup is answered, or Close is called. The
// client has gone, so its connection is given up at once.
func (c *guarded) outlast() {
	if !c.joining() {
		return
	}
	c.leave()
	c.Conn.Close()
	timer := c.wall.NewTimer(outlastMax)
	defer timer.Stop()
	for c.joining() {
		select {
		case <-c.settled:
		case <-timer.C:
			return
		}
	}
}

func (c *guarded) joining() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, q := range c.asked {
		if q.joins() {
			return true
		}
	}
	return false
}

// settle says what was asked, and that it is about to be answered, or never.
func (c *guarded) settle(id uint32, answer []byte) (q question, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q, found = c.asked[id]
	if found && q.admits(answer) {
		c.stranger.Store(false)
	}
	delete(c.asked, id)
	c.wake()
	return q, found
}

// wake has whoever waits for answers look again.
func (c *guarded) wake() {
	select {
	case c.settled <- struct{}{}:
	default:
	}
}

// next checks the beginning of a request, and all of some.
func (c *guarded) next() error {
	head, err := c.in.Peek(frameHead)
	if err != nil {
		return err
	}
	size, id := binary.BigEndian.Uint32(head), binary.BigEndian.Uint32(head[8:])
	asked := question{key: int16(binary.BigEndian.Uint16(head[4:])), version: int16(binary.BigEndian.Uint16(head[6:]))}
	tagged, known := flexible(asked.key, asked.version)
	switch {
	case size < frameHead-4 || size > requestMax:
		return fmt.Errorf("%w: %d bytes", errFrame, size)
	case !known:
		return fmt.Errorf("%w: key %d", errFrame, asked.key)
	case !c.authenticated() && !forStrangers(asked.key):
		return fmt.Errorf("%w: key %d", errStranger, asked.key)
	}
	if tagged {
		if err := c.checkTags(4 + int(size)); err != nil {
			return err
		}
	}
	c.left, c.at = 4+int(size), id
	asked.add, err = c.check(asked.key, tagged)
	if err == nil || errors.Is(err, errNoPassword) { // Close answers that
		c.ask(asked, id)
	}
	return err
}

// check makes ready what kfake is to get of a request that has to be seen whole;
// add is what its answer lacks.
func (c *guarded) check(key int16, tagged bool) (add func(kmsg.Response), err error) {
	limit := saslMax
	switch kmsg.Key(key) {
	case kmsg.ApiVersions, kmsg.SASLHandshake, kmsg.SASLAuthenticate:
	case kmsg.CreateTopics, kmsg.AlterConfigs, kmsg.IncrementalAlterConfigs:
		limit = changeMax
	default:
		return nil, nil
	}
	if err := c.readWhole(limit); err != nil {
		return nil, err
	}
	switch kmsg.Key(key) {
	case kmsg.ApiVersions:
		c.ready, err = checkVersions(c.ready, tagged)
	case kmsg.SASLAuthenticate:
		err = checkPlain(c.ready, tagged)
	case kmsg.SASLHandshake: // has no tags
	default:
		c.ready, add, err = takeOut(key, c.ready)
	}
	return add, err
}

// readWhole makes all of a request ready, which has to be of a bearable size.
func (c *guarded) readWhole(limit int) error {
	if c.left > frameHead+limit {
		return fmt.Errorf("%w: %d bytes where %d are the most", errFrame, c.left-frameHead, limit)
	}
	whole := make([]byte, c.left)
	if _, err := io.ReadFull(c.in, whole); err != nil {
		return err
	}
	c.ready, c.left = whole, 0
	return nil
}

// ask remembers a request; clients send the next before they have the answer.
func (c *guarded) ask(q question, id uint32) {
	if q.add == nil && !amends(q.key) && !q.joins() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked == nil {
		c.asked = map[uint32]question{}
	}
	c.asked[id] = q
}

// Write implements net.Conn. kfake writes every answer whole.
func (c *guarded) Write(p []byte) (int, error) {
	if len(p) < answerHead {
		return c.Conn.Write(p)
	}
	q, found := c.settle(binary.BigEndian.Uint32(p[4:]), p)
	if !found {
		return c.Conn.Write(p)
	}
	if n, err := c.Conn.Write(c.amend(q, p)); err != nil {
		return min(n, len(p)), err
	}
	return len(p), nil
}

// Close implements net.Conn. kfake closes without an answer on those who cannot
// authenticate, who would take it for a broker that is not well and try again.
func (c *guarded) Close() error {
	c.leave()
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, q := range c.asked {
		if q.key == int16(kmsg.SASLAuthenticate) {
			_ = c.Conn.SetWriteDeadline(c.wall.Now().Add(refusalMax))
			_, _ = c.Conn.Write(unauthenticated(id, q.version)) // the connection may be gone
		}
	}
	c.asked = nil
	c.wake()
	return c.Conn.Close()
}

// unauthenticated is Apache Kafka's answer to wrong credentials.
func unauthenticated(id uint32, version int16) []byte {
	answer := kmsg.NewPtrSASLAuthenticateResponse()
	answer.SetVersion(version)
	answer.ErrorCode = kerr.SaslAuthenticationFailed.Code
	answer.ErrorMessage = kmsg.StringPtr("Authentication failed: Invalid username or password")
	frame := binary.BigEndian.AppendUint32(make([]byte, 4), id)
	if answer.IsFlexible() {
		frame = append(frame, 0) // no tags
	}
	frame = answer.AppendTo(frame)
	binary.BigEndian.PutUint32(frame, uint32(len(frame)-4))
	return frame
}
