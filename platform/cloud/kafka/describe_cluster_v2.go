package kafka

// DescribeClusterV2 shows the cluster, which is provisioned.

import (
	"context"
	"net/http"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type describeClusterV2Input struct{ clusterInput }

type describeClusterV2Output struct {
	ClusterInfo clusterV2 `json:"clusterInfo"`
}

func (s *Service) describeClusterV2() wire.Operation {
	return wire.Op("DescribeClusterV2", access[describeClusterV2Input]("DescribeClusterV2"),
		func(_ context.Context, _ *wire.Call, in *describeClusterV2Input) (describeClusterV2Output, error) {
			return describeClusterV2Output{s.clusterV2()}, s.find(in.clusterInput)
		}).At(http.MethodGet, "/api/v2/clusters/{ClusterArn}")
}
