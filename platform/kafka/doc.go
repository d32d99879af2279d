// Package kafka is weir's client side of Apache Kafka: a Producer, a group
// Consumer, a Transformer that consumes, transforms and produces in one
// transaction, dead letters, topics and their checks, lag and metrics. It
// speaks franz-go only, so it works the same on any brokers. Package avro
// beside it writes and reads records with a schema registry.
//
// What each direction promises:
//
//   - Producer: acknowledged is on every in-sync replica, once and in order per
//     partition. A record reported as failed may still be there.
//   - Consumer: at-least-once, in order per partition. Offsets are committed
//     after the handler's work.
//   - Transformer: exactly-once from its input to its output topics and its
//     state, for readers that read committed records only.
//
// # Permissions
//
// Producer: Write and Describe on the topic, IdempotentWrite on the cluster.
// Consumer: Read on the topics and on the group. Transformer: both, Write on
// its transactional id, and Read and Write on the state topic. Provision:
// Create, Describe and DescribeConfigs on its topics, DescribeConfigs on no
// more. Admit gives users these rights, and needs Alter on the cluster itself.
package kafka
