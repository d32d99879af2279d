package iam

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

var (
	namePattern = regexp.MustCompile(`^[\w+=,.@-]+$`)
	pathPattern = regexp.MustCompile(`^(/|/[!-~]+/)$`)
)

const policyText = `[\u0009\u000A\u000D\u0020-\u00FF]+`

// checks collects constraint failures and reports them under the code the
// query services use.
type checks struct{ wire.Violations }

func (c *checks) err() error {
	var e *wire.Error
	if err := c.Err(); errors.As(err, &e) {
		return &wire.Error{Code: "ValidationError", Message: e.Message}
	}
	return nil
}

func (c *checks) required(path, value string, most int) {
	if value == "" {
		c.Null(path)
		return
	}
	c.name(path, value, most)
}

// name checks a value that may be absent.
func (c *checks) name(path, value string, most int) {
	switch {
	case value == "":
	case len(value) > most:
		c.Add(path, clip(value), lengthAtMost(most))
	case !namePattern.MatchString(value):
		c.Add(path, value, `Member must satisfy regular expression pattern: [\w+=,.@-]+`)
	}
}

func (c *checks) path(path, value string) {
	switch {
	case value == "":
	case len(value) > 512:
		c.Add(path, clip(value), lengthAtMost(512))
	case !pathPattern.MatchString(value):
		c.Add(path, value, `Member must satisfy regular expression pattern: (\u002F)|(\u002F[\u0021-\u007E]+\u002F)`)
	}
}

func (c *checks) pathPrefix(prefix string) {
	if len(prefix) > 512 || prefix != "" && prefix[0] != '/' {
		c.Add("pathPrefix", clip(prefix), `Member must satisfy regular expression pattern: \u002F[\u0021-\u007F]*`)
	}
}

func (c *checks) policy(path, value string) {
	switch {
	case value == "":
		c.Null(path)
	case len(value) > 131072:
		c.Add(path, clip(value), lengthAtMost(131072))
	case strings.ContainsFunc(value, func(r rune) bool {
		return r > 0xff || r < 0x20 && r != '\t' && r != '\n' && r != '\r'
	}):
		c.Add(path, clip(value), "Member must satisfy regular expression pattern: "+policyText)
	}
}

func lengthAtMost(most int) string {
	return "Member must have length less than or equal to " + strconv.Itoa(most)
}
