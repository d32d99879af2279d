package kinesis

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/weirstream/weir/platform/cloud/store"
)

// content is a run of records.
type content struct {
	entries []entry
	bytes   []byte // partition key, then data, of each record
}

// entry locates one record in its content's bytes.
type entry struct {
	arrivalMillis int64
	start         uint32
	keyLen        uint32
	end           uint32
	encrypted     bool // put while the stream was encrypted
}

func (e entry) size() int { return int(e.end - e.start) }

func (c content) hasEncrypted() bool {
	for _, e := range c.entries {
		if e.encrypted {
			return true
		}
	}
	return false
}

// extend adds the records of another content.
func (c *content) extend(more content) {
	shift := uint32(len(c.bytes))
	for _, e := range more.entries {
		e.start, e.end = e.start+shift, e.end+shift
		c.entries = append(c.entries, e)
	}
	c.bytes = append(c.bytes, more.bytes...)
}

const (
	contentHeader = 4          // number of entries
	entryBytes    = 8 + 12 + 1 // arrival; start, key length, end; encrypted
)

// encode is the form on disk: the number of entries, the entries, the bytes.
func (c content) encode() []byte { return c.appendTo(nil) }

func (c content) appendTo(raw []byte) []byte {
	if len(c.entries) == 0 {
		return raw
	}
	from := c.entries[0].start // a part of a chunk is written as if it stood alone
	bytes := c.bytes[from:c.entries[len(c.entries)-1].end]
	if raw == nil {
		raw = make([]byte, 0, contentHeader+len(c.entries)*entryBytes+len(bytes))
	}
	raw = binary.LittleEndian.AppendUint32(raw, uint32(len(c.entries)))
	for _, e := range c.entries {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(e.arrivalMillis))
		raw = binary.LittleEndian.AppendUint32(raw, e.start-from)
		raw = binary.LittleEndian.AppendUint32(raw, e.keyLen)
		raw = binary.LittleEndian.AppendUint32(raw, e.end-from)
		raw = append(raw, flag(e.encrypted))
	}
	return append(raw, bytes...)
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// decodeContent reads what encode wrote; bytes aliases raw.
func decodeContent(raw []byte) (content, error) {
	if len(raw) < contentHeader {
		return content{}, fmt.Errorf("a chunk of %d bytes is too short", len(raw))
	}
	count := int(binary.LittleEndian.Uint32(raw))
	body := raw[contentHeader:]
	if count == 0 || len(body)/entryBytes < count {
		return content{}, fmt.Errorf("a chunk of %d bytes cannot hold %d records", len(raw), count)
	}
	c := content{entries: make([]entry, count), bytes: body[count*entryBytes:]}
	for i := range c.entries {
		at := body[i*entryBytes:]
		e := entry{
			arrivalMillis: int64(binary.LittleEndian.Uint64(at)),
			start:         binary.LittleEndian.Uint32(at[8:]),
			keyLen:        binary.LittleEndian.Uint32(at[12:]),
			end:           binary.LittleEndian.Uint32(at[16:]),
			encrypted:     at[20] == 1,
		}
		if at[20] > 1 || e.start > e.end || e.keyLen > e.end-e.start || int(e.end) > len(c.bytes) {
			return content{}, fmt.Errorf("record %d of a chunk lies outside it", i)
		}
		c.entries[i] = e
	}
	return c, nil
}

// A run on disk begins with the length of the name of the key that encrypts
// it, 0 for none, then the name.

var errNoRun = errors.New("not a run of records")

// encodeRun is a run as it lies under key.
func encodeRun(keyring *store.Keyring, key []byte, sp span, keyID string) []byte {
	run := content{entries: sp.entries, bytes: sp.bytes}
	if keyID == "" {
		size := 2 + contentHeader + len(sp.entries)*entryBytes + int(sp.entries[len(sp.entries)-1].end-sp.entries[0].start)
		return run.appendTo(append(make([]byte, 0, size), 0, 0))
	}
	raw := binary.BigEndian.AppendUint16(nil, uint16(len(keyID)))
	raw = append(raw, keyID...)
	return append(raw, keyring.Seal(keyID, key, run.encode())...)
}

// decodeRun reads what encodeRun wrote; the result aliases nothing.
func decodeRun(keyring *store.Keyring, key, raw []byte) (content, error) {
	if len(raw) < 2 {
		return content{}, errNoRun
	}
	name, body := int(binary.BigEndian.Uint16(raw)), raw[2:]
	if len(body) < name {
		return content{}, errNoRun
	}
	if name == 0 {
		return decodeContent(append([]byte(nil), body...))
	}
	plain, err := keyring.Open(string(body[:name]), key, body[name:])
	if err != nil {
		return content{}, err
	}
	return decodeContent(plain)
}
