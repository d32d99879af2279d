package chaos

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// parseOffset reads 3s or 30%.
func parseOffset(text string, zero bool) (Offset, error) {
	if percent, ok := strings.CutSuffix(text, "%"); ok {
		share, err := strconv.ParseFloat(strings.TrimSpace(percent), 64)
		if err != nil || !(share >= 0 && share <= 100) || share == 0 && !zero {
			return Offset{}, errors.New("want a percentage up to 100%")
		}
		return Offset{Share: share / 100}, nil
	}
	d, err := parseDuration(text)
	if zero && err != nil && (text == "0" || text == "0s") {
		return Offset{}, nil
	}
	return Offset{Duration: d}, err
}

// parseName reads what AWS takes for a name.
func parseName(text string) (string, error) {
	odd := strings.ContainsFunc(text, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-_.", c)
	})
	if odd || text == "" || len(text) > 128 {
		return "", errors.New("want a name of letters, digits, '-', '_' and '.'")
	}
	return text, nil
}

func parseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 || d > durationMax {
		return 0, errors.New("want a duration such as 250ms or 3s, above 0, at most 24h")
	}
	return d, nil
}

func parseRate(text string) (float64, error) {
	rate, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(rate) || rate <= 0 || rate > 1 {
		return 0, errors.New("want a share of the calls, above 0, at most 1")
	}
	return rate, nil
}

func parseCount(text string, limit int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > limit {
		return 0, fmt.Errorf("want a whole number from 1 to %d", limit)
	}
	return n, nil
}
