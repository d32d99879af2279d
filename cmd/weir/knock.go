package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/scenario"
)

// knockKafka asks every broker for a sign of life where the cluster says that
// it is: a listener that advertises an address which only the containers know is
// the usual mistake.
func knockKafka(b scenario.Brokers) error {
	ctx, cancel := context.WithTimeout(context.Background(), findTimeout)
	defer cancel()
	cluster := kafka.Cluster(b)
	client, err := kgo.NewClient(append(cluster.Options(), kgo.RequestRetries(1))...)
	if err != nil {
		return err
	}
	defer client.Close()
	ask := kmsg.NewPtrMetadataRequest()
	ask.Topics = []kmsg.MetadataRequestTopic{}
	known, err := ask.RequestWith(ctx, client)
	switch {
	case errors.Is(err, kerr.SaslAuthenticationFailed), b.User != "" && errors.Is(err, io.EOF): // some only hang up
		return fmt.Errorf("it refuses user %q: set %s and %s: %w", b.User, userVar, passwordVar, err)
	case b.User != "" && errors.Is(err, kerr.IllegalSaslState):
		return fmt.Errorf("it takes clients without a user, and %s names %q: unset it: %w", userVar, b.User, err)
	case err != nil:
		return fmt.Errorf("nothing answers: %w", err)
	}
	for _, broker := range known.Brokers {
		if _, err := client.Broker(int(broker.NodeID)).Request(ctx, kmsg.NewPtrApiVersionsRequest()); err != nil {
			return fmt.Errorf("broker %d says that it is at %s:%d and does not answer there (its advertised listener has to be reachable from here): %w",
				broker.NodeID, broker.Host, broker.Port, err)
		}
	}
	return nil
}

// knockHTTP gets a path and wants success; signIn names the variables that say
// as whom.
func knockHTTP(a scenario.Address, path, signIn string) error {
	ctx, cancel := context.WithTimeout(context.Background(), findTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(a.URL, "/")+path, nil)
	if err != nil {
		return err
	}
	if a.User != "" {
		request.SetBasicAuth(a.User, a.Password)
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("nothing answers: %w", err)
	}
	defer reply.Body.Close()
	switch said, _ := io.ReadAll(io.LimitReader(reply.Body, 200)); reply.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("it answers %s to user %q: set %s", reply.Status, a.User, signIn)
	default:
		return fmt.Errorf("it answers %s: %s", reply.Status, strings.TrimSpace(string(said)))
	}
}
