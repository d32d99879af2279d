package kafka

// GetBootstrapBrokers says where clients begin, and starts the brokers if
// nobody has. They are in the string for SASL/SCRAM, which on AWS always means
// TLS: here it does where the cloud's endpoint is https.

import (
	"context"
	"net/http"
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type getBootstrapBrokersInput struct{ clusterInput }

type getBootstrapBrokersOutput struct {
	BootstrapBrokerStringSaslScram string `json:"bootstrapBrokerStringSaslScram"`
}

func (s *Service) getBootstrapBrokers() wire.Operation {
	return wire.Op("GetBootstrapBrokers", access[getBootstrapBrokersInput]("GetBootstrapBrokers"),
		func(_ context.Context, _ *wire.Call, in *getBootstrapBrokersInput) (out getBootstrapBrokersOutput, err error) {
			if err := s.find(in.clusterInput); err != nil {
				return out, err
			}
			addresses, err := s.Brokers()
			out.BootstrapBrokerStringSaslScram = strings.Join(addresses, ",")
			return out, err
		}).At(http.MethodGet, "/v1/clusters/{ClusterArn}/bootstrap-brokers")
}
