// Package kinesis is weir's client side of Kinesis Data Streams: a batching
// Producer, the synchronous PutAll for short-lived functions, and a Consumer
// that reads every shard of a stream by polling or by enhanced fan-out. It
// speaks aws-sdk-go-v2 only, so it works the same on any endpoint. Many user
// records may travel as one stored record, in the format of Amazon's Kinesis
// Producer Library: Producer packs them if asked to, Consumer and Deaggregate
// take them apart.
//
// Both directions are at-least-once. A put whose reply is lost is put again,
// and a batch whose handler failed, or whose checkpoint was not stored before a
// crash, is delivered again; readers that need more remove duplicates by an id
// inside the data.
//
// # Permissions
//
// Producer and PutAll call PutRecords, Producer with Aggregation ListShards too. A polling Consumer calls ListShards,
// GetShardIterator and GetRecords. With enhanced fan-out it calls ListShards,
// DescribeStreamConsumer, RegisterStreamConsumer and SubscribeToShard, and
// DescribeStreamSummary where it is given the stream's name instead of its ARN.
package kinesis
