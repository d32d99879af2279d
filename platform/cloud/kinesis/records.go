package kinesis

import (
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// records renders a page. Data is the store's own bytes; all sequence numbers
// and partition keys of a page share one string.
func (sh *shard) records(p page) []DataRecord {
	list := make([]DataRecord, 0, p.records)
	size := 0
	for _, sp := range p.spans {
		for _, e := range sp.entries {
			size += sequenceLen + int(e.keyLen)
		}
	}
	text := make([]byte, 0, size)
	for _, sp := range p.spans {
		for i, e := range sp.entries {
			text = sh.sequence(sp.base+uint64(i), e.arrivalMillis/1000).appendText(text)
			text = append(text, sp.bytes[e.start:e.start+e.keyLen]...)
		}
	}
	all := string(text)
	for _, sp := range p.spans {
		for _, e := range sp.entries {
			data := e.start + e.keyLen
			list = append(list, DataRecord{
				SequenceNumber:              all[:sequenceLen],
				PartitionKey:                all[sequenceLen : sequenceLen+e.keyLen],
				ApproximateArrivalTimestamp: wire.Timestamp{Time: time.UnixMilli(e.arrivalMillis)},
				Data:                        sp.bytes[data:e.end:e.end],
				EncryptionType:              recordEncryption(e.encrypted),
			})
			all = all[sequenceLen+e.keyLen:]
		}
	}
	return list
}
