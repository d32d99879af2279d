package cloud

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// readBody reads what the service's limit allows within BodyReadMax.
func (x *exchange) readBody() error {
	limit := int64(1 << 20)
	if x.service != nil {
		limit = x.service.BodyLimit()
	}
	if x.r.ContentLength == 0 {
		return nil
	}
	control := http.NewResponseController(x.w)
	_ = control.SetReadDeadline(x.cloud.wall.Now().Add(x.cloud.cfg.BodyReadMax)) // unsupported only by test recorders
	if x.r.ContentLength > limit {
		x.discard()
		return wire.ErrBodyTooLarge
	}
	var err error
	x.call.Body, err = readAll(http.MaxBytesReader(x.w, x.r.Body, limit), x.r.ContentLength)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		x.discard()
		return wire.ErrBodyTooLarge
	}
	if err != nil {
		return wire.Errorf("RequestTimeout", "the request body did not arrive: %v", err)
	}
	_ = control.SetReadDeadline(time.Time{}) // else the connection would be taken for dead later
	x.signed = x.call.Body
	if wire.Gzipped(x.r.Header) {
		x.call.Body, err = wire.Inflate(x.signed, limit)
	}
	return err
}

// discardMax is how much of a body that is refused for its size is read.
const discardMax = 64 << 20

// discard reads a body that is too large to its end, or a good way towards it:
// most clients look at the answer only after they have sent everything.
func (x *exchange) discard() {
	_, _ = io.CopyN(io.Discard, x.r.Body, discardMax) // whatever ends it, the answer is the same
}

// readAll is io.ReadAll into a buffer of the announced length, −1 if it is not
// known. An announcement alone is believed for 1 MiB; whoever sends that much
// gets the rest at once.
func readAll(r io.Reader, announced int64) ([]byte, error) {
	const believed, seen = 1 << 20, 512 // room to see the end without growing
	whole := max(announced, 0) + seen
	buf := make([]byte, 0, min(whole, believed))
	for {
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, max(1, int(whole)-len(buf)))
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return buf, err
		}
	}
}
