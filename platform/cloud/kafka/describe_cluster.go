package kafka

// DescribeCluster shows the cluster. There are no ZooKeeper addresses: the
// brokers speak as a KRaft cluster does.

import (
	"context"
	"net/http"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type describeClusterInput struct{ clusterInput }

type describeClusterOutput struct {
	ClusterInfo clusterInfo `json:"clusterInfo"`
}

func (s *Service) describeCluster() wire.Operation {
	return wire.Op("DescribeCluster", access[describeClusterInput]("DescribeCluster"),
		func(_ context.Context, _ *wire.Call, in *describeClusterInput) (describeClusterOutput, error) {
			return describeClusterOutput{clusterInfo{s.summary(), s.provisioned()}}, s.find(in.clusterInput)
		}).At(http.MethodGet, "/v1/clusters/{ClusterArn}")
}
