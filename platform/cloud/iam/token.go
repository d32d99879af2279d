package iam

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"
)

// session is what a set of temporary credentials stands for. It travels inside
// the session token, so the service remembers no sessions and cannot run out
// of room for them; an expired one is simply refused.
type session struct {
	accessKeyID string
	secret      string
	arn         string // arn:aws:sts::A:assumed-role/ROLE/SESSION
	userID      string // AROA…:SESSION
	expires     time.Time
}

// sealer turns sessions into opaque tokens and back. Only who has the key that a
// token was made with can open it: this process, or with a data directory also
// later ones over the same directory.
type sealer struct{ aead cipher.AEAD }

func newSealer(key []byte) (*sealer, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &sealer{aead}, nil
}

func (s *sealer) seal(v session) string {
	plain := strings.Join([]string{
		v.accessKeyID, v.secret, v.arn, v.userID, strconv.FormatInt(v.expires.Unix(), 10),
	}, "\n")
	return base64.StdEncoding.EncodeToString(s.aead.Seal(nil, nil, []byte(plain), nil))
}

var errToken = errors.New("not a session token of this cloud")

func (s *sealer) open(token string) (session, error) {
	if len(token) > 4096 {
		return session{}, errToken
	}
	sealed, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return session{}, errToken
	}
	plain, err := s.aead.Open(nil, nil, sealed, nil)
	if err != nil {
		return session{}, errToken
	}
	fields := strings.Split(string(plain), "\n")
	if len(fields) != 5 {
		return session{}, errToken
	}
	expires, err := strconv.ParseInt(fields[4], 10, 64)
	if err != nil {
		return session{}, errToken
	}
	return session{
		accessKeyID: fields[0],
		secret:      fields[1],
		arn:         fields[2],
		userID:      fields[3],
		expires:     time.Unix(expires, 0).UTC(),
	}, nil
}
