package cloud

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kafka"
	"github.com/aws/aws-sdk-go-v2/service/kafka/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// A client that knows the endpoint and its keys alone finds the brokers.
func TestBrokersAreFoundThroughTheControlPlane(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{})
	msk := kafka.NewFromConfig(rootConfig(t, c))
	ctx := t.Context()

	listed := must[*kafka.ListClustersOutput](t)(msk.ListClusters(ctx, &kafka.ListClustersInput{ClusterNameFilter: aws.String("we"), MaxResults: aws.Int32(10)})).ClusterInfoList
	if len(listed) != 1 || *listed[0].ClusterName != "weir" || listed[0].State != types.ClusterStateActive || *listed[0].NumberOfBrokerNodes != 3 {
		t.Fatalf("listed %+v", listed)
	}
	arn := listed[0].ClusterArn
	if none := must[*kafka.ListClustersOutput](t)(msk.ListClusters(ctx, &kafka.ListClustersInput{ClusterNameFilter: aws.String("other")})); len(none.ClusterInfoList) != 0 {
		t.Errorf("another name lists %+v", none.ClusterInfoList)
	}
	second := must[*kafka.ListClustersV2Output](t)(msk.ListClustersV2(ctx, &kafka.ListClustersV2Input{ClusterTypeFilter: aws.String("PROVISIONED")})).ClusterInfoList
	if len(second) != 1 || *second[0].ClusterArn != *arn || second[0].Provisioned == nil || !*second[0].Provisioned.ClientAuthentication.Sasl.Scram.Enabled {
		t.Errorf("listed by version 2: %+v", second)
	}
	shown := must[*kafka.DescribeClusterOutput](t)(msk.DescribeCluster(ctx, &kafka.DescribeClusterInput{ClusterArn: arn})).ClusterInfo
	if *shown.ClusterArn != *arn || shown.CreationTime.IsZero() || shown.EncryptionInfo.EncryptionInTransit.ClientBroker != types.ClientBrokerPlaintext {
		t.Errorf("described %+v", shown)
	}
	if v2 := must[*kafka.DescribeClusterV2Output](t)(msk.DescribeClusterV2(ctx, &kafka.DescribeClusterV2Input{ClusterArn: arn})).ClusterInfo; v2.ClusterType != types.ClusterTypeProvisioned {
		t.Errorf("described by version 2: %+v", v2)
	}
	if nodes := must[*kafka.ListNodesOutput](t)(msk.ListNodes(ctx, &kafka.ListNodesInput{ClusterArn: arn})).NodeInfoList; len(nodes) != 3 || *nodes[2].BrokerNodeInfo.BrokerId != 2 {
		t.Errorf("nodes: %+v", nodes)
	}
	var gone *types.NotFoundException
	if _, err := msk.GetBootstrapBrokers(ctx, &kafka.GetBootstrapBrokersInput{ClusterArn: aws.String(*arn + "x")}); !errors.As(err, &gone) {
		t.Errorf("no such cluster: %v", err)
	}
	if _, err := msk.DeleteCluster(ctx, &kafka.DeleteClusterInput{ClusterArn: arn}); !isCode(err, "NotImplementedException") {
		t.Errorf("delete: %v", err)
	}

	found := must[*kafka.GetBootstrapBrokersOutput](t)(msk.GetBootstrapBrokers(ctx, &kafka.GetBootstrapBrokersInput{ClusterArn: arn}))
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(*found.BootstrapBrokerStringSaslScram, ",")...),
		kgo.SASL(scram.Auth{User: "test", Pass: "test"}.AsSha512Mechanism()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	brokers, err := kadm.NewClient(client).ListBrokers(ctx)
	if err != nil || len(brokers) != 3 {
		t.Errorf("brokers %v, %v", brokers, err)
	}
}

func TestTheControlPlaneAsksForPermission(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{})
	ctx, root := t.Context(), rootConfig(t, c)
	clusters := must[*kafka.ListClustersOutput](t)(kafka.NewFromConfig(root).ListClusters(ctx, &kafka.ListClustersInput{}))
	arn := clusters.ClusterInfoList[0].ClusterArn
	role := newRole(t, iam.NewFromConfig(root), "finder", `{"Effect":"Allow","Action":"kafka:GetBootstrapBrokers","Resource":"`+*arn+`"}`)
	must[*iam.UpdateAssumeRolePolicyOutput](t)(iam.NewFromConfig(root).UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{
		RoleName: aws.String("finder"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::123456789012:root"}}}`),
	}))
	session := must[*sts.AssumeRoleOutput](t)(sts.NewFromConfig(root).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: role, RoleSessionName: aws.String("seeker")})).Credentials
	msk := kafka.NewFromConfig(sdkConfig(t, c, *session.AccessKeyId, *session.SecretAccessKey, *session.SessionToken))
	must[*kafka.GetBootstrapBrokersOutput](t)(msk.GetBootstrapBrokers(ctx, &kafka.GetBootstrapBrokersInput{ClusterArn: arn}))
	if _, err := msk.DescribeCluster(ctx, &kafka.DescribeClusterInput{ClusterArn: arn}); !isCode(err, "AccessDeniedException") {
		t.Errorf("describe without permission: %v", err)
	}
	if _, err := msk.ListClusters(ctx, &kafka.ListClustersInput{}); !isCode(err, "AccessDeniedException") {
		t.Errorf("list without permission: %v", err)
	}
}

func isCode(err error, code string) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == code
}

func TestBrokersSpeakTLSWhereTheCloudDoes(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{TLS: true, CAFile: filepath.Join(t.TempDir(), "ca.pem")})
	brokers, err := c.KafkaBrokers()
	if err != nil {
		t.Fatal(err)
	}
	authority, err := os.ReadFile(c.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	if err := ping(t, brokers, kgo.DialTLSConfig(trustingAlone(authority))); err != nil {
		t.Errorf("with TLS: %v", err)
	}
	if err := ping(t, brokers); err == nil {
		t.Error("a client without TLS was served")
	}
}

func trustingAlone(authority []byte) *tls.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	return &tls.Config{RootCAs: roots}
}

func ping(t *testing.T, brokers []string, options ...kgo.Opt) error {
	t.Helper()
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers(brokers...), kgo.RequestRetries(0),
		kgo.SASL(scram.Auth{User: "test", Pass: "test"}.AsSha512Mechanism()))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	return client.Ping(ctx)
}
