package sqs

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// receipt is what a receipt handle means: one receive of one message. A later
// receive of the message makes it stale.
type receipt struct {
	messageID string
	receives  int
}

func (r receipt) String() string {
	return base64.StdEncoding.EncodeToString([]byte("1 " + r.messageID + " " + strconv.Itoa(r.receives)))
}

func parseReceipt(handle string) (receipt, error) {
	if handle == "" {
		return receipt{}, missingParameter("ReceiptHandle")
	}
	raw, err := base64.StdEncoding.DecodeString(handle)
	parts := strings.Split(string(raw), " ")
	if err != nil || len(parts) != 3 || parts[0] != "1" {
		return receipt{}, errReceiptHandle(handle)
	}
	receives, err := strconv.Atoi(parts[2])
	if err != nil || receives < 1 {
		return receipt{}, errReceiptHandle(handle)
	}
	return receipt{messageID: parts[1], receives: receives}, nil
}

// received is a message as it was at one receive, safe to read without the
// queue's lock.
type received struct {
	outgoing
	id            string
	receipt       receipt
	sent          time.Time
	firstReceived time.Time
}

func (m *message) received() received {
	return received{
		outgoing: m.outgoing, id: m.id, sent: m.sent, firstReceived: m.firstReceived,
		receipt: receipt{messageID: m.id, receives: m.receives},
	}
}
