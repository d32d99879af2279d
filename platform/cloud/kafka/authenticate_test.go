package kafka

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

func TestClientsAuthenticate(t *testing.T) {
	t.Parallel()
	_, seeds, _ := run(t, Config{User: "AKIA1", Password: "secret"})
	for name, test := range map[string]struct {
		mechanism sasl.Mechanism
		admitted  bool
	}{
		"scram":                   {scram.Auth{User: "AKIA1", Pass: "secret"}.AsSha512Mechanism(), true},
		"plain":                   {plain.Auth{User: "AKIA1", Pass: "secret"}.AsMechanism(), true},
		"wrong password":          {plain.Auth{User: "AKIA1", Pass: "guess"}.AsMechanism(), false},
		"wrong scram password":    {scram.Auth{User: "AKIA1", Pass: "guess"}.AsSha512Mechanism(), false},
		"unknown user":            {scram.Auth{User: "nobody", Pass: "secret"}.AsSha512Mechanism(), false},
		"weaker mechanism":        {scram.Auth{User: "AKIA1", Pass: "secret"}.AsSha256Mechanism(), false},
		"nobody without password": {emptyPlain("nobody"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := dialAs(t, test.mechanism, seeds, kgo.RequestRetries(0))
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			err := client.Ping(ctx)
			if (err == nil) != test.admitted {
				t.Errorf("ping: %v, want admitted %t", err, test.admitted)
			}
			if !test.admitted && !errors.Is(err, kerr.SaslAuthenticationFailed) {
				t.Errorf("the client is not told why: %v", err)
			}
		})
	}
}

// kafka-python, for one, goes away where it does not find its mechanism.
func TestMechanismsAreNamed(t *testing.T) {
	t.Parallel()
	_, seeds, _ := run(t, Config{})
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", seeds[0])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ask := kmsg.NewPtrSASLHandshakeRequest()
	ask.Version, ask.Mechanism = 1, mechanismPlain
	if _, err := conn.Write(kmsg.NewRequestFormatter().AppendRequest(nil, ask, 1)); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, answerHead)
	if _, err := io.ReadFull(conn, head); err != nil {
		t.Fatal(err)
	}
	body := make([]byte, binary.BigEndian.Uint32(head)-4)
	if _, err := io.ReadFull(conn, body); err != nil {
		t.Fatal(err)
	}
	answer := kmsg.NewPtrSASLHandshakeResponse()
	answer.Version = 1
	if err := answer.ReadFrom(body); err != nil || answer.ErrorCode != 0 || !slices.Contains(answer.SupportedMechanisms, mechanismPlain) || !slices.Contains(answer.SupportedMechanisms, mechanismScram) {
		t.Errorf("%+v, %v", answer, err)
	}
}

// emptyPlain claims to be a user without giving a password, which franz-go's
// own mechanism does not send.
func emptyPlain(user string) sasl.Mechanism { return emptyMechanism(user) }

type emptyMechanism string

func (emptyMechanism) Name() string { return "PLAIN" }

func (m emptyMechanism) Authenticate(context.Context, string) (sasl.Session, []byte, error) {
	return emptySession{}, []byte("\x00" + string(m) + "\x00"), nil
}

type emptySession struct{}

func (emptySession) Challenge([]byte) (bool, []byte, error) { return true, nil, nil }
