package refine

import (
	"testing"
	"time"

	"github.com/weirstream/weir/scenarios/cab/event"
)

func FuzzRestore(f *testing.F) {
	f.Add([]byte("partition"), []byte(`{"run":"r","latest":"2026-01-01T00:00:00.000Z"}`))
	f.Add([]byte("cab/cab-00000001"), []byte(`{"next":3,"given_up":[{"first":1,"last":2}],"accepted":1}`))
	f.Add([]byte("cab/cab-00000001"), []byte{plainHired, 3, 3})
	f.Add([]byte("held/cab-00000001/5"), []byte(`null`))
	f.Add([]byte("held/cab-00000001/1"), []byte(`null`))
	f.Add([]byte("held/cab-00000002/5"), []byte(`null`))
	f.Fuzz(func(_ *testing.T, key, value []byte) {
		p := NewPartition(lateness)
		err := p.Restore(func(yield func([]byte, []byte) bool) {
			_ = yield(key, value) && yield([]byte("cab/cab-00000001"), []byte{plain, 3, 3})
		})
		if err != nil {
			return
		}
		for seq := range int64(8) {
			p.Take(reading(seq, time.Duration(seq)*20*time.Second), func(event.Activity) {})
		}
		_ = p.Snapshot(func(_, _ []byte) {})
	})
}

func TestWhatIsHeldIsSavedOnce(t *testing.T) {
	t.Parallel()
	b := &bench{Partition: NewPartition(lateness)}
	state, puts := map[string]string{}, 0
	save := func() {
		puts = 0
		err := b.Snapshot(func(key, value []byte) {
			puts++
			if state[string(key)] = string(value); value == nil {
				delete(state, string(key))
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	b.take(reading(0, 0))
	for seq := range int64(20) { // the first is missing
		b.take(reading(seq+2, time.Duration(seq)*time.Second))
		if save(); puts > 3 {
			t.Fatalf("%d puts for one more reading", puts)
		}
	}
	if len(state) != 22 { // partition, cab and all that wait
		t.Fatalf("%d keys: %v", len(state), state)
	}
	restored := &bench{Partition: NewPartition(lateness)}
	err := restored.Restore(func(yield func([]byte, []byte) bool) {
		for key, value := range state {
			if !yield([]byte(key), []byte(value)) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	b = restored
	if b.take(reading(1, time.Second)); len(b.out) != 21 {
		t.Fatalf("%d emitted", len(b.out))
	}
	if save(); len(state) != 2 {
		t.Fatalf("%d keys are left: %v", len(state), state)
	}
}
