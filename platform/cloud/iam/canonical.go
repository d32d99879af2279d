package iam

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// appendCanonicalRequest appends the request as its signer must have written
// it down: method, path, query without its signature, signed headers, their
// names, payload hash.
func appendCanonicalRequest(b []byte, r *http.Request, path string, sig *signature, payloadHash string) []byte {
	b = append(b, r.Method...)
	b = append(b, '\n')
	b = appendCanonicalPath(b, path, sig.service == "s3")
	b = append(b, '\n')
	b = appendCanonicalQuery(b, r.URL.RawQuery)
	b = append(b, '\n')
	for name := range strings.SplitSeq(sig.signedHeaders, ";") {
		b = append(b, name...)
		b = append(b, ':')
		b = appendCanonicalHeader(b, r, name)
		b = append(b, '\n')
	}
	b = append(b, '\n')
	b = append(b, sig.signedHeaders...)
	b = append(b, '\n')
	return append(b, payloadHash...)
}

// appendCanonicalPath encodes the path as it was sent once more, which is what
// every service but S3 signs; S3 signs the path encoded once.
func appendCanonicalPath(b []byte, sent string, s3 bool) []byte {
	if sent == "" {
		return append(b, '/')
	}
	if s3 {
		return appendEscaped(b, unescape(sent, false), true)
	}
	return appendEscaped(b, sent, true)
}

// normalizePath resolves dot segments and doubled slashes, as AWS's rules say
// and botocore does; the Go SDK signs the path as it is sent. ok is false
// where the two agree.
func normalizePath(sent string) (path string, ok bool) {
	if !strings.Contains(sent, "//") && !strings.Contains(sent, "/.") {
		return "", false
	}
	var kept []string
	for segment := range strings.SplitSeq(sent, "/") {
		switch segment {
		case "", ".":
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		default:
			kept = append(kept, segment)
		}
	}
	path = "/" + strings.Join(kept, "/")
	if len(kept) > 0 && strings.HasSuffix(sent, "/") {
		path += "/"
	}
	return path, path != sent
}

func appendCanonicalQuery(b []byte, raw string) []byte {
	if raw == "" {
		return b
	}
	type pair struct{ key, value string }
	var pairs []pair
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		key, value, _ := strings.Cut(part, "=")
		key = unescape(key, true)
		if key == "X-Amz-Signature" {
			continue
		}
		pairs = append(pairs, pair{
			string(appendEscaped(nil, key, false)),
			string(appendEscaped(nil, unescape(value, true), false)),
		})
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		if c := strings.Compare(a.key, b.key); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	for i, p := range pairs {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(b, p.key...)
		b = append(b, '=')
		b = append(b, p.value...)
	}
	return b
}

// appendCanonicalHeader appends the values of one header, trimmed, runs of
// spaces folded, joined by commas. net/http keeps some headers elsewhere than
// in r.Header; they are looked up where it keeps them.
func appendCanonicalHeader(b []byte, r *http.Request, name string) []byte {
	if name == "host" {
		return appendFolded(b, r.Host)
	}
	values := r.Header[http.CanonicalHeaderKey(name)]
	if len(values) == 0 {
		switch {
		case name == "content-length" && r.ContentLength >= 0:
			return strconv.AppendInt(b, r.ContentLength, 10)
		case name == "transfer-encoding":
			values = r.TransferEncoding
		}
	}
	for i, value := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendFolded(b, value)
	}
	return b
}

func appendFolded(b []byte, value string) []byte {
	value = strings.Trim(value, " \t")
	if !strings.Contains(value, "  ") {
		return append(b, value...)
	}
	space := false
	for i := range len(value) {
		if value[i] == ' ' && space {
			continue
		}
		space = value[i] == ' '
		b = append(b, value[i])
	}
	return b
}

const upperHex = "0123456789ABCDEF"

// appendEscaped percent-encodes all but RFC 3986's unreserved characters (and
// slashes, if kept).
func appendEscaped(b []byte, text string, keepSlash bool) []byte {
	for i := range len(text) {
		c := text[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c == '-', c == '_', c == '.', c == '~', c == '/' && keepSlash:
			b = append(b, c)
		default:
			b = append(b, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return b
}

// unescape undoes percent-encoding; what is no valid escape stays as it is.
func unescape(text string, plusIsSpace bool) string {
	if !strings.ContainsAny(text, "%+") {
		return text
	}
	b := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '+' && plusIsSpace:
			b = append(b, ' ')
		case c == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]):
			b = append(b, fromHex(text[i+1])<<4|fromHex(text[i+2]))
			i += 2
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func fromHex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}
