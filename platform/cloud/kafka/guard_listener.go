package kafka

import (
	"net"

	"github.com/weirstream/weir/platform/clock"
)

// Guard makes a listener for a kfake cluster that runs without a Service, in
// tests of clients: these do no harm to the cluster, as a Service's do none.
func Guard(l net.Listener) net.Listener { return guardListener{l} }

type guardListener struct{ net.Listener }

// Accept implements net.Listener.
func (l guardListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	asIs := func(_ question, answer []byte) []byte { return answer }
	return newGuarded(conn, func() {}, clock.Wall{}, asIs), nil
}
