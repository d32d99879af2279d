package event

// The labels of a planned signup that its grading goes by.
const (
	ExpectLabel  = "expect"  // ExpectReject, or nothing: then it is well-formed
	FieldLabel   = "field"   // that a refusal has to name; "" is the body as a whole
	MistakeLabel = "mistake" // why it is refused, in words
	CountryLabel = "country" // of a well-formed one, by Country.Code; "" is the open sea
	PlaceLabel   = "place"   // of a well-formed one, in words
)

// ExpectReject says that the app refuses a signup and names the field.
const ExpectReject = "reject"

// The points of a run's ledger at which signups are behind the streams, or that did
// not get through.
const (
	BrowserPoint   = "browser"   // an offer event was seen, once per event
	TimedOutPoint  = "timeout"   // the app said that no offer came in time
	AbandonedPoint = "abandoned" // accepted, but the longest wait passed without an answer
	OverloadPoint  = "overload"  // due while too many others were waiting, so never on the wire
)

// SignupToOffer is the latency that has an objective: from the schedule to the offer
// event.
const SignupToOffer = "signup→offer"
