package main

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ceiling is a server that reads a request and sends a canned reply, the one
// PutRecords would give for putRecords entries: what the same client could
// reach if the service cost nothing. It checks no signature, parses nothing
// and stores nothing.
func ceiling(listener net.Listener) error {
	entry := `{"SequenceNumber":"49590338271490256608559692538361571095921575989136588898","ShardId":"shardId-000000000000"}`
	reply := []byte(`{"FailedRecordCount":0,"Records":[` + strings.TrimSuffix(strings.Repeat(entry+",", putRecords), ",") + `]}`)
	length := strconv.Itoa(len(reply))
	buffers := sync.Pool{New: func() any { b := make([]byte, 256<<10); return &b }}
	server := &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			buffer := buffers.Get().(*[]byte)
			defer buffers.Put(buffer)
			if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, r.Body, *buffer); err != nil {
				return // the client has gone
			}
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			w.Header().Set("Content-Length", length) // else the reply would go out in chunks
			_, _ = w.Write(reply)                    // a client that has gone does not read it
		}),
	}
	return server.Serve(listener)
}
