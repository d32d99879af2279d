package kafka

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// forStrangers says whether clients may send a request before they have
// authenticated. What such a one holds is checked to its end.
func forStrangers(key int16) bool {
	switch kmsg.Key(key) {
	case kmsg.ApiVersions, kmsg.SASLHandshake, kmsg.SASLAuthenticate:
		return true
	}
	return false
}

// authenticated waits, before the client has authenticated, until all that it
// asked is answered.
func (c *guarded) authenticated() bool {
	for c.stranger.Load() && c.waits() {
		<-c.settled
	}
	return !c.stranger.Load()
}

func (c *guarded) waits() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.asked) > 0
}

// admits tells whether an answer ends an authentication. The one in the midst
// of SCRAM is a challenge, which begins with a nonce.
func (q question) admits(answer []byte) bool {
	if q.key != int16(kmsg.SASLAuthenticate) {
		return false
	}
	parsed := kmsg.NewPtrSASLAuthenticateResponse()
	parsed.SetVersion(q.version)
	head := answerHead
	if parsed.IsFlexible() {
		head++ // no tags
	}
	return len(answer) >= head && parsed.ReadFrom(answer[head:]) == nil &&
		parsed.ErrorCode == 0 && !bytes.HasPrefix(parsed.SASLAuthBytes, []byte("r="))
}

// body is a reader of what is behind a whole request's head.
func body(request []byte, flexible bool) kbin.Reader {
	r := kbin.Reader{Src: request[frameHead:]}
	r.NullableString()
	if flexible {
		skipTags(&r)
	}
	return r
}

// checkPlain refuses an empty password in a SASL/PLAIN message. Those of other
// mechanisms hold no NUL.
func checkPlain(request []byte, flexible bool) error {
	r := body(request, flexible)
	var message []byte
	if flexible {
		message = r.CompactBytes()
		skipTags(&r)
	} else {
		message = r.Bytes()
	}
	if !r.Ok() {
		return fmt.Errorf("%w: SaslAuthenticate is cut short", errFrame)
	}
	parts := strings.SplitN(string(message), "\x00", 3)
	if len(parts) == 3 && parts[2] == "" {
		return errNoPassword
	}
	return nil
}

// checkVersions checks a whole ApiVersions request. In place of one in a version
// that kmsg cannot read it returns one that kfake reads and answers with
// UNSUPPORTED_VERSION, as Apache Kafka answers without looking at the body:
// newer clients then ask again.
func checkVersions(request []byte, flexible bool) ([]byte, error) {
	asked := kmsg.NewPtrApiVersionsRequest()
	version := int16(binary.BigEndian.Uint16(request[6:]))
	if version < 0 || version > asked.MaxVersion() {
		asked.SetVersion(asked.MaxVersion() + 1)
		id := int32(binary.BigEndian.Uint32(request[8:]))
		return kmsg.NewRequestFormatter().AppendRequest(nil, asked, id), nil
	}
	if !flexible {
		return request, nil
	}
	r := body(request, flexible)
	r.CompactString() // the client's name
	r.CompactString() // and version
	if version >= 5 {
		r.CompactNullableString() // the cluster
		r.Int32()                 // and broker that it means
	}
	if skipTags(&r); !r.Ok() {
		return nil, fmt.Errorf("%w: ApiVersions is cut short", errFrame)
	}
	return request, nil
}
