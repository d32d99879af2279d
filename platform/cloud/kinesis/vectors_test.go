package kinesis

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestHashKeysOfPartitionKeys(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"a":              "16955237001963240173058271559858726497",
		"partitionKey-1": "159499196025307651934328298402289840726",
		"user-1":         "285573413173782752570879317399258818820",
		"🚗":              "157494926017688248503961775416189338434",
	} {
		if got := hashOf(key).String(); got != want {
			t.Errorf("hash of %q = %s, want %s", key, got, want)
		}
		if back, ok := parseHashKey(want); !ok || back != hashOf(key) {
			t.Errorf("parse %s = %v %v", want, back, ok)
		}
	}
}

func TestEvenRanges(t *testing.T) {
	t.Parallel()
	got := evenRanges(3)
	want := []string{
		"0", "113427455640312821154458202477256070484",
		"113427455640312821154458202477256070485", "226854911280625642308916404954512140969",
		"226854911280625642308916404954512140970", "340282366920938463463374607431768211455",
	}
	for i, r := range got {
		if r.start.String() != want[2*i] || r.end.String() != want[2*i+1] {
			t.Errorf("shard %d of 3: %s–%s, want %s–%s", i, r.start, r.end, want[2*i], want[2*i+1])
		}
	}
	full := new(big.Int).Lsh(big.NewInt(1), 128)
	for n := 1; n <= 300; n++ {
		step := new(big.Int).Div(full, big.NewInt(int64(n)))
		for i, r := range evenRanges(n) {
			start := new(big.Int).Mul(step, big.NewInt(int64(i)))
			end := new(big.Int).Sub(new(big.Int).Add(start, step), big.NewInt(1))
			if i == n-1 {
				end.Sub(full, big.NewInt(1))
			}
			if r.start.String() != start.String() || r.end.String() != end.String() {
				t.Fatalf("shard %d of %d: %s–%s, want %s–%s", i, n, r.start, r.end, start, end)
			}
		}
	}
}

// TestSequenceOfAWS decodes a number that AWS's documentation shows, with the
// arrival time it shows beside it.
func TestSequenceOfAWS(t *testing.T) {
	t.Parallel()
	const text = "49590338271490256608559692538361571095921575989136588898"
	got, err := parseSequence(text)
	if err != nil {
		t.Fatal(err)
	}
	if got.shard != 6 || got.putSecond != 1545084650 {
		t.Errorf("decoded %+v, want shard 6 and put second 1545084650", got)
	}
	if got.String() != text {
		t.Errorf("encodes to %s, want %s", got, text)
	}
}

func TestSequenceRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := sequence{
			createdSecond: rapid.Int64Range(0, 1<<36-1).Draw(t, "created"),
			shard:         rapid.Uint32Range(0, 1<<31-1).Draw(t, "shard"),
			counter:       rapid.Uint64Range(0, endCounter).Draw(t, "counter"),
			putSecond:     rapid.Int64Range(0, 1<<36-1).Draw(t, "put"),
		}
		text := want.String()
		if len(text) != sequenceLen {
			t.Fatalf("%s has %d digits, want %d", text, len(text), sequenceLen)
		}
		if got, err := parseSequence(text); err != nil || got != want {
			t.Fatalf("parse(%s) = %+v, %v; want %+v", text, got, err, want)
		}
		next := want
		next.counter, next.putSecond = min(endCounter, want.counter+1), 0 // the clock stepped back
		if want.counter < endCounter && next.String() <= text {
			t.Fatalf("%s does not rise above %s", next, text)
		}
	})
}

func TestSequenceRejects(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "0", "1", "-1", "12x", strings.Repeat("9", 56), strings.Repeat("9", 129), "49590338271490256608559692538361571095921575989136588899"} {
		if got, err := parseSequence(text); err == nil {
			t.Errorf("parse(%q) = %+v, want an error", text, got)
		}
	}
}

func TestDecimalAgreesWithBig(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := wide{rapid.Uint64().Draw(t, "hi"), rapid.Uint64().Draw(t, "mid"), rapid.Uint64().Draw(t, "lo")}
		want := new(big.Int)
		for _, word := range w {
			want.Add(want.Lsh(want, 64), new(big.Int).SetUint64(word))
		}
		text := string(w.appendDecimal(nil))
		if text != want.String() {
			t.Fatalf("%v writes %s, want %s", w, text, want)
		}
		if back, ok := parseWide(text); !ok || back != w {
			t.Fatalf("parse(%s) = %v %v", text, back, ok)
		}
	})
	if _, ok := parseWide(new(big.Int).Lsh(big.NewInt(1), 192).String()); ok {
		t.Error("2^192 fits into 192 bits")
	}
}

// TestLogAgainstSlice drives the log beside a plain slice.
func TestLogAgainstSlice(t *testing.T) {
	t.Parallel()
	type stored struct {
		key    string
		size   int
		millis int64
	}
	rapid.Check(t, func(t *rapid.T) {
		l := newRecordLog(forgetful{})
		var model []stored // model[i] has counter i+1
		var millis int64
		trimmed := 0
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				step := rapid.Int64Range(-3, 20).Draw(t, "step")
				n := rapid.IntRange(1, 40).Draw(t, "records")
				size := rapid.SampledFrom([]int{0, 1, 200, 5000, 2 << 20}).Draw(t, "size")
				millis += step
				for range n {
					if size > 1<<20 && n > 2 {
						break
					}
					at := millis
					if len(model) > 0 {
						at = max(at, model[len(model)-1].millis)
					}
					at = max(at, 0)
					key := rapid.SampledFrom([]string{"a", "bc", "Ω"}).Draw(t, "key")
					if c := l.append(millis, key, make([]byte, size), false); c != uint64(len(model)+1) {
						t.Fatalf("counter %d, want %d", c, len(model)+1)
					}
					model = append(model, stored{key, size, at})
				}
			},
			"trim": func(t *rapid.T) {
				horizon := millis - rapid.Int64Range(0, 100).Draw(t, "age")
				l.trim(time.UnixMilli(horizon))
				for trimmed < len(model) && model[trimmed].millis < horizon {
					trimmed++
				}
			},
			"seek": func(t *rapid.T) {
				at := millis - rapid.Int64Range(-5, 100).Draw(t, "age")
				want := trimmed
				for want < len(model) && model[want].millis < at {
					want++
				}
				if got, _ := l.seekTime(time.UnixMilli(at)); got != uint64(want+1) {
					t.Fatalf("seek %d = %d, want %d", at, got, want+1)
				}
			},
			"read": func(t *rapid.T) {
				from := rapid.Uint64Range(0, uint64(len(model)+3)).Draw(t, "from")
				most := rapid.IntRange(1, 100).Draw(t, "records")
				room := rapid.SampledFrom([]int{1, 300, 20000, 10 << 20}).Draw(t, "bytes")
				spans, next := l.read(from, most, room, nil)
				at := max(int(from), trimmed+1)
				for _, sp := range spans {
					for i, e := range sp.entries {
						want := model[at-1]
						key := string(sp.bytes[e.start : e.start+e.keyLen])
						if sp.base+uint64(i) != uint64(at) || key != want.key ||
							e.size() != len(want.key)+want.size || e.arrivalMillis != want.millis {
							t.Fatalf("record %d is %+v %q, want %+v", at, e, key, want)
						}
						room -= e.size()
						most--
						at++
						if room < 0 && (len(spans) > 1 || len(sp.entries) > 1) {
							t.Fatalf("read too many bytes")
						}
					}
				}
				if next != uint64(at) || most < 0 {
					t.Fatalf("next %d, want %d (records over: %d)", next, at, -most)
				}
				if at <= len(model) && most > 0 && room >= len(model[at-1].key)+model[at-1].size {
					t.Fatalf("stopped at %d of %d with room left", at, len(model))
				}
			},
			"": func(t *rapid.T) {
				if l.empty() != (trimmed == len(model)) || l.first != uint64(trimmed+1) {
					t.Fatalf("first %d, want %d", l.first, trimmed+1)
				}
			},
		})
	})
}

func TestLenientShardIDs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"shardId-000000000007": 7, "shardId-7": 7, "7": 7, "x-12": 12, "shardId-2147483647": 2147483647,
		"shardId-2147483648": -1, "shardId-": -1, "shardId": -1, "-": -1, "shardId-0x1": -1,
	} {
		index, ok := parseShardID(text)
		if ok != (want >= 0) || ok && int64(index) != want {
			t.Errorf("parseShardID(%q) = %d %v, want %d", text, index, ok, want)
		}
	}
}

// forgetful keeps no chunk.
type forgetful struct{}

func (forgetful) sealed(*chunk) {}
func (forgetful) freed(*chunk)  {}
