//go:build e2e

package e2e

import (
	"net"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/weirstream/weir/compose"
	"github.com/weirstream/weir/platform/cloud/kafka/conformance"
)

// The user of a broker that may do everything.
const (
	kafkaUser     = "weir"
	kafkaPassword = "e2e-only"
)

// broker is a real Kafka of one broker. Anyone may do everything at open, to
// make users; at closed everyone signs in and needs ACLs, kafkaUser excepted.
type broker struct {
	testcontainers.Container
	open, closed string
}

// freePort is one that nobody listens on: Docker would give a container that is
// started again another port, and a broker advertises the one it has.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

func published(ports map[string]string) testcontainers.CustomizeRequestOption {
	return testcontainers.WithHostConfigModifier(func(hc *container.HostConfig) {
		hc.PortBindings = network.PortMap{}
		for inside, outside := range ports {
			hc.PortBindings[network.MustParsePort(inside)] = []network.PortBinding{{HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: outside}}
		}
		hc.Memory = 1 << 30
	})
}

const again = `if [ -e /tmp/started ]; then exec /opt/kafka/bin/kafka-server-start.sh /opt/kafka/config/server.properties; fi
touch /tmp/started
exec /etc/kafka/docker/run`

func startKafka(t *testing.T) broker {
	t.Helper()
	needsEngine(t)
	open, closed := freePort(t), freePort(t)
	began := time.Now()
	c, err := testcontainers.Run(
		t.Context(), compose.Kafka().Name(),
		testcontainers.WithExposedPorts("9092/tcp", "9094/tcp"),
		published(map[string]string{"9092/tcp": open, "9094/tcp": closed}),
		testcontainers.WithEnv(map[string]string{
			"KAFKA_NODE_ID":                   "1",
			"KAFKA_PROCESS_ROLES":             "broker,controller",
			"KAFKA_CONTROLLER_QUORUM_VOTERS":  "1@localhost:9093",
			"KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
			"KAFKA_LISTENERS":                 "OPEN://:9092,CLOSED://:9094,NETWORK://:19092,CONTROLLER://:9093",
			// The broker calls itself, too, for transactions: at NETWORK.
			"KAFKA_ADVERTISED_LISTENERS":                                    "OPEN://127.0.0.1:" + open + ",CLOSED://127.0.0.1:" + closed + ",NETWORK://localhost:19092",
			"KAFKA_INTER_BROKER_LISTENER_NAME":                              "NETWORK",
			"KAFKA_LISTENER_SECURITY_PROTOCOL_MAP":                          "OPEN:PLAINTEXT,CLOSED:SASL_PLAINTEXT,NETWORK:PLAINTEXT,CONTROLLER:PLAINTEXT",
			"KAFKA_SASL_ENABLED_MECHANISMS":                                 "SCRAM-SHA-512",
			"KAFKA_LISTENER_NAME_CLOSED_SCRAM___SHA___512_SASL_JAAS_CONFIG": "org.apache.kafka.common.security.scram.ScramLoginModule required;",

			"KAFKA_AUTHORIZER_CLASS_NAME": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
			"KAFKA_SUPER_USERS":           "User:ANONYMOUS;User:" + kafkaUser,

			"KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR":         "1",
			"KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
			"KAFKA_TRANSACTION_STATE_LOG_MIN_ISR":            "1",
			"KAFKA_AUTO_CREATE_TOPICS_ENABLE":                "false",
			"KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS":         "0",
			"KAFKA_HEAP_OPTS":                                "-Xms512m -Xmx512m",
		}),
		// Images differ in whether they start on a folder that is formatted
		// already, so a container that starts again starts the broker itself.
		testcontainers.WithEntrypoint("bash", "-c", again),
		testcontainers.WithWaitStrategyAndDeadline(2*time.Minute, wait.ForLog("Kafka Server started")),
	)
	testcontainers.CleanupContainer(t, c, testcontainers.StopTimeout(0)) // it takes long to stop politely
	if err != nil {
		t.Fatalf("start Kafka: %v", err)
	}
	b := broker{c, "127.0.0.1:" + open, "127.0.0.1:" + closed}
	b.await(t)
	t.Logf("%s answers %d ms after its start was asked for", compose.Kafka().Name(), time.Since(began).Milliseconds())
	b.addUser(t)
	return b
}

// await asks until the broker answers. That its port can be dialled says
// nothing: Docker's proxy takes the call.
func (b broker) await(t *testing.T) {
	t.Helper()
	client := b.client(t)
	for deadline := time.Now().Add(time.Minute); ; {
		err := client.Ping(t.Context())
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the broker does not answer: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// client is one that may do everything.
func (b broker) client(t *testing.T) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(b.open))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func (b broker) addUser(t *testing.T) {
	t.Helper()
	user := kadm.UpsertSCRAM{User: kafkaUser, Password: kafkaPassword, Mechanism: kadm.ScramSha512, Iterations: 4096}
	if _, err := kadm.NewClient(b.client(t)).AlterUserSCRAMs(t.Context(), nil, []kadm.UpsertSCRAM{user}); err != nil {
		t.Fatalf("make user %s: %v", kafkaUser, err)
	}
}

// as signs in as a user.
func (b broker) as(user, password string) []kgo.Opt {
	return []kgo.Opt{kgo.SeedBrokers(b.closed), kgo.SASL(scram.Auth{User: user, Pass: password}.AsSha512Mechanism())}
}

// TestKafkaConformance holds what weir relies on in Kafka, and what its own
// brokers are judged by, against Apache Kafka.
func TestKafkaConformance(t *testing.T) {
	b := startKafka(t)
	conformance.Run(t, conformance.Target{Seeds: []string{b.closed}, Options: b.as(kafkaUser, kafkaPassword), As: b.as})
}
