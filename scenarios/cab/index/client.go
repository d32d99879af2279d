package index

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/opensearch-project/opensearch-go/v4"

	"github.com/weirstream/weir/platform/scenario"
)

// answerMax is how long one request may take.
const answerMax = 30 * time.Second

// connect makes a client that tries nothing again by itself; release closes its
// connections.
func connect(address scenario.Address) (client *opensearch.Client, release func(), err error) {
	transport := address.Transport
	idle := func() {}
	if transport == nil {
		own := http.DefaultTransport.(*http.Transport).Clone()
		transport, idle = own, own.CloseIdleConnections
	}
	client, err = opensearch.NewClient(opensearch.Config{
		Addresses: []string{address.URL}, Username: address.User, Password: address.Password, Transport: transport,
		DisableRetry: true, HealthCheckMaxRetries: -1, RequestTimeout: answerMax,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("opensearch client: %w", err)
	}
	return client, func() {
		_ = client.Close() // ends its background work; there is nothing to lose
		idle()
	}, nil
}

// failure is an error as OpenSearch says it.
type failure struct {
	Type   string   `json:"type"`
	Reason string   `json:"reason"`
	Cause  *failure `json:"caused_by"`
}

func (f *failure) Error() string {
	text := f.Type + ": " + f.Reason
	if f.Cause != nil {
		text += ": " + f.Cause.Error()
	}
	return text
}

// refusal is what a reply other than success says.
func refusal(reply *opensearch.Response) error {
	body, _ := io.ReadAll(io.LimitReader(reply.Body, 64<<10)) // what there is of it
	var told struct{ Error *failure }
	if json.Unmarshal(body, &told) == nil && told.Error != nil {
		return fmt.Errorf("status %d: %w", reply.StatusCode, told.Error)
	}
	return fmt.Errorf("status %d: %.200q", reply.StatusCode, body)
}
