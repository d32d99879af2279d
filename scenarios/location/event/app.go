package event

// AppService is the name under which the app is found.
const AppService = "app"

// The app's HTTP contract: POST a Signup to SignupsPath. With Accept:
// text/event-stream the answer is AcceptedEvent and then OfferEvent or TimeoutEvent,
// whose ids are the signup's, a slash and the event's name; TimeoutEvent has none.
// After a lost connection GET SignupsPath/ID/offer, with the Last-Event-ID, goes on.
//
//	200           the events
//	202           without Accept: the signup is on the stream, and offer_url leads to its offer
//	204           the browser has the offer: its Last-Event-ID is OfferEvent's
//	400 Rejection the signup is refused for good
//	503 Retry-After it is not on the stream, or may not be: send it again
const (
	SignupsPath   = "/signups"
	AcceptedEvent = "accepted"
	OfferEvent    = "offer"
	TimeoutEvent  = "timeout"
)
