package scenario

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// libraryAggregate holds "one", "two" and "three" under two keys; the module
// aws_kinesis_agg 1.2.3 from PyPI (AWS Labs) made it.
const libraryAggregate = "f3899ac20a06757365722d310a06757365722d321a0708001a036f6e651a0708011a0374776f1a0908001a057468726565" +
	"4aee6547783235c7a244e86150d6f627"

func TestUnpack(t *testing.T) {
	t.Parallel()
	aggregate, err := hex.DecodeString(libraryAggregate)
	if err != nil {
		t.Fatal(err)
	}
	if got := unpack(aggregate); string(bytes.Join(got, []byte(","))) != "one,two,three" {
		t.Errorf("got %q", got)
	}
	for i := range aggregate { // one byte changed anywhere makes it plain
		changed := bytes.Clone(aggregate)
		changed[i] ^= 1
		if got := unpack(changed); len(got) != 1 || !bytes.Equal(got[0], changed) {
			t.Errorf("byte %d changed: %q", i, got)
		}
		if got := unpack(aggregate[:i]); len(got) != 1 || !bytes.Equal(got[0], aggregate[:i]) {
			t.Errorf("cut at %d: %q", i, got)
		}
	}
}

func FuzzUnpackMessage(f *testing.F) {
	aggregate, err := hex.DecodeString(libraryAggregate)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(aggregate[4 : len(aggregate)-16])
	f.Add([]byte("\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, message []byte) {
		contents, _ := bytesFields(message)
		total := 0
		for _, c := range contents {
			total += len(c)
		}
		if total > len(message) {
			t.Errorf("%d bytes out of %d", total, len(message))
		}
	})
}
