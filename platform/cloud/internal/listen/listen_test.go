package listen

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve serves until end is called, which returns what Serve did.
func serve(t *testing.T, p *Port, handler http.HandlerFunc) (end func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- p.Serve(ctx, handler) }()
	return func() error {
		cancel()
		return <-served
	}
}

func newPort() *Port {
	return New(Config{Service: "thing", Listen: "127.0.0.1:0", ReadTimeout: time.Minute, WriteTimeout: time.Minute, Log: slog.New(slog.DiscardHandler)})
}

func get(t *testing.T, url string) (string, error) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

func TestAPortNobodyAskedForEnds(t *testing.T) {
	t.Parallel()
	p := newPort()
	if err := serve(t, p, nil)(); err != nil {
		t.Error(err)
	}
	if open := p.Opened(); open != "" {
		t.Errorf("is open at %s", open)
	}
	if url, err := p.URL(); err == nil || !strings.Contains(err.Error(), "the thing has ended") {
		t.Errorf("%s, %v", url, err)
	}
}

func TestWhatIsInHandIsFinishedAndThePortGivenBack(t *testing.T) {
	t.Parallel()
	p := newPort()
	inHand, release := make(chan struct{}), make(chan struct{})
	end := serve(t, p, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/held" {
			return // one that came before the end
		}
		close(inHand)
		<-release
		_, _ = io.WriteString(w, "done")
	})
	if open := p.Opened(); open != "" {
		t.Errorf("is open at %s before anybody asked", open)
	}
	url, err := p.URL()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := p.URL(); again != url || err != nil || p.Opened() != url {
		t.Errorf("%s, then %s, %v; is open at %s", url, again, err, p.Opened())
	}
	answered := make(chan string, 1)
	go func() {
		body, _ := get(t, url+"/held")
		answered <- body
	}()
	<-inHand
	ended := make(chan error, 1)
	go func() { ended <- end() }()
	begun := time.Now()
	for { // until nobody new is let in
		_, err := get(t, url)
		if errors.Is(err, syscall.ECONNREFUSED) {
			break
		}
		if len(ended) > 0 || time.Since(begun) > drainMax {
			t.Fatalf("ended %d, and a new client hears %v", len(ended), err)
		}
	}
	close(release)
	if body := <-answered; body != "done" {
		t.Errorf("answered %q", body)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestALostServiceCutsOffUntilAllUndo(t *testing.T) {
	t.Parallel()
	p := newPort()
	calls := 0
	end := serve(t, p, func(http.ResponseWriter, *http.Request) { calls++ })
	url, err := p.URL()
	if err != nil {
		t.Fatal(err)
	}
	undo, other := p.Lose(), p.Lose()
	undo()
	undo() // counts once
	if _, err := get(t, url); err == nil || calls != 0 {
		t.Errorf("answers while it is lost: %v, %d calls", err, calls)
	}
	other()
	if _, err := get(t, url); err != nil || calls != 1 {
		t.Errorf("back: %v, %d calls", err, calls)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}

func TestCheckAndReachable(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"127.0.0.1:0": "", ":9200": "", "[::1]:http": "",
		"127.0.0.1": "such as here:1", "": "such as here:1", "h:70000": "0 to 65535", "h:-1": "0 to 65535",
	} {
		if err := Check(address, "here:1"); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", address, err)
		}
	}
	for host, want := range map[string]string{"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "127.0.0.1", "h": "h", "::1": "::1"} {
		if got := Reachable(host); got != want {
			t.Errorf("%q: %s", host, got)
		}
	}
}
