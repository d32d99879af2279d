package kafka

// ListNodes lists the brokers, and starts them if nobody has. BrokerId is Kafka's
// node id, which counts from 0 here and from 1 on MSK. Limit: 100 a page.

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type listNodesInput struct {
	clusterInput
	page
}

type listNodesOutput struct {
	NodeInfoList []nodeInfo `json:"nodeInfoList"`
}

type nodeInfo struct {
	AddedToClusterTime string         `json:"addedToClusterTime"`
	BrokerNodeInfo     brokerNodeInfo `json:"brokerNodeInfo"`
	InstanceType       string         `json:"instanceType"`
	NodeARN            string         `json:"nodeARN"`
	NodeType           string         `json:"nodeType"`
}

type brokerNodeInfo struct {
	BrokerID                  float64      `json:"brokerId"`
	ClientVpcIPAddress        string       `json:"clientVpcIpAddress"`
	CurrentBrokerSoftwareInfo softwareInfo `json:"currentBrokerSoftwareInfo"`
	Endpoints                 []string     `json:"endpoints"`
}

func (s *Service) listNodes() wire.Operation {
	return wire.Op("ListNodes", access[listNodesInput]("ListNodes"),
		func(_ context.Context, _ *wire.Call, in *listNodesInput) (out listNodesOutput, err error) {
			if err := s.find(in.clusterInput); err != nil {
				return out, err
			}
			c, err := s.open()
			if err != nil {
				return out, err
			}
			for i, g := range c.gates {
				host, _, _ := net.SplitHostPort(g.address)
				out.NodeInfoList = append(out.NodeInfoList, nodeInfo{
					AddedToClusterTime: s.created.UTC().Format(time.RFC3339), InstanceType: instanceType, NodeType: "BROKER",
					NodeARN: fmt.Sprintf("%s/%d", strings.Replace(s.arn(), ":cluster/", ":node/", 1), i),
					BrokerNodeInfo: brokerNodeInfo{
						BrokerID: float64(i), ClientVpcIPAddress: host,
						CurrentBrokerSoftwareInfo: softwareInfo{kafkaVersion}, Endpoints: []string{g.address},
					},
				})
			}
			return out, in.check()
		}).At(http.MethodGet, "/v1/clusters/{ClusterArn}/nodes")
}
