package sqs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"

	"github.com/weirstream/weir/platform/cloud/store"
)

// On disk a message is written once, under one key, and what receives make of
// it under another: a megabyte is not written again to hide it for a while.
// Queue names hold no slash, so no queue's prefix is another's.
const (
	queuePrefix   = "sqs/queue/"   // NAME
	deletedPrefix = "sqs/deleted/" // NAME, of a queue that was deleted less than recreateWait ago
	messagePrefix = "sqs/message/" // NAME/SEQUENCE
	receivePrefix = "sqs/receive/" // NAME/SEQUENCE, of a message that was received
)

func queueKey(name string) []byte   { return []byte(queuePrefix + name) }
func deletedKey(name string) []byte { return []byte(deletedPrefix + name) }

func messageKey(prefix, queue string, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(messagesOf(prefix, queue), seq)
}

func messagesOf(prefix, queue string) []byte { return []byte(prefix + queue + "/") }

// keptQueue is a queue on disk; durations are in nanoseconds.
type keptQueue struct {
	Visibility time.Duration `json:"visibility"`
	Retention  time.Duration `json:"retention"`
	Delay      time.Duration `json:"delay"`
	Wait       time.Duration `json:"wait"`
	SizeMax    int           `json:"size_max"`
	Created    time.Time     `json:"created"`
	Modified   time.Time     `json:"modified"`
	Purged     time.Time     `json:"purged,omitzero"`
}

type keptDeletion struct {
	At time.Time `json:"at"`
}

type keptMessage struct {
	ID         string                   `json:"id"`
	Body       string                   `json:"body"`
	Attributes map[string]keptAttribute `json:"attributes,omitempty"`
	Sender     string                   `json:"sender"`
	Sent       time.Time                `json:"sent"`
	VisibleAt  time.Time                `json:"visible_at"` // before the first receive
}

type keptAttribute struct {
	Type   string  `json:"type"`
	String *string `json:"string,omitempty"`
	Binary []byte  `json:"binary,omitempty"`
}

type keptReceive struct {
	Receives  int       `json:"receives"`
	First     time.Time `json:"first"`
	VisibleAt time.Time `json:"visible_at"`
}

// keep stages the queue itself. Callers hold q.mu, or have the queue to themselves.
func (q *queue) keep(c *store.Changes) {
	s := q.settings
	c.PutJSON(queueKey(q.name), keptQueue{
		s.visibility, s.retention, s.delay, s.wait, s.sizeMax, q.created, q.modified, q.purged,
	})
}

// keepMessage stages a message that just came. Callers hold q.mu.
func (q *queue) keepMessage(m *message) {
	if q.data == nil {
		return
	}
	kept := keptMessage{ID: m.id, Body: m.body, Sender: m.sender, Sent: m.sent, VisibleAt: m.visibleAt}
	if len(m.attributes) > 0 {
		kept.Attributes = make(map[string]keptAttribute, len(m.attributes))
	}
	for name, a := range m.attributes {
		kept.Attributes[name] = keptAttribute{a.DataType, a.StringValue, a.BinaryValue}
	}
	value := store.Encode(kept)
	q.data.Stage(func(c *store.Changes) { c.Put(messageKey(messagePrefix, q.name, m.seq), value) })
}

// keepReceives stages what receives, or a change of visibility, made of
// messages. Callers hold q.mu.
func (q *queue) keepReceives(list ...*message) {
	if len(list) == 0 {
		return
	}
	q.data.Stage(func(c *store.Changes) {
		for _, m := range list {
			c.PutJSON(messageKey(receivePrefix, q.name, m.seq), keptReceive{m.receives, m.firstReceived, m.visibleAt})
		}
	})
}

// keepMessageGone stages that a message is gone. Callers hold q.mu.
func (q *queue) keepMessageGone(m *message) {
	q.data.Stage(func(c *store.Changes) {
		c.Delete(messageKey(messagePrefix, q.name, m.seq))
		c.Delete(messageKey(receivePrefix, q.name, m.seq))
	})
}

// keepEmpty stages that no message is left. Callers hold q.mu.
func (q *queue) keepEmpty(c *store.Changes) {
	c.DeletePrefix(messagesOf(messagePrefix, q.name))
	c.DeletePrefix(messagesOf(receivePrefix, q.name))
}

// restore reads what an earlier process left.
func (s *Service) restore() error {
	data, now := s.cfg.Data, s.clock.Now()
	err := store.ScanJSON(data, []byte(deletedPrefix), func(key []byte, kept *keptDeletion) error {
		s.deleted[string(key[len(deletedPrefix):])] = kept.At
		return nil
	})
	if err != nil {
		return err
	}
	err = store.ScanJSON(data, []byte(queuePrefix), func(key []byte, kept *keptQueue) error {
		name := string(key[len(queuePrefix):])
		q := s.newQueue(name, settings{kept.Visibility, kept.Retention, kept.Delay, kept.Wait, kept.SizeMax}, kept.Created)
		q.modified, q.purged = kept.Modified, kept.Purged
		s.queues[name] = q
		return nil
	})
	for _, q := range s.queues {
		if err == nil {
			err = q.restore(now)
		}
	}
	return err
}

func (q *queue) restore(now time.Time) error {
	bySeq := make(map[uint64]*message)
	prefix := messagesOf(messagePrefix, q.name)
	err := store.ScanJSON(q.data, prefix, func(key []byte, kept *keptMessage) error {
		m := kept.message()
		m.seq = binary.BigEndian.Uint64(bytes.TrimPrefix(key, prefix))
		m.arrival = q.arrivals.PushBack(m)
		q.messages[m.id], bySeq[m.seq], q.seq = m, m, m.seq
		return nil
	})
	if err != nil {
		return err
	}
	prefix = messagesOf(receivePrefix, q.name)
	err = store.ScanJSON(q.data, prefix, func(key []byte, kept *keptReceive) error {
		m := bySeq[binary.BigEndian.Uint64(bytes.TrimPrefix(key, prefix))]
		if m == nil {
			return q.data.Damaged(key, errors.New("it is of no message"))
		}
		m.receives, m.firstReceived, m.visibleAt = kept.Receives, kept.First, kept.VisibleAt
		return nil
	})
	for _, m := range bySeq {
		q.place(m, now)
	}
	return err
}

func (k *keptMessage) message() *message {
	m := &message{outgoing: outgoing{body: k.Body, sender: k.Sender}, id: k.ID, sent: k.Sent, visibleAt: k.VisibleAt}
	if len(k.Attributes) > 0 {
		m.attributes = make(map[string]attribute, len(k.Attributes))
	}
	for name, a := range k.Attributes {
		m.attributes[name] = attribute{DataType: a.Type, StringValue: a.String, BinaryValue: a.Binary}
	}
	return m
}
