package hub

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// TestStopCutsOffABatchThatDoesNotCome has a client that sends half a body and no
// more: the stop is clean, and nothing of the client is left.
func TestStopCutsOffABatchThatDoesNotCome(t *testing.T) {
	t.Parallel()
	h, _, listener := newHub(t, obliging)
	h.finishMax = time.Millisecond
	stop, err := start(t, h)
	if err != nil {
		t.Fatal(err)
	}
	client, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close() //nolint:errcheck // the hub closed it
	half := line(0, nil)
	_, err = fmt.Fprintf(client, "POST %s HTTP/1.1\r\nHost: hub\r\nContent-Type: %s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		event.TelemetryPath, event.NDJSON, 2*len(half))
	if err != nil {
		t.Fatal(err)
	}
	// The hub says so when the handler reads.
	answer, err := http.ReadResponse(bufio.NewReader(client), nil)
	if err != nil || answer.StatusCode != http.StatusContinue {
		t.Fatalf("%+v, %v", answer, err)
	}
	if _, err := io.WriteString(client, half); err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Errorf("the hub ended with %v", err)
	}
	if !h.room.TryAcquire(roomBytes) {
		t.Error("the batch is still in hand after the end")
	}
	if rest, err := io.ReadAll(client); len(rest) > 0 {
		t.Errorf("the client got %q, %v", rest, err)
	}
}
