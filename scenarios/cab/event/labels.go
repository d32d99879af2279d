package event

// The labels of a planned reading that its grading goes by.
const (
	ExpectLabel  = "expect"  // ExpectAccept, ExpectLate or ExpectRefuse
	FieldLabel   = "field"   // that a refusal has to name; "" is the line as a whole
	MistakeLabel = "mistake" // why it is refused, in words
	ClosingLabel = "closing" // not "" of a reading taken after load.For or load.Cut
)

// What must become of a reading.
const (
	ExpectAccept = "accept" // it counts in its window
	ExpectLate   = "late"   // it is accepted, and too late for its window
	ExpectRefuse = "refuse" // the hub refuses it and names the field
)

// The points of a run's ledger at which readings are that did not get through.
const (
	OverloadPoint  = "overload"  // due while too many others were waiting, so never on the wire
	AbandonedPoint = "abandoned" // neither accepted nor refused for too long
)

// The latencies that have objectives.
const (
	DeviceToHub        = "device→hub"        // from the schedule to the hub's answer
	DeviceToSearchable = "device→searchable" // from the schedule to the search that shows its cab as far as the reading
)
