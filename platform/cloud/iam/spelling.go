package iam

import (
	"net/http"
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// spelling is how a family of services words an authentication error: JSON
// services answer 400 and …Exception, Lambda's REST the same codes with 403,
// query services shorter codes with 403.
type spelling struct {
	query bool
	rest  bool
}

// spellingOf chooses by what the caller appears to speak; service is "" while the
// scope is not known yet.
func spellingOf(r *http.Request, service string) spelling {
	switch service {
	case "iam", "sts", "sns":
		return spelling{query: true}
	case "lambda", "kafka", "iot", "iotdata", "iotdevicegateway":
		return spelling{rest: true}
	}
	switch {
	case r.Header.Get("X-Amz-Target") != "":
		return spelling{}
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"),
		strings.Contains("&"+r.URL.RawQuery, "&Action="):
		return spelling{query: true}
	case service == "" && r.URL.Path != "/" && r.URL.Path != "":
		return spelling{rest: true}
	}
	return spelling{}
}

// error picks the code; statusQuery is what query services answer with.
func (sp spelling) error(json, query string, statusQuery int, message string) *wire.Error {
	switch {
	case sp.query:
		return &wire.Error{Code: query, Message: message, Status: statusQuery}
	case sp.rest:
		return &wire.Error{Code: json, Message: message, Status: http.StatusForbidden}
	default:
		return &wire.Error{Code: json, Message: message, Status: http.StatusBadRequest}
	}
}

func (sp spelling) missingToken() *wire.Error {
	message := "Missing Authentication Token"
	if sp.query {
		message = "Request is missing Authentication Token"
	}
	return sp.error("MissingAuthenticationTokenException", "MissingAuthenticationToken", http.StatusForbidden, message)
}

func (sp spelling) incomplete(message string) *wire.Error {
	return sp.error("IncompleteSignatureException", "IncompleteSignature", http.StatusBadRequest, message)
}

func (sp spelling) invalidSignature(message string) *wire.Error {
	return sp.error("InvalidSignatureException", "SignatureDoesNotMatch", http.StatusForbidden, message)
}

func (sp spelling) unknownKey() *wire.Error {
	return sp.error("UnrecognizedClientException", "InvalidClientTokenId", http.StatusForbidden,
		"The security token included in the request is invalid.")
}

func (sp spelling) expiredToken() *wire.Error {
	return sp.error("ExpiredTokenException", "ExpiredToken", http.StatusForbidden,
		"The security token included in the request is expired")
}

func (sp spelling) accessDenied(message string) *wire.Error {
	return sp.error("AccessDeniedException", "AccessDenied", http.StatusForbidden, message)
}
