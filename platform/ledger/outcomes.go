package ledger

import "strings"

// outcomes keeps one result per event. Results are few distinct texts (an
// offer, a verdict), so each event costs the two bytes of an index.
type outcomes struct {
	texts       []string
	index       map[string]uint16
	devices     [][]uint16 // index+1 per device and sequence; 0 is none
	conflicts   int
	conflictIDs []ID
}

func (o *outcomes) add(id ID, text string) {
	index := o.intern(text) + 1
	if int(id.Device) >= len(o.devices) {
		o.devices = append(o.devices, make([][]uint16, int(id.Device)+1-len(o.devices))...)
	}
	seqs := o.devices[id.Device]
	if int(id.Seq) >= len(seqs) {
		seqs = append(seqs, make([]uint16, int(id.Seq)+1-len(seqs))...)
		o.devices[id.Device] = seqs
	}
	switch seqs[id.Seq] {
	case 0:
		seqs[id.Seq] = index
	case index:
	default:
		o.conflicts++
		if len(o.conflictIDs) < LostLimit {
			o.conflictIDs = append(o.conflictIDs, id)
		}
	}
}

// What an outcome may cost: a system that answers nonsense, each time another,
// must not fill memory.
const (
	maxTexts     = 1<<16 - 2
	maxTextBytes = 1000
	otherText    = "one of too many different outcomes"
)

func (o *outcomes) intern(text string) uint16 {
	if len(text) > maxTextBytes {
		text = text[:maxTextBytes]
	}
	if at, ok := o.index[text]; ok {
		return at
	}
	if len(o.texts) >= maxTexts && text != otherText {
		return o.intern(otherText)
	}
	if o.index == nil {
		o.index = map[string]uint16{}
	}
	at := uint16(len(o.texts))
	text = strings.Clone(text)
	o.texts = append(o.texts, text)
	o.index[text] = at
	return at
}

func (o *outcomes) of(id ID) string {
	if int(id.Device) >= len(o.devices) || int(id.Seq) >= len(o.devices[id.Device]) {
		return ""
	}
	if at := o.devices[id.Device][id.Seq]; at > 0 {
		return o.texts[at-1]
	}
	return ""
}
