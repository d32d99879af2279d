package event

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Invalid says what is wrong with a reading: the first field at fault, in the
// order of Telemetry's fields.
type Invalid struct {
	Field   string // as in JSON; "" is the line as a whole
	Value   string // as received, shortened
	Problem string
	Remedy  string
}

func (i *Invalid) Error() string {
	return fmt.Sprintf("%s %s %s: %s", i.Field, i.Value, i.Problem, i.Remedy)
}

// What a reading may say. Beyond these it is the device that is broken.
const (
	speedMaxKmh              = 200
	engineMinC, engineLimitC = -40, 200
	batteryLowV, batteryTopV = 5, 20
	tyreTopKPa               = 500
	tyres                    = 4
	runIDMax, firmwareMax    = 64, 16
)

// The instants a reading can come from: 2000 up to 2100.
const (
	oldestMillis Millis = 946_684_800_000
	newestMillis Millis = 4_102_444_800_000
)

// Instants are those that a reading can come from: from, and until before to.
func Instants() (from, to time.Time) { return oldestMillis.Time(), newestMillis.Time() }

// CheckEpoch refuses a beginning of simulated time at which readings would be
// refused.
func CheckEpoch(epoch time.Time) error {
	if epoch.Before(oldestMillis.Time()) || !epoch.Before(newestMillis.Time()) {
		return fmt.Errorf("simulated time begins at %s, and readings can come from %s up to %s: choose an --epoch between them",
			epoch.UTC().Format(time.RFC3339), oldestMillis, newestMillis)
	}
	return nil
}

// Check returns nil or an *Invalid. It judges the reading alone; whether its
// clock is ahead is CheckClock's to say, which knows the time.
func (t *Telemetry) Check() error {
	if bad := t.checkIdentity(); bad != nil {
		return bad
	}
	if bad := t.checkReading(); bad != nil {
		return bad
	}
	if bad := t.checkSchema(); bad != nil {
		return bad
	}
	return nil
}

// CheckClock returns nil or an *Invalid: an event time more than AheadMax
// ahead of now, which is an instant of the simulated clock.
func (t *Telemetry) CheckClock(now time.Time) error {
	if ahead := t.EventTime.Time().Sub(now); ahead > AheadMax {
		return &Invalid{
			"event_time", t.EventTime.String(), fmt.Sprintf("is %v ahead of the hub's clock", ahead.Round(time.Second)),
			fmt.Sprintf("set the device's clock: at most %v ahead is taken", AheadMax),
		}
	}
	return nil
}

func (t *Telemetry) checkIdentity() *Invalid {
	device, seq, ok := idNumbers(t.ID)
	if !ok {
		return text("id", t.ID, "is no event id", fmt.Sprintf("send dDEVICE-SEQUENCE, %d digits or more each, up to %d", idDigits, numberMax))
	}
	if len(t.RunID) == 0 || len(t.RunID) > runIDMax {
		return text("run_id", t.RunID, "is empty or too long", fmt.Sprintf("send 1 to %d characters", runIDMax))
	}
	if !plain(t.RunID) {
		return text("run_id", t.RunID, "has characters that ids of documents do not", "send letters, digits, dots, hyphens and underscores")
	}
	if cab, ok := cabNumber(t.Cab); !ok || cab != device {
		return text("cab", t.Cab, "is not the cab of id "+t.ID, fmt.Sprintf("send cab- and %d digits, the device of the id", cabDigits))
	}
	if t.Seq < 0 || uint64(t.Seq) != seq {
		return text("seq", strconv.FormatInt(t.Seq, 10), "is not the sequence of id "+t.ID, "send the number the id ends with")
	}
	if t.EventTime < oldestMillis || t.EventTime >= newestMillis {
		return text("event_time", t.EventTime.String(), "is missing or in another century",
			fmt.Sprintf("send RFC 3339 with milliseconds, from %s up to %s", oldestMillis, newestMillis))
	}
	return nil
}

func (t *Telemetry) checkReading() *Invalid {
	const south, north = float64(CitySouth-CityMargin) / UnitsPerDegree, float64(CityNorth+CityMargin) / UnitsPerDegree
	const west, east = float64(CityWest-CityMargin) / UnitsPerDegree, float64(CityEast+CityMargin) / UnitsPerDegree
	if bad := within("lat", t.Lat, south, north, "degrees"); bad != nil {
		return bad
	}
	if bad := within("lon", t.Lon, west, east, "degrees"); bad != nil {
		return bad
	}
	if bad := within("speed_kmh", t.SpeedKmh, 0, speedMaxKmh, "km/h"); bad != nil {
		return bad
	}
	if bad := within("engine_c", t.EngineC, engineMinC, engineLimitC, "°C"); bad != nil {
		return bad
	}
	return within("battery_v", t.BatteryV, batteryLowV, batteryTopV, "V")
}

// checkSchema judges what the schema version decides.
func (t *Telemetry) checkSchema() *Invalid {
	switch t.Schema {
	case SchemaOld:
		if len(t.TyreKPa) != 0 {
			return tooNew("tyre_kpa", fmt.Sprint(t.TyreKPa))
		}
		if t.Firmware != "" {
			return tooNew("firmware", t.Firmware)
		}
		return nil
	case Schema:
	default:
		return text("schema", strconv.Itoa(t.Schema), "is unknown", fmt.Sprintf("send schema %d or %d", SchemaOld, Schema))
	}
	if len(t.TyreKPa) != tyres {
		return text("tyre_kpa", fmt.Sprint(t.TyreKPa), "is not one pressure per tyre", fmt.Sprintf("send %d numbers", tyres))
	}
	for _, pressure := range t.TyreKPa {
		if bad := within("tyre_kpa", pressure, 0, tyreTopKPa, "kPa"); bad != nil {
			return bad
		}
	}
	if len(t.Firmware) == 0 || len(t.Firmware) > firmwareMax {
		return text("firmware", t.Firmware, "is empty or too long", fmt.Sprintf("send 1 to %d characters", firmwareMax))
	}
	if !plain(t.Firmware) {
		return text("firmware", t.Firmware, "has characters that versions do not", "send letters, digits, dots, hyphens and underscores")
	}
	return nil
}

// tooNew refuses a field that SchemaOld does not have.
func tooNew(field, value string) *Invalid {
	return text(field, value, fmt.Sprintf("is not in schema %d", SchemaOld), fmt.Sprintf("leave it out or send schema %d", Schema))
}

// plain says that a text can be part of an id, a page and a log as it is.
func plain(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

// within also refuses what is not a number.
func within(field string, value, low, high float64, unit string) *Invalid {
	if value >= low && value <= high {
		return nil
	}
	problem := "is out of range"
	if math.IsNaN(value) {
		problem = "is not a number"
	}
	return text(field, strconv.FormatFloat(value, 'g', -1, 64), problem, fmt.Sprintf("send %g to %g %s", low, high, unit))
}

func text(field, value, problem, remedy string) *Invalid {
	const shown = 60
	if len(value) > shown {
		value = value[:shown] + "…"
	}
	return &Invalid{field, strconv.Quote(value), problem, remedy}
}
