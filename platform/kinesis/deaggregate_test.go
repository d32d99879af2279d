package kinesis

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// framed puts a message into the frame of an aggregate.
func framed(message []byte) []byte {
	sum := md5.Sum(message)
	return append(append([]byte(aggregateMagic), message...), sum[:]...)
}

// message is written as hexadecimal with spaces.
func message(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	must(t, err)
	return raw
}

// Every expectation here was also had from AggregatorUtil of
// amazon-kinesis-client 2.7.2 (Maven Central).
func TestWhatIsPlain(t *testing.T) {
	t.Parallel()
	good := framed(message(t, "0a0161 1a05 0800 1a0178"))
	broken := bytes.Clone(good)
	broken[len(broken)-1]++
	for name, data := range map[string][]byte{
		"empty":                  {},
		"half a magic":           good[:3],
		"magic alone":            good[:4],
		"digest alone":           append([]byte(aggregateMagic), make([]byte, 16)...),
		"other magic":            append([]byte{0}, good[1:]...),
		"other digest":           broken,
		"cut":                    good[:len(good)-1],
		"field ends early":       framed(message(t, "0a0561")),
		"length beyond all":      framed(message(t, "0affffffff0f61")),
		"varint without end":     framed(message(t, "0a0161 1a0c 08ffffffffffffffffffff 1a00")),
		"no field zero":          framed(message(t, "0000")),
		"end of no group":        framed(message(t, "0c")),
		"record without key":     framed(message(t, "0a0161 1a03 1a0178")),
		"record without data":    framed(message(t, "0a0161 1a02 0800")),
		"second record invalid":  framed(message(t, "0a0161 1a05 08001a0178 1a02 0800")),
		"data of the wrong kind": framed(message(t, "0a0161 1a04 08001801")),
		"tag without key":        framed(message(t, "0a0161 1a09 0800 1a0178 2202 1200")),
	} {
		users, err := Deaggregate(ReceivedRecord{PartitionKey: "outer", SequenceNumber: "1", Data: data})
		if err != nil || len(users) != 1 || users[0].Aggregated || users[0].PartitionKey != "outer" || !bytes.Equal(users[0].Data, data) {
			t.Errorf("%s: %+v, %v", name, users, err)
		}
	}
}

func TestWhatIsAggregated(t *testing.T) {
	t.Parallel()
	const key = "0a0161"
	for _, c := range []struct {
		name, message string
		within        hashRange // zero means everything
		data          string    // of each user record, in one text
		problem       string
	}{
		{name: "one", message: key + "1a0508001a0178", data: "x"},
		{name: "no records", message: key, data: ""},
		{name: "one key for all", message: key + "1a0508001a0178 1a0508001a0179", data: "xy"},
		{name: "tables after records", message: "1a0508001a0178" + key, data: "x"},
		{name: "unknown fields", message: key + "5001 1a09 50015801 08001a0178", data: "x"},
		{name: "key field of another kind", message: key + "0801 1a0508001a0178", data: "x"},
		{name: "last of repeated fields", message: key + "1a0a 0805 0800 1a0179 1a0178", data: "x"},
		{name: "tag", message: key + "1a0c 0800 1a0178 2205 0a03746167", data: "x"},
		{name: "empty data", message: key + "1a0408001a00", data: ""},
		{name: "key missing", message: key + "1a0508001a0178 1a0508011a0179", data: "x", problem: "no partition key 1"},
		{name: "hash key missing", message: key + "1a0508001a0178 1a07080010001a0179", data: "x", problem: "no explicit hash key 0"},
		{name: "hash key is no number", message: key + "120178 1a07080010001a0179", problem: `explicit hash key "x"`},
		{name: "hash key with zeros", message: key + "1203303035 1a07080010001a0179", data: "y"},
		{name: "negative hash key", message: key + "12022d35 1a0508001a0178 1a07080010001a0179", problem: "dropped it whole"},
		{name: "hash key of another shard", message: key + "120135 1a07080010001a0179", within: hashRange{hashKey{lo: 6}, hashKey{lo: 9}}, problem: "dropped it whole"},
		{name: "hash key of this shard", message: key + "120136 1a07080010001a0179", within: hashRange{hashKey{lo: 6}, hashKey{lo: 9}}, data: "y"},
		{name: "second of another shard", message: key + "120136 1a07080010001a0178 1a0508001a0179", within: hashRange{hashKey{lo: 6}, hashKey{lo: 9}}, problem: `key "a" belongs to another shard`},
	} {
		if c.within == (hashRange{}) {
			c.within.to = lastHashKey()
		}
		before := ReceivedRecord{Data: []byte("before")}
		users, err := deaggregate([]ReceivedRecord{before}, ReceivedRecord{Data: framed(message(t, c.message))}, c.within, nil)
		var data []byte
		for i, u := range users[1:] {
			data = append(data, u.Data...)
			if !u.Aggregated || u.SubSequence != i {
				t.Errorf("%s: user record %d is %+v", c.name, i, u)
			}
		}
		problem, failed := errors.AsType[*AggregateError](err)
		if string(data) != c.data || failed != (c.problem != "") || failed && !strings.Contains(problem.Error(), c.problem) {
			t.Errorf("%s: %q, %v", c.name, data, err)
		}
	}
}

// FuzzDeaggregate also puts the right digest around what it is given, since a
// fuzzer does not find one.
func FuzzDeaggregate(f *testing.F) {
	for _, g := range goldens() {
		data, err := hex.DecodeString(g.hex)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(data[4 : len(data)-16])
		f.Add(data[4 : len(data)-17])
	}
	f.Add([]byte("plain"))
	f.Add([]byte("\x0a\xff\xff\xff\xff\x0f"))
	f.Add(bytes.Repeat([]byte("\x1b"), 40)) // groups in groups
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, stored := range [][]byte{data, framed(data)} {
			users, err := Deaggregate(ReceivedRecord{PartitionKey: "outer", Data: stored})
			var rebuilt []Record
			carried := 0
			for i, u := range users {
				if !u.Aggregated && (len(users) != 1 || err != nil || !bytes.Equal(u.Data, stored)) {
					t.Fatalf("plain, but %d records, %v", len(users), err)
				}
				if u.Aggregated && (u.SubSequence != i || cap(u.Data) != len(u.Data)) {
					t.Fatalf("user record %d is %+v", i, u)
				}
				carried += len(u.Data)
				rebuilt = append(rebuilt, Record{PartitionKey: u.PartitionKey, ExplicitHashKey: u.ExplicitHashKey, Data: u.Data})
			}
			if carried > len(stored) || len(users) > 1+len(stored)/6 {
				t.Fatalf("%d records of %d bytes out of %d bytes", len(users), carried, len(stored))
			}
			if len(users) == 0 || !users[0].Aggregated || err != nil {
				continue
			}
			again, err := Deaggregate(ReceivedRecord{Data: aggregated(rebuilt...).Data})
			if err != nil || len(again) != len(users) {
				t.Fatalf("%d user records, encoded again %d, %v", len(users), len(again), err)
			}
		}
	})
}

// The densest messages there are must not cost more memory than in proportion.
func TestHostileAggregatesCostMemoryInProportion(t *testing.T) {
	const bytesMax = 1 << 20
	key := protowire.AppendString(protowire.AppendTag(nil, fieldKeyTable, protowire.BytesType), "")
	user := message(t, "1a04 0800 1a00")
	for name, data := range map[string][]byte{
		"keys":           framed(bytes.Repeat(key, bytesMax/len(key))),
		"records":        framed(append(bytes.Clone(key), bytes.Repeat(user, bytesMax/len(user))...)),
		"declared sizes": framed(bytes.Repeat([]byte{0x0a, 0xff, 0xff, 0xff, 0x7f}, 10)),
		"groups":         framed(bytes.Repeat([]byte{0x23}, bytesMax)),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = Deaggregate(ReceivedRecord{Data: data})
		runtime.ReadMemStats(&after)
		if spent := after.TotalAlloc - before.TotalAlloc; spent > 40*uint64(len(data))+64<<10 {
			t.Errorf("%s: %d bytes allocated for a record of %d", name, spent, len(data))
		}
	}
}
