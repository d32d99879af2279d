package hub

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-json"
	"golang.org/x/sync/semaphore"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// Bounds of one batch. A gateway's are far below.
const (
	bodyBytesMax = 16 << 20 // inflated
	lineBytesMax = 16 << 10
	linesMax     = 20_000 // each may be refused at length: 16 MiB of short ones are gigabytes of answer
)

// roomBytes bounds what all batches in hand hold, inflated.
const roomBytes = 256 << 20

var errNoRoom = errors.New("other batches take all memory there is for them")

// body is what one batch is read by and into. It is used again by another one.
type body struct {
	text  bytes.Buffer
	unzip gzip.Reader
	room  room
}

// room is a batch's part of what all of them may hold. It is taken as the bytes
// come, so that a client which sends slowly keeps nobody else away.
type room struct {
	all   *semaphore.Weighted
	taken int64
}

// reader is in, as long as there is room for what it reads.
func (r *room) reader(in io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		n, err := in.Read(p)
		if !r.all.TryAcquire(int64(n)) {
			return 0, errNoRoom
		}
		r.taken += int64(n)
		return n, err
	})
}

func (r *room) release() {
	r.all.Release(r.taken)
	r.taken = 0
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// read reads a batch whole, inflated; what it returns is good until the next
// read. What is wrong with it is a refusal of line 0.
func (b *body) read(w http.ResponseWriter, r *http.Request) ([]byte, *event.Refusal, error) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != event.NDJSON {
		return nil, &event.Refusal{Field: "Content-Type", Value: quoted(r.Header.Get("Content-Type")), Remedy: "send " + event.NDJSON}, nil
	}
	var in io.Reader = http.MaxBytesReader(w, r.Body, bodyBytesMax)
	switch encoding := r.Header.Get("Content-Encoding"); strings.ToLower(encoding) {
	case "", "identity":
	case "gzip":
		if err := b.unzip.Reset(in); err != nil {
			return nil, bodyRefusal(err), passing(err)
		}
		in = io.LimitReader(&b.unzip, bodyBytesMax+1)
	default:
		return nil, &event.Refusal{Field: "Content-Encoding", Value: quoted(encoding), Remedy: "send gzip, or none"}, nil
	}
	b.text.Reset()
	_, err := b.text.ReadFrom(b.room.reader(in))
	switch text := b.text.Bytes(); {
	case err != nil:
		return nil, bodyRefusal(err), passing(err)
	case len(text) > bodyBytesMax:
		return nil, tooLarge(), nil
	case len(bytes.TrimSpace(text)) == 0:
		return nil, &event.Refusal{Field: "body", Value: `""`, Remedy: "send one reading a line"}, nil
	case bytes.Count(text, []byte{'\n'}) > linesMax:
		return nil, &event.Refusal{Field: "body", Value: fmt.Sprintf("more than %d lines", linesMax), Remedy: "send fewer lines at once"}, nil
	default:
		return text, nil, nil
	}
}

// bodyKeptMax is the largest batch whose memory is kept for another.
const bodyKeptMax = 1 << 20

func (h *Hub) giveBack(b *body) {
	b.room.release()
	if b.text.Cap() <= bodyKeptMax {
		h.bodies.Put(b)
	}
}

func tooLarge() *event.Refusal {
	return &event.Refusal{Field: "body", Value: "more than " + strconv.Itoa(bodyBytesMax) + " bytes", Remedy: "send fewer lines at once"}
}

// bodyRefusal says what is wrong with a body that cannot be read.
func bodyRefusal(err error) *event.Refusal {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return tooLarge()
	}
	return &event.Refusal{Field: "body", Value: quoted(err.Error()), Remedy: "send NDJSON, as it is or as gzip"}
}

// passing is an error that is the connection's and not the body's: the same body
// may come through the next time.
func passing(err error) error {
	var large *http.MaxBytesError
	var corrupt flate.CorruptInputError
	for _, body := range []error{gzip.ErrHeader, gzip.ErrChecksum, io.EOF, io.ErrUnexpectedEOF} { // the last also of a client that has gone
		if errors.Is(err, body) {
			return nil
		}
	}
	if errors.As(err, &large) || errors.As(err, &corrupt) {
		return nil
	}
	return err
}

// read decodes and checks one line; t is overwritten.
func read(line []byte, t *event.Telemetry, now time.Time) *event.Refusal {
	if len(line) > lineBytesMax {
		return &event.Refusal{Value: fmt.Sprintf("%d bytes", len(line)), Remedy: fmt.Sprintf("send at most %d bytes a line", lineBytesMax)}
	}
	*t = event.Telemetry{TyreKPa: t.TyreKPa[:0]}
	if err := json.Unmarshal(line, t); err != nil {
		return undecodable(line, err)
	}
	err := t.Check()
	if err == nil {
		err = t.CheckClock(now)
	}
	var bad *event.Invalid
	if err != nil && errors.As(err, &bad) {
		return &event.Refusal{Field: bad.Field, Value: bad.Value, Remedy: bad.Problem + ": " + bad.Remedy}
	}
	return incomplete(line)
}

// undecodable names the first field, by name, whose value does not fit, and else
// the line.
func undecodable(line []byte, err error) *event.Refusal {
	var values map[string]json.RawMessage
	if json.Unmarshal(line, &values) == nil {
		for _, field := range slices.Sorted(maps.Keys(values)) {
			alone, _ := json.Marshal(map[string]json.RawMessage{field: values[field]})
			if err := json.Unmarshal(alone, new(event.Telemetry)); err != nil {
				return &event.Refusal{Field: field, Value: shortened(string(values[field])), Remedy: "send " + wanted(field, values[field])}
			}
		}
	}
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return &event.Refusal{Value: quoted(string(line)), Remedy: "send one JSON object a line"}
	}
	return &event.Refusal{Value: quoted(string(line)), Remedy: "send one JSON object a line: " + err.Error()}
}

// wanted is what a reading's field has to be that value does not fit.
func wanted(field string, value json.RawMessage) string {
	number := value[0] == '-' || value[0] >= '0' && value[0] <= '9'
	switch t := typeOf(field); {
	case t == reflect.TypeFor[event.Millis]():
		return "an RFC 3339 instant, such as 2026-01-01T08:00:00.000Z"
	case t.Kind() == reflect.String:
		return "a text"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Slice:
		return "a list of numbers"
	case t.Kind() == reflect.Float64 && number:
		return "a number from -1.7e308 to 1.7e308"
	case t.Kind() == reflect.Float64:
		return "a number"
	case number:
		return "a whole number in digits alone, of at most 64 bits"
	default:
		return "a whole number"
	}
}

// typeOf is that of a reading's field by its name in JSON, in which case does
// not count.
func typeOf(name string) reflect.Type {
	for field := range reflect.TypeFor[event.Telemetry]().Fields() {
		tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if strings.EqualFold(tag, name) {
			return field.Type
		}
	}
	return reflect.TypeFor[string]() // there is no other that does not fit
}

func quoted(text string) string { return strconv.Quote(shortened(text)) }

func shortened(text string) string {
	const shown = 60
	if len(text) > shown {
		return text[:shown] + "…"
	}
	return text
}
