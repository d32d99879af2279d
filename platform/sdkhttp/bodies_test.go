package sdkhttp

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// taken is a client that keeps the request it is given, as net/http does while
// it is still sending.
type taken struct{ r *http.Request }

func (t *taken) Do(r *http.Request) (*http.Response, error) {
	t.r = r
	return &http.Response{StatusCode: http.StatusOK}, nil
}

// closable fails reads after its close, as the SDK's bodies do.
type closable struct {
	io.Reader
	closed bool
}

func (c *closable) Read(p []byte) (int, error) {
	if c.closed {
		return 0, errors.New("read after close")
	}
	return c.Reader.Read(p)
}

func (c *closable) Close() error {
	c.closed = true
	return nil
}

func TestBodiesOutliveTheSDKs(t *testing.T) {
	t.Parallel()
	for name, length := range map[string]int64{"length announced": 5, "length unknown": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := &closable{Reader: strings.NewReader("hello")}
			r, err := http.NewRequest(http.MethodPost, "http://127.0.0.1/", own)
			if err != nil {
				t.Fatal(err)
			}
			r.ContentLength = length
			var next taken
			if _, err := (Bodies{&next}).Do(r); err != nil {
				t.Fatal(err)
			}
			if !own.closed {
				t.Error("the SDK's body was not closed")
			}
			if sent, err := io.ReadAll(next.r.Body); err != nil || string(sent) != "hello" {
				t.Errorf("sent %q, %v", sent, err)
			}
		})
	}
}

func TestShortBodyIsAnError(t *testing.T) {
	t.Parallel()
	r, err := http.NewRequest(http.MethodPost, "http://127.0.0.1/", &closable{Reader: strings.NewReader("hel")})
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = 5
	if _, err := (Bodies{&taken{}}).Do(r); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}

func TestNoBodyStaysNone(t *testing.T) {
	t.Parallel()
	r, err := http.NewRequest(http.MethodGet, "http://127.0.0.1/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	var next taken
	if _, err := (Bodies{&next}).Do(r); err != nil || next.r.Body != http.NoBody {
		t.Errorf("got %v, %v", next.r.Body, err)
	}
}
