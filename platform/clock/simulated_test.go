package clock

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func drawClock(t *rapid.T) Simulated {
	instant := rapid.Int64Range(0, 4e18)
	return Simulated{
		Epoch:  time.Unix(0, instant.Draw(t, "epoch")).UTC(),
		Origin: time.Unix(0, instant.Draw(t, "origin")).UTC(),
		Speed:  rapid.Float64Range(1e-3, 1e3).Draw(t, "speed"),
	}
}

// span is up to a month either side of the origin.
func span(t *rapid.T, name string) time.Duration {
	return time.Duration(rapid.Int64Range(-30*24*int64(time.Hour), 30*24*int64(time.Hour)).Draw(t, name))
}

// near allows for the 53 bits of a float64's product, and a nanosecond.
func near(got, want time.Duration) bool {
	return math.Abs(float64(got-want)) <= 1+math.Abs(float64(want))*0x1p-51
}

func TestSimulatedIsAffine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawClock(t)
		if got := s.At(s.Origin); !got.Equal(s.Epoch) {
			t.Fatalf("at the origin it is %v, want %v", got, s.Epoch)
		}
		d := span(t, "wall")
		if got, want := s.At(s.Origin.Add(d)).Sub(s.Epoch), time.Duration(float64(d)*s.Speed); !near(got, want) {
			t.Fatalf("%v of wall time are %v, want %v", d, got, want)
		}
		later := d + time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "more"))
		if s.At(s.Origin.Add(later)).Before(s.At(s.Origin.Add(d))) {
			t.Fatal("it runs backwards")
		}
	})
}

func TestWallAtIsTheInverseOfAt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawClock(t)
		d := span(t, "wall")
		wall := s.Origin.Add(d)
		// Slower than the wall clock, a simulated nanosecond is many wall ones.
		slack := time.Duration(math.Ceil(1/s.Speed)) + 1
		if got := s.WallAt(s.At(wall)); !near(got.Sub(s.Origin), d) && got.Sub(wall).Abs() > slack {
			t.Fatalf("%v comes back as %v", wall, got)
		}
		sim := span(t, "sim")
		if got := s.WallAt(s.Epoch.Add(sim)).Sub(s.Origin); got != s.ToWall(sim) {
			t.Fatalf("%v after the epoch is %v after the origin, want %v", sim, got, s.ToWall(sim))
		}
	})
}

func TestSimulatedAtSpeedOneIsExact(t *testing.T) {
	t.Parallel()
	wall := time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.UTC)
	for _, s := range []Simulated{{Speed: 1}, {}} {
		s.Epoch, s.Origin = time.Unix(0, 1), time.Unix(0, 1)
		if got := s.At(wall); !got.Equal(wall) {
			t.Errorf("%v is %v", wall, got)
		}
	}
}

// An hour-long run a thousand times too fast ends at the end of time, not before its start.
func TestSimulatedDoesNotOverflow(t *testing.T) {
	t.Parallel()
	s := Simulated{Epoch: time.Unix(0, 0), Origin: time.Unix(0, 0), Speed: 1e6}
	if got := s.At(time.Unix(1e6, 0)); got.Before(s.Epoch) {
		t.Errorf("it is %v", got)
	}
	if got := s.At(time.Unix(-1e6, 0)); got.After(s.Epoch) {
		t.Errorf("it was %v", got)
	}
}

func TestSimulatedHasNoMonotonicReading(t *testing.T) {
	t.Parallel()
	now := time.Now()
	if got := (Simulated{Epoch: now, Origin: now, Speed: 60}).Now(); got != got.Round(0) {
		t.Errorf("%v has one", got)
	}
}

func TestParseReadsWhatStringWrites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawClock(t)
		if got, err := Parse(s.String()); got != s || err != nil {
			t.Fatalf("%s is read %+v, %v", s, got, err)
		}
	})
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "1", "1/2", "1/2/3/4", "x/2/3", "1/x/3", "1/2/x", "1/2/0", "1/2/-1", "1/2/NaN", "1/2/Inf", "1/2/1e7", "1.5/2/3", " 1/2/3",
	} {
		if s, err := Parse(text); err == nil {
			t.Errorf("%q is read %+v", text, s)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("1000000000000000000/1700000000000000000/60")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			return
		}
		if again, err := Parse(s.String()); err != nil || again != s {
			t.Errorf("%q is read %+v and then %+v, %v", text, s, again, err)
		}
	})
}
