package kinesis

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func counting(n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i)
	}
	return data
}

// goldens are Amazon's: the first is what the Kinesis Producer Library 1.0.6
// (Maven Central, its native daemon) put on a stream of the embedded cloud, the
// others come from the module aws_kinesis_agg 1.2.3 (PyPI, RecordAggregator).
func goldens() []golden {
	return []golden{
		{
			"the library's own", "109316634293962223591654400843705211059",
			[]Record{
				{PartitionKey: "user-6", Data: []byte("record-34")},
				{PartitionKey: "user-0", ExplicitHashKey: "35", Data: []byte("record-35")},
				{PartitionKey: "user-2", Data: []byte("record-37")},
				{PartitionKey: "user-3", Data: []byte("record-38")},
				{PartitionKey: "user-4", Data: []byte("record-39")},
				{PartitionKey: "user-5", ExplicitHashKey: "40", Data: []byte("record-40")},
				{PartitionKey: "user-6", Data: []byte("record-41")},
				{PartitionKey: "user-2", Data: []byte("record-44")},
				{PartitionKey: "user-3", ExplicitHashKey: "45", Data: []byte("record-45")},
				{PartitionKey: "user-4", Data: []byte("record-46")},
				{PartitionKey: "user-5", Data: []byte("record-47")},
				{PartitionKey: "user-6", Data: []byte("record-48")},
			},
			"f3899ac20a06757365722d360a06757365722d300a06757365722d320a06757365722d330a06757365722d340a06757365722d35120233" +
				"3512023430120234351a0d08001a097265636f72642d33341a0f080110001a097265636f72642d33351a0d08021a097265636f72642d33" +
				"371a0d08031a097265636f72642d33381a0d08041a097265636f72642d33391a0f080510011a097265636f72642d34301a0d08001a0972" +
				"65636f72642d34311a0d08021a097265636f72642d34341a0f080310021a097265636f72642d34351a0d08041a097265636f72642d3436" +
				"1a0d08051a097265636f72642d34371a0d08001a097265636f72642d343878f222abd25d299cda4cce79c5c8141b",
		},
		{
			"keys shared", "285573413173782752570879317399258818820",
			[]Record{
				{PartitionKey: "user-1", Data: []byte("one")},
				{PartitionKey: "user-2", Data: []byte("two")},
				{PartitionKey: "user-1", Data: []byte("three")},
			},
			"f3899ac20a06757365722d310a06757365722d321a0708001a036f6e651a0708011a0374776f1a0908001a0574687265654aee65477832" +
				"35c7a244e86150d6f627",
		},
		{
			"hash keys, an empty record, two-byte lengths", "0",
			[]Record{
				{PartitionKey: "🚗", ExplicitHashKey: "0"},
				{PartitionKey: "user-2", ExplicitHashKey: lastHashKey().String(), Data: counting(130)},
				{PartitionKey: "user-1", ExplicitHashKey: "0", Data: []byte("x")},
			},
			"f3899ac20a04f09f9a970a06757365722d320a06757365722d311201301227333430323832333636393230393338343633343633333734" +
				"3630373433313736383231313435351a06080010001a001a8901080110011a8201000102030405060708090a0b0c0d0e0f101112131415" +
				"161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c" +
				"4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80811a07" +
				"080210001a01782f67df46afabe1b3376b8b5a76fb9c2c",
		},
	}
}

type golden struct {
	name    string
	goesTo  string // hash key of the whole
	records []Record
	hex     string
}

func aggregated(records ...Record) Record {
	a := newAggregate()
	for i := range records {
		a.add(&records[i], records[i].hash())
	}
	return a.stored()
}

func TestAggregatesAreTheLibrarysBytes(t *testing.T) {
	t.Parallel()
	for _, g := range goldens() {
		stored := aggregated(g.records...)
		if got := hex.EncodeToString(stored.Data); got != g.hex {
			t.Errorf("%s:\n got %s\nwant %s", g.name, got, g.hex)
		}
		if stored.PartitionKey != "a" || stored.ExplicitHashKey != g.goesTo {
			t.Errorf("%s: goes out under %q to %s", g.name, stored.PartitionKey, stored.ExplicitHashKey)
		}
		users, err := Deaggregate(ReceivedRecord{Data: stored.Data, SequenceNumber: "7"})
		must(t, err)
		if len(users) != len(g.records) {
			t.Fatalf("%s: %d user records", g.name, len(users))
		}
		for i, u := range users {
			r := g.records[i]
			if u.PartitionKey != r.PartitionKey || u.ExplicitHashKey != r.ExplicitHashKey || !bytes.Equal(u.Data, r.Data) ||
				u.SubSequence != i || !u.Aggregated || u.SequenceNumber != "7" {
				t.Errorf("%s: user record %d is %+v", g.name, i, u)
			}
		}
	}
}

func TestAggregateKnowsItsSize(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := newAggregate()
		a.add(&Record{PartitionKey: "left over from before"}, hashKey{})
		a.reset()
		var records []Record
		for i := range rapid.IntRange(1, 300).Draw(t, "records") {
			r := Record{
				PartitionKey: rapid.StringN(1, 200, -1).Draw(t, "key"),
				Data:         make([]byte, rapid.SampledFrom([]int{0, 1, 120, 127, 128, 16_383, 16_384}).Draw(t, "bytes")),
			}
			if i%3 == 0 {
				r.ExplicitHashKey = hashKey{hi: rapid.Uint64Max(3).Draw(t, "hash"), lo: 5}.String()
			}
			want := a.sizeWith(&r)
			a.add(&r, r.hash())
			if a.size() != want {
				t.Fatalf("%d bytes after record %d, foretold were %d", a.size(), i, want)
			}
			records = append(records, r)
		}
		stored := a.stored()
		if len(stored.Data) != a.size() {
			t.Fatalf("%d bytes stored, not %d", len(stored.Data), a.size())
		}
		users, err := Deaggregate(ReceivedRecord{Data: stored.Data})
		if err != nil || len(users) != len(records) {
			t.Fatalf("%d of %d records come back, %v", len(users), len(records), err)
		}
		for i, u := range users {
			if u.PartitionKey != records[i].PartitionKey || u.ExplicitHashKey != records[i].ExplicitHashKey || !bytes.Equal(u.Data, records[i].Data) {
				t.Fatalf("record %d came back as %+v", i, u)
			}
		}
	})
}

func TestHashKeys(t *testing.T) {
	t.Parallel()
	for decimal, want := range map[string]hashKey{
		"0": {}, "7": {lo: 7}, "18446744073709551615": {lo: 1<<64 - 1}, "18446744073709551616": {hi: 1},
		"9999999999999999999": {lo: 9999999999999999999}, "10000000000000000000": {lo: 10000000000000000000},
		"100000000000000000000000000000000000000": {hi: 5421010862427522170, lo: 687399551400673280},
		"340282366920938463463374607431768211455": lastHashKey(),
	} {
		if got, ok := parseHashKey(decimal); !ok || got != want || got.String() != decimal {
			t.Errorf("%s is read as %+v, written as %s", decimal, got, got)
		}
	}
	for _, bad := range []string{"", "-1", "x", "340282366920938463463374607431768211456", "999999999999999999999999999999999999999999"} {
		if got, ok := parseHashKey(bad); ok {
			t.Errorf("%q is read as %s", bad, got)
		}
	}
	for key, want := range map[string]string{ // computed apart, with Python's hashlib
		"a": "16955237001963240173058271559858726497", "partitionKey-1": "159499196025307651934328298402289840726",
		"user-1": "285573413173782752570879317399258818820", "🚗": "157494926017688248503961775416189338434",
	} {
		if got := hashOf(key).String(); got != want {
			t.Errorf("%s lies at %s, want %s", key, got, want)
		}
	}
	if (hashKey{lo: 1<<64 - 1}).next() != (hashKey{hi: 1}) || lastHashKey().next() != (hashKey{}) {
		t.Error("the next place is wrong")
	}
}

func TestListWithAGapIsNoMap(t *testing.T) {
	t.Parallel()
	open := func(bounds ...uint64) (shards []openShard) {
		for i := 0; i < len(bounds); i += 2 {
			shards = append(shards, openShard{fmt.Sprint(i), hashRange{hashKey{hi: bounds[i]}, hashKey{bounds[i+1], 1<<64 - 1}}})
		}
		return shards
	}
	const last = 1<<64 - 1
	for _, c := range []struct {
		name   string
		shards []openShard
		want   bool
	}{
		{"one", open(0, last), true},
		{"two", open(0, 5, 6, last), true},
		{"none", nil, false},
		{"gap", open(0, 5, 7, last), false},
		{"overlap", open(0, 5, 5, last), false},
		{"parent and child", open(0, last, 0, 5), false},
		{"no end", open(0, 5, 6, 9), false},
		{"no start", open(1, last), false},
	} {
		if got := covers(c.shards); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	two := open(0, 5, 6, last)
	var at []int
	for _, hi := range []uint64{0, 5, 6, last} {
		at = append(at, shardAt(two, hashKey{hi: hi, lo: 1}))
	}
	if !slices.Equal(at, []int{0, 0, 1, 1}) {
		t.Errorf("shards %v", at)
	}
}
