// Package plantest checks what scenario.Simulator promises of every plan. Only
// tests import it.
package plantest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/scenario"
)

// Golden is what a plan was when somebody last changed it on purpose: runs that
// quote a seed are another run since then.
type Golden struct {
	Seed   uint64
	Epoch  time.Time
	Load   scenario.Load
	Events int    // that are hashed, from the first on
	SHA256 string // of their JSON, a line each
}

func (g Golden) hash(s scenario.Simulator, seed uint64) (string, error) {
	h, n := sha256.New(), 0
	encoder := json.NewEncoder(h)
	for p := range s.Plan(seed, g.Epoch, g.Load) {
		if err := encoder.Encode(p); err != nil {
			return "", err
		}
		if n++; n == g.Events {
			break
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Same fails t unless the plan is the golden one, also where many are made at
// once or by one processor, and another seed's is another. It changes
// GOMAXPROCS, so t must not be parallel.
func Same(t *testing.T, s scenario.Simulator, g Golden) {
	t.Helper()
	check := func(how, got string, err error) {
		t.Helper()
		if err != nil || got != g.SHA256 {
			t.Errorf("%s the plan of seed %d hashes to %q, want %q (%v)", how, g.Seed, got, g.SHA256, err)
		}
	}
	type hashed struct {
		sum string
		err error
	}
	all := make([]hashed, 2*runtime.GOMAXPROCS(0))
	var busy sync.WaitGroup
	for i := range all {
		busy.Go(func() { all[i].sum, all[i].err = g.hash(s, g.Seed) })
	}
	busy.Wait()
	for _, h := range all {
		check("beside others", h.sum, h.err)
	}
	if other, err := g.hash(s, g.Seed+1); err != nil || other == g.SHA256 {
		t.Errorf("seed %d has the plan of seed %d (%v)", g.Seed+1, g.Seed, err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one, err := g.hash(s, g.Seed)
	check("by one processor", one, err)
}

// Empty fails t unless a load of nothing has an empty plan.
func Empty(t *testing.T, s scenario.Simulator) {
	t.Helper()
	for _, load := range []scenario.Load{
		{},
		{Rate: 10, Devices: 5},
		{Rate: 10, For: time.Minute},
		{Devices: 5, For: time.Minute},
		{Rate: -1, Devices: 5, For: time.Minute},
		{Rate: math.NaN(), Devices: 5, For: time.Minute},
	} {
		for p := range s.Plan(1, time.Time{}, load) {
			t.Errorf("%+v plans %s", load, p.ID)
			break
		}
	}
}
