package kinesis

import (
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// readGetRecords fills in out; its data share body's memory.
func readGetRecords(body []byte, out *kinesis.GetRecordsOutput) error {
	s := &cborScan{rest: body}
	s.object(func(name string) {
		switch name {
		case "Records":
			out.Records = []types.Record{}
			s.list(func() { out.Records = append(out.Records, s.record()) })
		case "NextShardIterator":
			out.NextShardIterator = s.text()
		case "MillisBehindLatest":
			if n, ok := s.integer(); ok {
				out.MillisBehindLatest = &n
			}
		case "ChildShards":
			s.list(func() { out.ChildShards = append(out.ChildShards, s.childShard()) })
		default:
			s.skip()
		}
	})
	if s.err == nil && len(s.rest) > 0 {
		s.fail("goes on after its end")
	}
	return s.err
}

func (s *cborScan) record() (r types.Record) {
	s.object(func(name string) {
		switch name {
		case "SequenceNumber":
			r.SequenceNumber = s.text()
		case "PartitionKey":
			r.PartitionKey = s.text()
		case "Data":
			r.Data = s.chunks(cborBytes)
		case "ApproximateArrivalTimestamp":
			r.ApproximateArrivalTimestamp = s.instant()
		case "EncryptionType":
			if kind := s.text(); kind != nil {
				r.EncryptionType = types.EncryptionType(*kind)
			}
		default:
			s.skip()
		}
	})
	return r
}

func (s *cborScan) childShard() (c types.ChildShard) {
	s.object(func(name string) {
		switch name {
		case "ShardId":
			c.ShardId = s.text()
		case "ParentShards":
			s.list(func() {
				if id := s.text(); id != nil {
					c.ParentShards = append(c.ParentShards, *id)
				}
			})
		case "HashKeyRange":
			c.HashKeyRange = &types.HashKeyRange{}
			s.object(func(name string) {
				switch name {
				case "StartingHashKey":
					c.HashKeyRange.StartingHashKey = s.text()
				case "EndingHashKey":
					c.HashKeyRange.EndingHashKey = s.text()
				default:
					s.skip()
				}
			})
		default:
			s.skip()
		}
	})
	return c
}
