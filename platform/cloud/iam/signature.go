package iam

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	algorithm      = "AWS4-HMAC-SHA256"
	amzDateLayout  = "20060102T150405Z"
	maxSkew        = 5 * time.Minute
	presignDefault = 15 * time.Minute // U: what STS grants a URL that names no X-Amz-Expires
	presignMax     = 7 * 24 * time.Hour
)

// signature is the parsed claim of a request, from its Authorization header or
// its query.
type signature struct {
	accessKeyID   string
	date          string // of the scope, YYYYMMDD
	region        string
	service       string
	signedHeaders string // lower case, separated by semicolons, as sent
	hex           string
	token         string
	signedAt      time.Time
	amzDate       string // signedAt as it stands in the string to sign
	presigned     bool
	lifetime      time.Duration // presigned only
}

// parseSignature reads the claim; the error already has AWS's spelling.
func parseSignature(r *http.Request) (signature, error) {
	header := r.Header.Get("Authorization")
	presigned := strings.Contains(r.URL.RawQuery, "X-Amz-Algorithm")
	switch sp := spellingOf(r, serviceOf(claimedCredential(r, header))); {
	case header != "" && presigned:
		return signature{}, sp.invalidSignature("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")
	case header != "":
		return parseHeader(r, header, sp)
	case presigned:
		return parseQuery(r, sp)
	default:
		return signature{}, sp.missingToken()
	}
}

// claimedCredential finds the credential before anything is known to be well
// formed, so that even a malformed claim is refused in its service's spelling.
func claimedCredential(r *http.Request, header string) string {
	if _, rest, found := strings.Cut(header, "Credential="); found {
		credential, _, _ := strings.Cut(rest, ",")
		return credential
	}
	if !strings.Contains(r.URL.RawQuery, "X-Amz-Credential") {
		return ""
	}
	return r.URL.Query().Get("X-Amz-Credential")
}

// serviceOf is the service part of KEY/DATE/REGION/SERVICE/aws4_request, or "".
func serviceOf(credential string) string {
	parts := strings.SplitN(credential, "/", 6)
	if len(parts) < 4 {
		return ""
	}
	return parts[3]
}

func parseHeader(r *http.Request, header string, sp spelling) (signature, error) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(header), " ")
	var credential, signedHeaders, hex string
	for part := range strings.FieldsFuncSeq(rest, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }) {
		key, value, found := strings.Cut(part, "=")
		if !found {
			return signature{}, sp.incomplete("Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '" + hashed(part) + "'.")
		}
		switch key {
		case "Credential":
			credential = value
		case "SignedHeaders":
			signedHeaders = value
		case "Signature":
			hex = value
		}
	}
	amzDate := r.Header.Get("X-Amz-Date")
	if amzDate == "" {
		amzDate = r.Header.Get("Date")
	}
	var missing strings.Builder
	for _, need := range [...]struct{ name, value string }{
		{"Credential", credential}, {"Signature", hex}, {"SignedHeaders", signedHeaders},
	} {
		if need.value == "" {
			missing.WriteString("Authorization header requires '" + need.name + "' parameter. ")
		}
	}
	if amzDate == "" {
		missing.WriteString("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")
	}
	if missing.Len() > 0 {
		return signature{}, sp.incomplete(missing.String() + "(Hashed with SHA-256 and encoded with Base64) Authorization=" + hashed(header))
	}
	if scheme != algorithm {
		return signature{}, sp.incomplete("Unsupported AWS 'algorithm': '" + clip(scheme) + "'.") // U
	}
	sig := signature{
		signedHeaders: signedHeaders,
		hex:           hex,
		token:         r.Header.Get("X-Amz-Security-Token"),
	}
	if err := sig.setScope(r, credential); err != nil {
		return signature{}, err
	}
	return sig, sig.setDate(amzDate, spellingOf(r, sig.service))
}

func parseQuery(r *http.Request, sp spelling) (signature, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return signature{}, sp.incomplete("The query string is malformed.") // U
	}
	var missing []string
	for _, name := range [...]string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"} {
		if query.Get(name) == "" {
			missing = append(missing, "AWS query-string parameters must include '"+name+"'.")
		}
	}
	if len(missing) > 0 {
		return signature{}, sp.incomplete(strings.Join(missing, " ") + " Re-examine the query-string parameters.")
	}
	if got := query.Get("X-Amz-Algorithm"); got != algorithm {
		return signature{}, sp.incomplete("Unsupported AWS 'algorithm': '" + clip(got) + "'.") // U
	}
	sig := signature{
		signedHeaders: query.Get("X-Amz-SignedHeaders"),
		hex:           query.Get("X-Amz-Signature"),
		token:         query.Get("X-Amz-Security-Token"),
		presigned:     true,
		lifetime:      presignDefault,
	}
	if sig.token == "" {
		sig.token = r.Header.Get("X-Amz-Security-Token")
	}
	if err := sig.setScope(r, query.Get("X-Amz-Credential")); err != nil {
		return signature{}, err
	}
	sp = spellingOf(r, sig.service)
	if text := query.Get("X-Amz-Expires"); text != "" {
		seconds, err := strconv.Atoi(text)
		if err != nil || seconds < 1 || seconds > int(presignMax/time.Second) {
			return signature{}, sp.incomplete("X-Amz-Expires must be between 1 and 604800 seconds.") // U
		}
		sig.lifetime = time.Duration(seconds) * time.Second
	}
	return sig, sig.setDate(query.Get("X-Amz-Date"), sp)
}

// setScope reads KEY/DATE/REGION/SERVICE/aws4_request. Access key ids hold no slash.
func (sig *signature) setScope(r *http.Request, credential string) error {
	parts := strings.Split(credential, "/")
	sp := spellingOf(r, serviceOf(credential))
	if len(parts) != 5 || parts[0] == "" || parts[3] == "" {
		return sp.incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '" + clip(credential) + "'")
	}
	if parts[4] != "aws4_request" {
		return sp.invalidSignature("Credential should be scoped with a valid terminator: 'aws4_request', not '" + clip(parts[4]) + "'.")
	}
	sig.accessKeyID, sig.date, sig.region, sig.service = parts[0], parts[1], parts[2], parts[3]
	return nil
}

// setDate reads the instant of signing and compares its day with the scope's.
func (sig *signature) setDate(text string, sp spelling) error {
	at, err := time.Parse(amzDateLayout, text)
	if err != nil {
		at, err = http.ParseTime(text) // a plain Date header
	}
	if err != nil {
		return sp.incomplete("Date must be in ISO-8601 'basic format'. Got '" + clip(text) + "'. See http://en.wikipedia.org/wiki/ISO_8601")
	}
	sig.signedAt = at.UTC()
	sig.amzDate = sig.signedAt.Format(amzDateLayout)
	if day := sig.amzDate[:8]; day != sig.date {
		return sp.invalidSignature("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" +
			clip(sig.date) + "' != '" + day + "', from '" + clip(text) + "'.")
	}
	return nil
}

// signsHost tells whether the host header is signed, which AWS insists on.
func (sig *signature) signsHost() bool {
	for name := range strings.SplitSeq(sig.signedHeaders, ";") {
		if name == "host" {
			return true
		}
	}
	return false
}

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// clip keeps an echo of what the caller sent short.
func clip(text string) string {
	const most = 200
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}
