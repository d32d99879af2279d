package store

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Keyring encrypts what is to be encrypted at rest, with AES-256-GCM under keys
// derived from one master key. Safe for concurrent use.
type Keyring struct{ master []byte }

const masterBytes = 32

// NewKeyring makes a keyring that lasts as long as the process.
func NewKeyring() *Keyring {
	master := make([]byte, masterBytes)
	_, _ = rand.Read(master) // documented never to fail
	return &Keyring{master}
}

// Keyring is the directory's; nil without one.
func (d *Data) Keyring() *Keyring {
	if d == nil {
		return nil
	}
	return d.keyring
}

// openKeyring reads the master key, or makes one for a new directory: with
// another key than the one it was written with, what is encrypted is lost.
func openKeyring(cfg DataConfig, m manifest) (*Keyring, error) {
	text, err := readFile(cfg.files, cfg.KeyFile)
	if errors.Is(err, os.ErrNotExist) && !m.Ready {
		return newMaster(cfg)
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("master key %s is missing: name the file that the data directory was written with", cfg.KeyFile)
	}
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	master, err := hex.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(master) != masterBytes {
		return nil, fmt.Errorf("master key %s: want %d hexadecimal digits", cfg.KeyFile, 2*masterBytes)
	}
	k := &Keyring{master}
	if _, err := k.Open(checkName, nil, m.Key); m.Key != nil && err != nil {
		return nil, fmt.Errorf("master key %s is another one than the data directory was written with: name that file", cfg.KeyFile)
	}
	return k, nil
}

// checkName is the key under which a manifest's Key is sealed.
const checkName = "check"

func newMaster(cfg DataConfig) (*Keyring, error) {
	k := NewKeyring()
	if err := cfg.files.MkdirAll(filepath.Dir(cfg.KeyFile), 0o700); err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	if err := writeFile(cfg.files, cfg.KeyFile, append([]byte(hex.EncodeToString(k.master)), '\n')); err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	if cfg.files == vfs.Default {
		if err := os.Chmod(cfg.KeyFile, 0o600); err != nil {
			return nil, fmt.Errorf("master key: %w", err)
		}
	}
	return k, nil
}

// Seal encrypts plain under the key called name and binds it to its place:
// elsewhere it does not open.
func (k *Keyring) Seal(name string, place, plain []byte) []byte {
	aead := k.AEAD(name)
	sealed := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	_, _ = rand.Read(sealed) // documented never to fail
	return aead.Seal(sealed, sealed, plain, place)
}

// Open is Seal's reverse.
func (k *Keyring) Open(name string, place, sealed []byte) ([]byte, error) {
	aead := k.AEAD(name)
	if len(sealed) < aead.NonceSize() {
		return nil, fmt.Errorf("an encrypted value of %d bytes is too short", len(sealed))
	}
	return aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], place)
}

// AEAD is the cipher under the key called name, for who uses it often.
func (k *Keyring) AEAD(name string) cipher.AEAD {
	key, err := hkdf.Key(sha256.New, k.master, nil, name, masterBytes)
	if err != nil {
		panic(err) // the sizes are constants
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}
