package cloud

import (
	"path/filepath"

	"github.com/weirstream/weir/platform/cloud/kafka"
	"github.com/weirstream/weir/platform/cloud/schemaregistry"
)

// buildKafka makes the services with ports of their own.
func (c *Cloud) buildKafka() (err error) {
	if c.kafka, err = kafka.New(c.kafkaConfig()); err != nil {
		return err
	}
	c.registry, err = schemaregistry.New(c.registryConfig())
	return err
}

func (c *Cloud) kafkaConfig() kafka.Config {
	cfg := kafka.Config{
		Region: c.cfg.Region, Account: c.cfg.Account,
		User: c.cfg.AccessKeyID, Password: c.cfg.SecretAccessKey,
		Listen: c.cfg.KafkaListen, Wall: c.cfg.Wall, Log: c.cfg.Log,
	}
	if c.cfg.Data != "" {
		cfg.Dir = filepath.Join(c.cfg.Data, "kafka")
	}
	if c.authority != nil {
		cfg.TLS = c.authority.config()
		cfg.TLS.NextProtos = nil // ALPN is HTTP's
	}
	return cfg
}

// KafkaBrokers are the host:port of the Kafka brokers, which the first call
// starts. Their clients authenticate by SCRAM-SHA-512 or PLAIN; the account's
// root is known by its access key and may do everything. With TLS they have to
// speak it, and to trust CAFile.
func (c *Cloud) KafkaBrokers() ([]string, error) { return c.kafka.Brokers() }

// KafkaFaults disturbs the Kafka cluster.
func (c *Cloud) KafkaFaults() kafka.Faults { return c.kafka.Faults() }

func (c *Cloud) registryConfig() schemaregistry.Config {
	cfg := schemaregistry.Config{
		Listen: c.cfg.RegistryListen, User: c.cfg.AccessKeyID, Password: c.cfg.SecretAccessKey,
		Data: c.data, Log: c.cfg.Log,
	}
	if c.authority != nil {
		cfg.TLS = c.authority.config()
		cfg.TLS.NextProtos = []string{"http/1.1"}
	}
	return cfg
}

// SchemaRegistry is the URL of the schema registry, whose port the first call
// opens. Callers on this machine need no credentials; those of the account's
// root are good everywhere.
func (c *Cloud) SchemaRegistry() (string, error) { return c.registry.URL() }

// LoseSchemaRegistry makes the schema registry unreachable until undo.
func (c *Cloud) LoseSchemaRegistry() (undo func()) { return c.registry.Lose() }
