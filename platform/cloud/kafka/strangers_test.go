package kafka

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/weirstream/weir/platform/clock"
)

// frame is a request of which only the head is put together from its parts.
func frame(key kmsg.Key, version int16, parts ...[]byte) []byte {
	f := binary.BigEndian.AppendUint16(make([]byte, 4), uint16(key))
	f = binary.BigEndian.AppendUint16(f, uint16(version))
	f = append(binary.BigEndian.AppendUint32(f, 7), slices.Concat(parts...)...)
	binary.BigEndian.PutUint32(f, uint32(len(f)-4))
	return f
}

var (
	nobody    = []byte{0xff, 0xff} // no client id
	noTags    = []byte{0}
	oneTag    = []byte{1, 9, 2, 'x', 'y'}
	threeTags = []byte{3, 9, 0, 10, 0}               // and only two of them
	allTags   = []byte{0xff, 0xff, 0xff, 0xff, 0x0f} // 2^32-1
	software  = []byte{2, 'c', 2, '1'}               // ApiVersions' name and version
	login     = []byte{6, 0, 'u', 0, 'p', 'w'}       // SaslAuthenticate's, for PLAIN
)

// heard is what kfake reads of what a client sends, and why it reads no further.
func heard(t *testing.T, stranger bool, sent []byte) ([]byte, error) {
	t.Helper()
	client, broker := net.Pipe()
	t.Cleanup(func() { client.Close() })
	c := newGuarded(&lastWords{broker, sent}, func() {}, clock.Wall{}, func(_ question, answer []byte) []byte { return answer })
	c.stranger.Store(stranger)
	t.Cleanup(func() { _ = c.Conn.Close() })
	got, err := io.ReadAll(c)
	return got, err
}

// TestClaimsBeyondARequestsEndDoNotReachKfake looks at what kmsg would count
// through, for seconds.
func TestClaimsBeyondARequestsEndDoNotReachKfake(t *testing.T) {
	t.Parallel()
	long := append([]byte{0x7f, 0xff}, strings.Repeat("i", 0x7fff)...)
	for name, test := range map[string]struct {
		stranger bool
		sent     []byte
		want     error
	}{
		"versions":                   {true, frame(kmsg.ApiVersions, 3, nobody, noTags, software, noTags), nil},
		"versions with tags":         {true, frame(kmsg.ApiVersions, 4, nobody, oneTag, software, oneTag), nil},
		"versions of a cluster":      {true, frame(kmsg.ApiVersions, 5, nobody, noTags, software, []byte{0, 0, 0, 0, 1}, oneTag), nil},
		"versions without tags":      {true, frame(kmsg.ApiVersions, 2, nobody), nil},
		"versions, head":             {true, frame(kmsg.ApiVersions, 3, nobody, allTags, software, noTags), errFrame},
		"versions, head, one short":  {true, frame(kmsg.ApiVersions, 3, nobody, threeTags), errFrame},
		"versions, body":             {true, frame(kmsg.ApiVersions, 3, nobody, noTags, software, allTags), errFrame},
		"versions, body, one short":  {true, frame(kmsg.ApiVersions, 3, nobody, noTags, software, threeTags), errFrame},
		"versions, no body":          {true, frame(kmsg.ApiVersions, 3, nobody, noTags), errFrame},
		"versions, no head":          {true, frame(kmsg.ApiVersions, 3), errFrame},
		"versions, count cut off":    {true, frame(kmsg.ApiVersions, 3, nobody, allTags[:2]), errFrame},
		"versions, id cut off":       {true, frame(kmsg.ApiVersions, 3, []byte{0, 9}, noTags, software, noTags), errFrame},
		"versions, large":            {true, frame(kmsg.ApiVersions, 0, nobody, make([]byte, saslMax)), errFrame},
		"login":                      {true, frame(kmsg.SASLAuthenticate, 2, nobody, noTags, login, noTags), nil},
		"login without tags":         {true, frame(kmsg.SASLAuthenticate, 0, nobody, []byte{0, 0, 0, 0}), nil},
		"login, head":                {true, frame(kmsg.SASLAuthenticate, 2, nobody, allTags, login, noTags), errFrame},
		"login, body":                {true, frame(kmsg.SASLAuthenticate, 2, nobody, noTags, login, allTags), errFrame},
		"a stranger's metadata":      {true, frame(kmsg.Metadata, 12, nobody, noTags, make([]byte, 3), allTags), errStranger},
		"a stranger's produce":       {true, frame(kmsg.Produce, 9, nobody, noTags, make([]byte, 8), allTags), errStranger},
		"a stranger's topics":        {true, frame(kmsg.CreateTopics, 5, nobody, noTags, make([]byte, 6), allTags), errStranger},
		"produce":                    {false, frame(kmsg.Produce, 9, nobody, oneTag, make([]byte, 8), noTags), nil},
		"produce, old":               {false, frame(kmsg.Produce, 8, nobody, allTags), nil},
		"produce, head":              {false, frame(kmsg.Produce, 9, nobody, allTags, make([]byte, 8), noTags), errFrame},
		"produce, long id":           {false, frame(kmsg.Produce, 9, long, oneTag, make([]byte, 100_000), noTags), nil},
		"produce, long id, head":     {false, frame(kmsg.Produce, 9, long, allTags, make([]byte, 100_000)), errFrame},
		"produce, tags that may fit": {false, frame(kmsg.Produce, 9, nobody, []byte{0x80, 0x01}, make([]byte, 256)), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := heard(t, test.stranger, test.sent)
			if want := test.sent; !errors.Is(err, test.want) || test.want == nil && !slices.Equal(got, want) || test.want != nil && len(got) > 0 {
				t.Errorf("kfake got %d bytes of %d, then %v", len(got), len(test.sent), err)
			}
		})
	}
}

func TestFlexibleVersionsAreKmsgs(t *testing.T) {
	t.Parallel()
	for key := int16(-1); key <= kmsg.MaxKey+1; key++ {
		request := kmsg.RequestForKey(key)
		for _, version := range []int16{-32768, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 99, 32767} {
			tagged, known := flexible(key, version)
			if known != (request != nil) {
				t.Fatalf("key %d: known %t", key, known)
			}
			if request == nil {
				continue
			}
			if request.SetVersion(version); tagged != request.IsFlexible() {
				t.Errorf("key %d version %d: flexible %t", key, version, tagged)
			}
		}
	}
}

// endless gives the same request again and again.
type endless struct {
	net.Conn
	request []byte
	at      int
}

func (c *endless) Read(p []byte) (int, error) {
	n := copy(p, c.request[c.at:])
	c.at = (c.at + n) % len(c.request)
	return n, nil
}

func TestRecordsPassWithoutGarbage(t *testing.T) { //nolint:paralleltest // AllocsPerRun counts everybody's.
	request := frame(kmsg.Produce, 9, nobody, noTags, make([]byte, 20_000))
	c := newGuarded(&endless{request: request}, func() {}, clock.Wall{}, nil)
	got := make([]byte, len(request))
	if n := testing.AllocsPerRun(100, func() { _, _ = io.ReadFull(c, got[:4]); _, _ = io.ReadFull(c, got[4:]) }); n > 0 {
		t.Errorf("%v allocations for a request", n)
	}
	if !slices.Equal(got, request) {
		t.Errorf("read %x", got[:20])
	}
}

func BenchmarkGuard(b *testing.B) {
	for name, size := range map[string]int{"fetch": 100, "produce": 20_000} {
		b.Run(name, func(b *testing.B) {
			request := frame(kmsg.Produce, 9, nobody, noTags, make([]byte, size))
			c := newGuarded(&endless{request: request}, func() {}, clock.Wall{}, nil)
			got := make([]byte, len(request))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = io.ReadFull(c, got[:4])
				_, _ = io.ReadFull(c, got[4:])
			}
		})
	}
}

// converse sends frames at once and returns the answers that come before the
// broker closes the connection, or before there are as many.
func converse(t *testing.T, seed string, answers int, frames ...[]byte) (got [][]byte) {
	t.Helper()
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", seed)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(slices.Concat(frames...)); err != nil {
		t.Fatal(err)
	}
	for len(got) < answers {
		size := make([]byte, 4)
		if _, err := io.ReadFull(conn, size); err != nil {
			return got // a reset is as good as an end
		}
		answer := make([]byte, binary.BigEndian.Uint32(size))
		if _, err := io.ReadFull(conn, answer); err != nil {
			t.Fatal(err)
		}
		got = append(got, answer)
	}
	return got
}

func TestStrangersAreCutOff(t *testing.T) {
	t.Parallel()
	_, seeds, _ := run(t, Config{})
	for name, sent := range map[string][]byte{
		"billions of tags": frame(kmsg.ApiVersions, 3, nobody, allTags, software, noTags),
		"metadata":         frame(kmsg.Metadata, 12, nobody, noTags, make([]byte, 4)),
	} {
		if got := converse(t, seeds[0], 1, sent); len(got) > 0 {
			t.Errorf("%s: answered %x", name, got)
		}
	}
}

// Clients may send everything at once: what they authenticate by is judged first.
func TestRequestsWaitForAuthentication(t *testing.T) {
	t.Parallel()
	_, seeds, _ := run(t, Config{User: "u", Password: "secret"})
	hello := kmsg.NewPtrSASLHandshakeRequest()
	hello.Version, hello.Mechanism = 1, mechanismPlain
	formatter := kmsg.NewRequestFormatter()
	for version := range int16(3) {
		for password, want := range map[string]int{"secret": 4, "guess": 2} {
			auth := kmsg.NewPtrSASLAuthenticateRequest()
			auth.Version, auth.SASLAuthBytes = version, []byte("\x00u\x00"+password)
			metadata := kmsg.NewPtrMetadataRequest()
			metadata.Version = 12
			got := converse(t, seeds[0], 4, formatter.AppendRequest(nil, hello, 1), formatter.AppendRequest(nil, auth, 2),
				formatter.AppendRequest(nil, metadata, 3), frame(kmsg.ApiVersions, 0, nobody))
			if len(got) != want {
				t.Errorf("version %d, password %s: %d answers, want %d", version, password, len(got), want)
			}
		}
	}
}

// TestUnknownVersionsOfApiVersionsAreTold lets newer clients step down.
func TestUnknownVersionsOfApiVersionsAreTold(t *testing.T) {
	t.Parallel()
	_, seeds, _ := run(t, Config{})
	for name, sent := range map[string][]byte{
		"a newer one":          frame(kmsg.ApiVersions, 6, nobody, noTags, software, noTags),
		"one without a body":   frame(kmsg.ApiVersions, 99, nobody, noTags),
		"one of another shape": frame(kmsg.ApiVersions, 99, nobody, oneTag, allTags, allTags),
		"the last":             frame(kmsg.ApiVersions, 32767, nobody, noTags),
		"one below 0":          frame(kmsg.ApiVersions, -1, nobody),
	} {
		got := converse(t, seeds[0], 2, sent, frame(kmsg.ApiVersions, 3, nobody, noTags, software, noTags))
		if len(got) != 2 {
			t.Errorf("%s: %d answers", name, len(got))
			continue
		}
		r := kbin.Reader{Src: got[0]}
		id, code, keys := r.Int32(), r.Int16(), r.Int32()
		key, from, to := r.Int16(), r.Int16(), r.Int16()
		if id != 7 || code != kerr.UnsupportedVersion.Code || keys != 1 || key != 18 || from != 0 || to < 4 || !r.Ok() || len(r.Src) > 0 {
			t.Errorf("%s: %x", name, got[0])
		}
		answer := kmsg.NewPtrApiVersionsResponse()
		answer.Version = 3
		if err := answer.ReadFrom(got[1][4:]); err != nil || answer.ErrorCode != 0 || len(answer.ApiKeys) < 40 {
			t.Errorf("%s: stepped down: %+v, %v", name, answer, err)
		}
	}
}

// FuzzStranger throws bytes at what reads them before anybody has authenticated:
// what it hands on are whole requests, which kmsg reads to their end.
func FuzzStranger(f *testing.F) {
	for version := range int16(7) {
		for _, tags := range [][]byte{noTags, oneTag, threeTags, allTags} {
			f.Add(frame(kmsg.ApiVersions, version, nobody, tags, software, noTags))
			f.Add(frame(kmsg.ApiVersions, version, nobody, noTags, software, []byte{0, 0, 0, 0, 1}, tags))
			f.Add(frame(kmsg.SASLAuthenticate, version, nobody, tags, login, noTags))
			f.Add(frame(kmsg.SASLAuthenticate, version, nobody, noTags, login, tags))
			f.Add(frame(kmsg.Produce, 9+version, nobody, tags, make([]byte, 8), tags))
		}
		f.Add(frame(kmsg.SASLHandshake, version, nobody, []byte("\x00\x05PLAIN")))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		if len(sent) >= 4 { // a second request would wait for the answer to the first
			sent = sent[:min(uint64(len(sent)), 4+uint64(binary.BigEndian.Uint32(sent)))]
		}
		got, _ := heard(t, true, sent)
		if len(got) == 0 {
			return
		}
		r := kbin.Reader{Src: got}
		if size := r.Int32(); int(size) != len(r.Src) {
			t.Fatalf("%d bytes of a request of %d", len(r.Src), size)
		}
		key, version := r.Int16(), r.Int16()
		if !forStrangers(key) {
			t.Fatalf("key %d", key)
		}
		request := kmsg.RequestForKey(key)
		request.SetVersion(version)
		if !request.IsFlexible() {
			return // has nothing to count through
		}
		r.Int32()
		r.NullableString()
		if skipTags(&r); !r.Ok() {
			t.Fatal("the head has fewer tags than it says")
		}
		if err := request.ReadFrom(r.Src); err != nil {
			t.Error(err)
		}
	})
}
