package location

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/weirstream/weir/platform/kinesis"
	"github.com/weirstream/weir/scenarios/location/event"
	"github.com/weirstream/weir/scenarios/location/intake"
)

const (
	bodyBytesMax    = 64 << 10
	bodyDrainMax    = 4 << 20 // read past a body that is too large, so that the refusal can be read
	bodyMax         = 10 * time.Second
	suffixAccepted  = "/" + event.AcceptedEvent
	suffixOffer     = "/" + event.OfferEvent
	retryAfterGuess = "1" // seconds
)

func (a *App) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+event.SignupsPath, a.signUp)
	mux.HandleFunc("GET "+event.SignupsPath+"/{id}/offer", a.offer)
	mux.HandleFunc("GET /events", a.events)
	mux.HandleFunc("GET /stats", a.stats)
	mux.HandleFunc("GET /legend.json", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, a.legend) })
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, []byte("{\"status\":\"ok\"}\n")) })
	a.page(mux)
	return mux
}

// signUp takes one signup. With Accept: text/event-stream it stays open until
// the offer has been pushed; otherwise it answers 202 with the offer's address.
func (a *App) signUp(w http.ResponseWriter, r *http.Request) {
	began := a.env.Wall.Now()
	signup, bad := a.read(w, r)
	if bad != nil {
		a.figures.rejected.Add(1)
		replyJSON(w, http.StatusBadRequest, bad)
		return
	}
	t, err := a.desk.join(signup.ID)
	if err != nil {
		a.figures.refused.Add(1)
		refuse(w, err)
		return
	}
	defer a.desk.leave(t)
	a.figures.signups.Add(1)
	try, mine := a.desk.try(t)
	if mine {
		a.put(r.Context(), t, try, signup)
	}
	timer := a.env.Wall.NewTimer(a.cfg.WaitMax)
	defer timer.Stop()
	select {
	case <-t.answered: // an offer proves that the signup is on the stream
	case <-try.settled:
		if try.err != nil && !isClosed(t.answered) {
			a.log.Warn("a signup could not be put on the stream", "id", t.id, "error", try.err)
			refuse(w, errors.New("the signup could not be stored; send it again"))
			return
		}
	case <-timer.C:
		refuse(w, errors.New("the signup could not be stored in time; send it again"))
		return
	case <-r.Context().Done():
		return
	}
	if !wantsEvents(r) {
		replyJSON(w, http.StatusAccepted, map[string]string{"id": t.id, "offer_url": event.SignupsPath + "/" + t.id + "/offer"})
		return
	}
	s := openStream(w, a.env.Wall)
	s.add(event.AcceptedEvent, t.id+suffixAccepted, []byte(`{"id":"`+t.id+`"}`))
	if !isClosed(t.answered) && s.send() != nil {
		return
	}
	a.push(r.Context(), s, t, timer.C, began)
}

// push waits for the offer, sends it and ends the response, so that the
// connection can be used again.
func (a *App) push(ctx context.Context, s *stream, t *ticket, timeout <-chan time.Time, began time.Time) {
	select {
	case <-t.answered:
		s.add(event.OfferEvent, t.id+suffixOffer, t.offer)
		if s.end() == nil {
			a.figures.delivered(a.env.Wall.Now().Sub(began))
		}
	case <-timeout:
		a.figures.timeouts.Add(1)
		s.add(event.TimeoutEvent, "", []byte(`{"id":"`+t.id+`"}`))
		_ = s.end() // the client that has gone learns nothing either way
	case <-ctx.Done():
	}
}

// offer is the way back after a lost connection: it replays the offer, or waits
// for it, and answers 204 to a browser that has it, which ends its retries.
func (a *App) offer(w http.ResponseWriter, r *http.Request) {
	began := a.env.Wall.Now()
	id := r.PathValue("id")
	if !intake.ValidID(id) {
		replyJSON(w, http.StatusBadRequest, event.Rejection{
			Error: "id is not a signup id; use the offer_url you were given", Field: "id",
			Value: id[:min(len(id), 80)], Problem: "is not a signup id", Remedy: "use the offer_url you were given",
		})
		return
	}
	if r.Header.Get("Last-Event-ID") == id+suffixOffer {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	t, err := a.desk.join(id)
	if err != nil {
		a.figures.refused.Add(1)
		refuse(w, err)
		return
	}
	defer a.desk.leave(t)
	s := openStream(w, a.env.Wall)
	s.comment("waiting")
	if !isClosed(t.answered) && s.send() != nil {
		return
	}
	timer := a.env.Wall.NewTimer(a.cfg.WaitMax)
	defer timer.Stop()
	a.push(r.Context(), s, t, timer.C, began)
}

// read decodes the body and fills in what a person's browser leaves out.
func (a *App) read(w http.ResponseWriter, r *http.Request) (event.Signup, *event.Rejection) {
	ctrl := http.NewResponseController(w)
	_ = ctrl.SetReadDeadline(a.env.Wall.Now().Add(bodyMax)) // a recorder in a test has none
	body, err := io.ReadAll(io.LimitReader(r.Body, bodyBytesMax+1))
	if err == nil && len(body) > bodyBytesMax {
		_, err = io.CopyN(io.Discard, r.Body, bodyDrainMax)
		if err == nil || errors.Is(err, io.EOF) {
			return event.Signup{}, &event.Rejection{
				Error: "the body is larger than 65536 bytes; send one signup", Value: "more than 65536 bytes",
				Problem: "is too large", Remedy: "send one signup of at most 65536 bytes",
			}
		}
	}
	_ = ctrl.SetReadDeadline(time.Time{})
	if err != nil {
		return event.Signup{}, &event.Rejection{
			Error: "the body ended early; send it again", Problem: "ended early: " + err.Error(), Remedy: "send it again",
		}
	}
	signup, bad := intake.Decode(body)
	if bad != nil {
		return signup, bad
	}
	if signup.ID == "" {
		signup.ID = "web-" + uuid.NewString()
	}
	signup.RunID = cmp.Or(signup.RunID, a.env.RunID, "none")
	if signup.EventTime.IsZero() {
		signup.EventTime = event.Time{Time: a.env.Sim.Now()}
	}
	return signup, nil
}

// put sends the record and settles the ticket when its fate is known, also
// after the request has ended.
func (a *App) put(ctx context.Context, t *ticket, try *put, signup event.Signup) {
	data, err := json.Marshal(signup)
	if err == nil {
		err = a.producer.PutAsync(ctx, kinesis.Record{PartitionKey: signup.ID, Data: data},
			func(_ kinesis.Receipt, err error) { a.desk.settle(t, try, err) })
	}
	if err != nil {
		a.desk.settle(t, try, err)
	}
}

// refuse says that the app cannot serve now and when to try again.
func refuse(w http.ResponseWriter, err error) {
	w.Header().Set("Retry-After", retryAfterGuess)
	replyJSON(w, http.StatusServiceUnavailable, map[string]string{"error": err.Error()})
}

func replyJSON(w http.ResponseWriter, status int, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	reply(w, status, append(data, '\n'))
}

func reply(w http.ResponseWriter, status int, json []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(json) // a client that has gone does not read it
}
