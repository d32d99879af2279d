package kafka

import (
	"fmt"
	"net/http"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// Service declares the control plane to the cloud's root. What AWS makes or
// changes through it is fixed here: there is one cluster.
func (s *Service) Service() wire.Service {
	gap := func(name, method, path, what string) wire.Operation { return wire.Gap(name, what).At(method, path) }
	const (
		clusters  = "making and changing MSK clusters: there is one, named " + clusterName
		secrets   = "SCRAM secrets of MSK: make users by Kafka's own AlterUserScramCredentials"
		topics    = "topics in MSK's control plane: make them by Kafka's own CreateTopics"
		policies  = "policies of MSK clusters"
		nameInARN = "/v1/clusters/{ClusterArn}"
	)
	return wire.Service{
		SigningName: "kafka",
		Protocol:    wire.Protocol{Kind: wire.REST},
		Operations: []wire.Operation{
			s.listClusters(), s.listClustersV2(), s.describeCluster(), s.describeClusterV2(),
			s.getBootstrapBrokers(), s.listNodes(),
			gap("CreateCluster", http.MethodPost, "/v1/clusters", clusters),
			gap("CreateClusterV2", http.MethodPost, "/api/v2/clusters", clusters),
			gap("DeleteCluster", http.MethodDelete, nameInARN, clusters),
			gap("UpdateBrokerCount", http.MethodPut, nameInARN+"/nodes/count", clusters),
			gap("UpdateBrokerType", http.MethodPut, nameInARN+"/nodes/type", clusters),
			gap("UpdateBrokerStorage", http.MethodPut, nameInARN+"/nodes/storage", clusters),
			gap("UpdateClusterConfiguration", http.MethodPut, nameInARN+"/configuration", clusters),
			gap("RebootBroker", http.MethodPut, nameInARN+"/reboot-broker", clusters),
			gap("BatchAssociateScramSecret", http.MethodPost, nameInARN+"/scram-secrets", secrets),
			gap("BatchDisassociateScramSecret", http.MethodPatch, nameInARN+"/scram-secrets", secrets),
			gap("ListScramSecrets", http.MethodGet, nameInARN+"/scram-secrets", secrets),
			gap("CreateTopic", http.MethodPost, nameInARN+"/topics", topics),
			gap("ListTopics", http.MethodGet, nameInARN+"/topics", topics),
			gap("DescribeTopic", http.MethodGet, nameInARN+"/topics/{TopicName}", topics),
			gap("GetClusterPolicy", http.MethodGet, nameInARN+"/policy", policies),
			gap("PutClusterPolicy", http.MethodPut, nameInARN+"/policy", policies),
		},
	}
}

// clusterInput names a cluster in the path.
type clusterInput struct {
	ClusterArn string `json:"clusterArn"`
}

// access is to the cluster that a call names.
func access[I interface{ arn() string }](action string) func(*wire.Call, *I) []wire.Access {
	return func(_ *wire.Call, in *I) []wire.Access {
		return []wire.Access{{Action: "kafka:" + action, Resource: (*in).arn()}}
	}
}

func (in clusterInput) arn() string { return in.ClusterArn }

// accessAll is for actions without a resource.
func accessAll[I any](action string) func(*wire.Call, *I) []wire.Access {
	return func(*wire.Call, *I) []wire.Access {
		return []wire.Access{{Action: "kafka:" + action, Resource: "*"}}
	}
}

// find refuses every ARN but the cluster's. The wording is UNVERIFIED.
func (s *Service) find(in clusterInput) error {
	if in.ClusterArn == s.arn() {
		return nil
	}
	return &wire.Error{
		Code: "NotFoundException", Status: http.StatusNotFound,
		Message: fmt.Sprintf("The requested cluster %.300q does not exist; the one here is %s.", in.ClusterArn, s.arn()),
		Fields:  map[string]any{"invalidParameter": "clusterArn"},
	}
}

// page bounds a listing. There is never a second page, so no token is good.
type page struct {
	MaxResults int32  `json:"maxResults"`
	NextToken  string `json:"nextToken"`
}

func (p page) check() error {
	switch {
	case p.MaxResults < 0 || p.MaxResults > 100:
		return badRequest("maxResults", "The parameter maxResults must be between 1 and 100.")
	case p.NextToken != "":
		return badRequest("nextToken", "The parameter nextToken is not one that this cluster gave.")
	}
	return nil
}

func badRequest(parameter, message string) *wire.Error {
	return &wire.Error{Code: "BadRequestException", Message: message, Fields: map[string]any{"invalidParameter": parameter}}
}

// The cluster as MSK shows it. Instance type, storage and version are those of
// the smallest cluster that AWS would make with these brokers.
type (
	brokerNodeGroupInfo struct {
		BrokerAZDistribution string      `json:"brokerAZDistribution"`
		ClientSubnets        []string    `json:"clientSubnets"`
		InstanceType         string      `json:"instanceType"`
		SecurityGroups       []string    `json:"securityGroups"`
		StorageInfo          storageInfo `json:"storageInfo"`
	}
	storageInfo struct {
		EBSStorageInfo ebsStorageInfo `json:"ebsStorageInfo"`
	}
	ebsStorageInfo struct {
		VolumeSize int `json:"volumeSize"` // GiB
	}
	softwareInfo struct {
		KafkaVersion string `json:"kafkaVersion"`
	}
	clientAuthentication struct {
		SASL saslMechanisms `json:"sasl"`
	}
	saslMechanisms struct {
		SCRAM enabled `json:"scram"`
		IAM   enabled `json:"iam"`
	}
	enabled struct {
		Enabled bool `json:"enabled"`
	}
	encryptionInfo struct {
		EncryptionInTransit encryptionInTransit `json:"encryptionInTransit"`
	}
	encryptionInTransit struct {
		ClientBroker string `json:"clientBroker"`
		InCluster    bool   `json:"inCluster"`
	}
	// provisioned is what both views of the cluster share.
	provisioned struct {
		BrokerNodeGroupInfo       brokerNodeGroupInfo  `json:"brokerNodeGroupInfo"`
		ClientAuthentication      clientAuthentication `json:"clientAuthentication"`
		CurrentBrokerSoftwareInfo softwareInfo         `json:"currentBrokerSoftwareInfo"`
		EncryptionInfo            encryptionInfo       `json:"encryptionInfo"`
		EnhancedMonitoring        string               `json:"enhancedMonitoring"`
		NumberOfBrokerNodes       int                  `json:"numberOfBrokerNodes"`
		StorageMode               string               `json:"storageMode"`
	}
	// summary is what both views say of any cluster.
	summary struct {
		ClusterArn     string            `json:"clusterArn"`
		ClusterName    string            `json:"clusterName"`
		CreationTime   string            `json:"creationTime"`
		CurrentVersion string            `json:"currentVersion"`
		State          string            `json:"state"`
		Tags           map[string]string `json:"tags"`
	}
)

const (
	kafkaVersion = "4.0.x.kraft" // U: of the protocol that kfake speaks
	instanceType = "kafka.m5.large"
)

func (s *Service) provisioned() provisioned {
	transit := "PLAINTEXT"
	if s.cfg.TLS != nil {
		transit = "TLS"
	}
	return provisioned{
		BrokerNodeGroupInfo: brokerNodeGroupInfo{
			BrokerAZDistribution: "DEFAULT", ClientSubnets: []string{}, InstanceType: instanceType, SecurityGroups: []string{},
			StorageInfo: storageInfo{EBSStorageInfo: ebsStorageInfo{VolumeSize: 1}},
		},
		ClientAuthentication:      clientAuthentication{SASL: saslMechanisms{SCRAM: enabled{true}}},
		CurrentBrokerSoftwareInfo: softwareInfo{kafkaVersion},
		EncryptionInfo:            encryptionInfo{encryptionInTransit{ClientBroker: transit}},
		EnhancedMonitoring:        "DEFAULT", NumberOfBrokerNodes: brokers, StorageMode: "LOCAL",
	}
}

func (s *Service) summary() summary {
	return summary{
		ClusterArn: s.arn(), ClusterName: clusterName, CreationTime: s.created.UTC().Format(time.RFC3339),
		CurrentVersion: "K3AEGXETSR30VB", State: "ACTIVE", Tags: map[string]string{},
	}
}
