package ledger

import "math/bits"

// set is a bit set per device over its dense sequence numbers. Its memory is
// one bit per sequence number up to the highest marked one of each device.
type set struct {
	devices [][]uint64
	count   int
}

// add marks id and reports whether it was new.
func (s *set) add(id ID) bool {
	if int(id.Device) >= len(s.devices) {
		s.devices = append(s.devices, make([][]uint64, int(id.Device)+1-len(s.devices))...)
	}
	word := int(id.Seq / 64)
	words := s.devices[id.Device]
	if word >= len(words) {
		words = append(words, make([]uint64, word+1-len(words))...)
		s.devices[id.Device] = words
	}
	mask := uint64(1) << (id.Seq % 64)
	if words[word]&mask != 0 {
		return false
	}
	words[word] |= mask
	s.count++
	return true
}

func (s *set) has(id ID) bool {
	if int(id.Device) >= len(s.devices) {
		return false
	}
	words := s.devices[id.Device]
	word := int(id.Seq / 64)
	return word < len(words) && words[word]&(1<<(id.Seq%64)) != 0
}

// missing counts the ids of s that other lacks and returns the first limit of
// them, in order of device and sequence.
func (s *set) missing(other *set, limit int) (count int, first []ID) {
	for device, words := range s.devices {
		var theirs []uint64
		if device < len(other.devices) {
			theirs = other.devices[device]
		}
		for w, word := range words {
			if w < len(theirs) {
				word &^= theirs[w]
			}
			count += bits.OnesCount64(word)
			for word != 0 && len(first) < limit {
				bit := bits.TrailingZeros64(word)
				first = append(first, ID{Device: uint32(device), Seq: uint32(w*64 + bit)})
				word &= word - 1
			}
		}
	}
	return count, first
}
