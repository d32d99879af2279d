package cloudwatch

import (
	"errors"
	"strconv"
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// statistic computes one number from a period; false where there is none.
type statistic func(*distribution) (float64, bool)

// parseStatistic knows the five plain statistics and percentiles.
func parseStatistic(name string) (statistic, error) {
	plain := func(of func(*distribution) float64) (statistic, error) {
		return func(d *distribution) (float64, bool) { return of(d), d.count > 0 }, nil
	}
	switch name {
	case "Average":
		return plain(func(d *distribution) float64 { return d.sum / d.count })
	case "Sum":
		return plain(func(d *distribution) float64 { return d.sum })
	case "Minimum":
		return plain(func(d *distribution) float64 { return d.low })
	case "Maximum":
		return plain(func(d *distribution) float64 { return d.high })
	case "SampleCount":
		return plain(func(d *distribution) float64 { return d.count })
	}
	if digits, ok := strings.CutPrefix(name, "p"); ok && strings.Trim(digits, "0123456789.") == "" {
		if p, err := strconv.ParseFloat(digits, 64); err == nil && p <= 100 {
			return func(d *distribution) (float64, bool) { return d.percentile(p) }, nil
		}
	}
	for _, trimmed := range []string{"tm", "wm", "ts", "tc", "pr", "TM", "WM", "TS", "TC", "PR", "IQM"} {
		if strings.HasPrefix(name, trimmed) {
			return nil, wire.NotImplemented("the statistic " + strconv.Quote(name) + " of cloudwatch")
		}
	}
	return nil, errNoStatistic
}

var errNoStatistic = errors.New("no such statistic")

// statistic refuses what is no statistic; one that is only missing here is
// refused later, by its name.
func (p *problems) statistic(path, name string) {
	if _, err := parseStatistic(name); errors.Is(err, errNoStatistic) {
		p.add(invalidValue("The value %.100q for parameter %s is not supported.", name, path))
	}
}

// isPeriod reports whether data can be read by such periods.
func isPeriod(seconds int) bool {
	switch seconds {
	case 1, 5, 10, 20, 30:
		return true
	}
	return seconds > 0 && seconds%60 == 0 && seconds <= 86_400*365
}
