package intake

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/weirstream/weir/scenarios/location/event"
)

var idPattern = regexp.MustCompile(
	`^(d\d{6,8}-\d{6,8}|web-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$`)

// ValidID tells whether id names a signup: a device's or a person's.
func ValidID(id string) bool { return idPattern.MatchString(id) }

// check judges the values of a signup that is complete and of the right types.
func check(s event.Signup, hasID bool) *event.Rejection {
	number := func(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
	switch {
	case hasID && !ValidID(s.ID):
		return reject("id", s.ID, "is not a signup id", "send dDEVICE-SEQUENCE with six digits each, web-UUID, or leave the field out")
	case len(s.RunID) > 64 || !plain(s.RunID):
		return reject("run_id", s.RunID, "is not a run id", "send at most 64 printable characters, or leave the field out")
	case !s.EventTime.IsZero() && (s.EventTime.Year() < 1970 || s.EventTime.Year() > 9998):
		return reject("event_time", s.EventTime.Format(event.TimeLayout), "is outside 1970 … 9998", "send the time of the signup")
	case strings.TrimSpace(s.Subscriber.Name) == "":
		return reject("subscriber.name", s.Subscriber.Name, "is empty", "send the subscriber's name")
	case utf8.RuneCountInString(s.Subscriber.Name) > 200 || !plain(s.Subscriber.Name):
		return reject("subscriber.name", s.Subscriber.Name, "is too long or has control characters", "send at most 200 printable characters")
	case !email(s.Subscriber.Email):
		return reject("subscriber.email", s.Subscriber.Email, "is not an email address", "send one like name@example.com")
	case s.Location.Latitude < -90 || s.Location.Latitude > 90:
		return reject("location.latitude", number(s.Location.Latitude), "is out of range", "send degrees from -90 to 90")
	case s.Location.Longitude < -180 || s.Location.Longitude > 180:
		return reject("location.longitude", number(s.Location.Longitude), "is out of range", "send degrees from -180 to 180")
	}
	return nil
}

// email accepts what looks deliverable; only a mail to it could prove more.
func email(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && len(s) <= 254 && local != "" && len(local) <= 64 && plain(s) &&
		!strings.ContainsAny(s, " \t,;<>()\"") && !strings.Contains(domain, "@") &&
		strings.Contains(domain, ".") && !strings.HasPrefix(domain, ".") &&
		!strings.HasSuffix(domain, ".") && !strings.Contains(domain, "..")
}

func plain(s string) bool { return strings.IndexFunc(s, unicode.IsControl) < 0 }
