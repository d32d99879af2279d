// Package avro writes and reads Kafka values in Avro with a schema registry:
// Confluent's wire format (a zero byte, the schema's id in four bytes, the
// binary record), subjects by TopicNameStrategy (topic-value), and the rules of
// schema resolution, so that a reader of one version reads what writers of
// others wrote.
//
// What is known stays usable while the registry is down: a schema registered or
// looked up once is never asked for again. Only the first use of one waits, and
// fails with a *RegistryError that is worth retrying. What will never decode is
// a *DecodeError, whose class goes into the dead letter.
package avro
