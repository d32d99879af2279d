package kafka

// ListClustersV2 lists the account's one cluster, which is provisioned.
// ClusterNameFilter is a prefix. Limit: 100 a page.

import (
	"context"
	"net/http"
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type listClustersV2Input struct {
	page
	ClusterNameFilter string `json:"clusterNameFilter"`
	ClusterTypeFilter string `json:"clusterTypeFilter"`
}

type listClustersV2Output struct {
	ClusterInfoList []clusterV2 `json:"clusterInfoList"`
}

// clusterV2 is the cluster as the second version of the API shows it.
type clusterV2 struct {
	summary
	ClusterType string      `json:"clusterType"`
	Provisioned provisioned `json:"provisioned"`
}

const typeProvisioned = "PROVISIONED"

func (s *Service) clusterV2() clusterV2 {
	return clusterV2{s.summary(), typeProvisioned, s.provisioned()}
}

func (s *Service) listClustersV2() wire.Operation {
	return wire.Op("ListClustersV2", accessAll[listClustersV2Input]("ListClustersV2"),
		func(_ context.Context, _ *wire.Call, in *listClustersV2Input) (listClustersV2Output, error) {
			out := listClustersV2Output{ClusterInfoList: []clusterV2{}}
			switch in.ClusterTypeFilter {
			case "", typeProvisioned:
			case "SERVERLESS":
				return out, in.check()
			default:
				return out, badRequest("clusterTypeFilter", "The parameter clusterTypeFilter must be PROVISIONED or SERVERLESS.")
			}
			if strings.HasPrefix(clusterName, in.ClusterNameFilter) {
				out.ClusterInfoList = append(out.ClusterInfoList, s.clusterV2())
			}
			return out, in.check()
		}).At(http.MethodGet, "/api/v2/clusters")
}
