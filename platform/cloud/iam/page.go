package iam

import (
	"encoding/base64"
	"slices"
	"strings"
)

// pageInput is embedded by the list actions.
type pageInput struct {
	Marker   string `json:"Marker"`
	MaxItems *int32 `json:"MaxItems"`
}

// pageOutput is embedded by their outputs.
type pageOutput struct {
	IsTruncated bool   `json:"IsTruncated"`
	Marker      string `json:"Marker,omitempty"`
}

func (in *pageInput) check(c *checks) {
	if n := in.MaxItems; n != nil && *n < 1 {
		c.Add("maxItems", *n, "Member must have value greater than or equal to 1")
	} else if n != nil && *n > 1000 {
		c.Add("maxItems", *n, "Member must have value less than or equal to 1000")
	}
}

// paginate sorts by key and cuts one page: 100 items unless asked otherwise.
// The marker holds the last key given, so a page neither repeats nor skips
// what did not change between two calls.
func paginate[T any](in *pageInput, items []T, key func(T) string) ([]T, pageOutput, error) {
	after, err := base64.URLEncoding.DecodeString(in.Marker)
	if err != nil {
		return nil, pageOutput{}, validationError("Invalid Marker.")
	}
	slices.SortFunc(items, func(a, b T) int { return strings.Compare(key(a), key(b)) })
	if in.Marker != "" {
		items = slices.DeleteFunc(items, func(item T) bool { return key(item) <= string(after) })
	}
	most := 100
	if in.MaxItems != nil {
		most = int(*in.MaxItems)
	}
	if len(items) <= most {
		return items, pageOutput{}, nil
	}
	items = items[:most]
	return items, pageOutput{true, base64.URLEncoding.EncodeToString([]byte(key(items[most-1])))}, nil
}
