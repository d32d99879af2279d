package kinesis

import "crypto/md5"

// The stored form of an aggregate, which Amazon's Kinesis Producer Library
// defines and its clients read: magic, a protobuf message, the message's MD5.
//
//	message AggregatedRecord {
//	  repeated string partition_key_table = 1;
//	  repeated string explicit_hash_key_table = 2;
//	  repeated Record records = 3;
//	}
//	message Record {
//	  required uint64 partition_key_index = 1;
//	  optional uint64 explicit_hash_key_index = 2;
//	  required bytes data = 3;
//	  repeated Tag tags = 4;
//	}
//	message Tag { required string key = 1; optional string value = 2; }
//
// Nothing uses the tags. Three small messages are coded by hand here: it spares
// generated code, and a reader of hostile input wants to see every allocation.
const (
	aggregateMagic     = "\xf3\x89\x9a\xc2"
	aggregateOverhead  = len(aggregateMagic) + md5.Size
	aggregateOuterKey  = "a"       // partition key of every aggregate; its hash key says where it goes
	aggregateBytesMax  = 51_200    // the library's default
	aggregateBytesMin  = 64        // what the library allows at least
	aggregateBytesMost = 1_048_576 // and at most
)

// Field numbers.
const (
	fieldKeyTable  = 1
	fieldHashTable = 2
	fieldRecords   = 3

	fieldKeyIndex  = 1
	fieldHashIndex = 2
	fieldData      = 3
	fieldTags      = 4

	fieldTagKey   = 1
	fieldTagValue = 2
)
