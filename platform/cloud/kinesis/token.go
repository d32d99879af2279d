package kinesis

import (
	"bytes"
	"cmp"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"github.com/weirstream/weir/platform/cloud/store"
)

// sealer makes the opaque tokens handed to callers: shard iterators and page
// tokens. A token carries its whole state, encrypted and authenticated, so the
// service keeps no table of them, a token may be used any number of times, and
// nobody can forge or alter one.
type sealer struct{ aead cipher.AEAD }

// tokensKey is the name of the key that seals tokens.
const tokensKey = "kinesis tokens"

// newSealer seals with a key of data's keyring, so that tokens outlive the
// process; nil seals with one that ends with it.
func newSealer(data *store.Data) *sealer {
	return &sealer{cmp.Or(data.Keyring(), store.NewKeyring()).AEAD(tokensKey)}
}

// tokenKind keeps a token from being used where another kind belongs.
type tokenKind byte

const (
	iteratorToken tokenKind = iota + 1
	shardsToken
	streamsToken
	consumersToken
)

// tokenTTL is how long iterators and page tokens live.
const tokenTTL = 5 * time.Minute

// token is what a sealed token says. The fields' meaning depends on the kind.
type token struct {
	kind     tokenKind
	issued   time.Time // ms precision
	stream   string    // stream name
	birth    uint64    // which stream of that name
	shard    uint32
	position uint64 // iterators: the next counter; page tokens: packed filter
	time     time.Time
	after    string // page tokens: the last name listed
}

var errBadToken = errors.New("not a token of this service")

// Tokens have the outer form of AWS's shard iterators: eight bytes that say 1,
// then at least nine blocks of 16 bytes.
const (
	tokenVersion  = "\x00\x00\x00\x00\x00\x00\x00\x01"
	tokenBlock    = 16
	tokenBytesMin = len(tokenVersion) + 9*tokenBlock
)

func (s *sealer) seal(t token) string {
	plain := make([]byte, 0, 256)
	plain = append(plain, byte(t.kind))
	plain = binary.AppendVarint(plain, t.issued.UnixMilli())
	plain = binary.AppendUvarint(plain, t.birth)
	plain = binary.AppendUvarint(plain, uint64(t.shard))
	plain = binary.AppendUvarint(plain, t.position)
	var millis int64
	if !t.time.IsZero() {
		millis = t.time.UnixMilli()
	}
	plain = binary.AppendVarint(plain, millis)
	plain = append(plain, byte(len(t.stream)))
	plain = append(plain, t.stream...)
	plain = binary.AppendUvarint(plain, uint64(len(t.after)))
	plain = append(plain, t.after...)
	size := len(tokenVersion) + s.aead.NonceSize() + len(plain) + s.aead.Overhead()
	padding := max(tokenBytesMin-size, 0)
	padding += (tokenBlock - (size+padding-len(tokenVersion))%tokenBlock) % tokenBlock
	plain = append(plain, make([]byte, padding)...)

	sealed := make([]byte, len(tokenVersion)+s.aead.NonceSize(), size+padding)
	nonce := sealed[copy(sealed, tokenVersion):]
	_, _ = rand.Read(nonce) // never fails: crypto/rand aborts the process instead
	sealed = s.aead.Seal(sealed, nonce, plain, nil)
	return base64.StdEncoding.EncodeToString(sealed)
}

// open verifies and decodes a token of the given kind. It does not judge its age.
func (s *sealer) open(kind tokenKind, text string) (token, error) {
	decoded, err := base64.StdEncoding.DecodeString(text)
	sealed, isToken := bytes.CutPrefix(decoded, []byte(tokenVersion))
	if err != nil || !isToken || len(sealed) < s.aead.NonceSize() {
		return token{}, errBadToken
	}
	nonce, box := sealed[:s.aead.NonceSize()], sealed[s.aead.NonceSize():]
	plain, err := s.aead.Open(nil, nonce, box, nil)
	if err != nil || len(plain) == 0 || tokenKind(plain[0]) != kind {
		return token{}, errBadToken
	}
	return parseToken(plain)
}

// parseToken reads what seal wrote; it tolerates any bytes.
func parseToken(plain []byte) (token, error) {
	t := token{kind: tokenKind(plain[0])}
	rest := plain[1:]
	ok := true
	signed := func() int64 {
		v, n := binary.Varint(rest)
		if n <= 0 {
			ok = false
			return 0
		}
		rest = rest[n:]
		return v
	}
	unsigned := func() uint64 {
		v, n := binary.Uvarint(rest)
		if n <= 0 {
			ok = false
			return 0
		}
		rest = rest[n:]
		return v
	}
	t.issued = time.UnixMilli(signed())
	t.birth = unsigned()
	t.shard = uint32(unsigned())
	t.position = unsigned()
	if millis := signed(); millis != 0 {
		t.time = time.UnixMilli(millis)
	}
	if !ok || len(rest) == 0 || len(rest)-1 < int(rest[0]) {
		return token{}, errBadToken
	}
	t.stream = string(rest[1 : 1+int(rest[0])])
	rest = rest[1+int(rest[0]):]
	size := unsigned()
	if !ok || size > uint64(len(rest)) {
		return token{}, errBadToken
	}
	t.after = string(rest[:size])
	return t, nil
}
