package kafka

// ListClusters lists the account's one cluster. ClusterNameFilter is a prefix.
// Limit: 100 a page.

import (
	"context"
	"net/http"
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type listClustersInput struct {
	page
	ClusterNameFilter string `json:"clusterNameFilter"`
}

type listClustersOutput struct {
	ClusterInfoList []clusterInfo `json:"clusterInfoList"`
}

// clusterInfo is the cluster as the first version of the API shows it.
type clusterInfo struct {
	summary
	provisioned
}

func (s *Service) listClusters() wire.Operation {
	return wire.Op("ListClusters", accessAll[listClustersInput]("ListClusters"),
		func(_ context.Context, _ *wire.Call, in *listClustersInput) (listClustersOutput, error) {
			out := listClustersOutput{ClusterInfoList: []clusterInfo{}}
			if strings.HasPrefix(clusterName, in.ClusterNameFilter) {
				out.ClusterInfoList = append(out.ClusterInfoList, clusterInfo{s.summary(), s.provisioned()})
			}
			return out, in.check()
		}).At(http.MethodGet, "/v1/clusters")
}
