package iam

import (
	"crypto/hmac"
	"crypto/sha256"
	"sync"
)

// maxSigningKeys bounds each generation of the cache. A key serves one
// credential, day, region and service, so real use needs a handful.
const maxSigningKeys = 1024

// signingKeys caches derived SigV4 keys in two generations: when the young one
// fills up the old one is forgotten, so it never holds more than twice
// maxSigningKeys and never forgets a key in steady use.
type signingKeys struct {
	mu         sync.RWMutex
	young, old map[signingKeyID][sha256.Size]byte
}

type signingKeyID struct{ secret, date, region, service string }

// get derives the key of id, or finds it.
func (c *signingKeys) get(id signingKeyID) [sha256.Size]byte {
	c.mu.RLock()
	key, found := c.young[id]
	c.mu.RUnlock()
	if found {
		return key
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key, found = c.old[id]
	if !found {
		key = id.derive()
	}
	if c.young == nil || len(c.young) >= maxSigningKeys {
		c.old, c.young = c.young, make(map[signingKeyID][sha256.Size]byte)
	}
	c.young[id] = key
	return key
}

// derive chains the four HMACs of Signature Version 4.
func (id signingKeyID) derive() [sha256.Size]byte {
	key := mac([]byte("AWS4"+id.secret), id.date)
	key = mac(key[:], id.region)
	key = mac(key[:], id.service)
	return mac(key[:], "aws4_request")
}

func mac(key []byte, data string) (sum [sha256.Size]byte) {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(data))
	h.Sum(sum[:0])
	return sum
}
