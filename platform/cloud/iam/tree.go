package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// object is a JSON object that remembers the order of its keys and which came
// twice: of two equal keys a reader and this cloud might believe different ones.
type object struct {
	keys   []string
	values map[string]any
	twice  []string
}

// maxDepth is deeper than any policy nests.
const maxDepth = 16

// parseTree reads one JSON value: *object, []any, string, json.Number, bool or nil.
func parseTree(text string) (any, error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	v, err := parseValue(dec, 0)
	if err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("unexpected end")
		}
		return nil, fmt.Errorf("invalid JSON at byte %d: %w", dec.InputOffset(), err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("invalid JSON at byte %d: more after the policy's end", dec.InputOffset())
	}
	return v, nil
}

func parseValue(dec *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return parseObject(dec, depth)
	case json.Delim('['):
		return parseList(dec, depth)
	}
	return token, nil
}

func parseObject(dec *json.Decoder, depth int) (any, error) {
	obj := &object{values: map[string]any{}}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, err
		}
		key, ok := token.(string)
		if !ok {
			return nil, errors.New("object key must be a string")
		}
		v, err := parseValue(dec, depth+1)
		if err != nil {
			return nil, err
		}
		if _, seen := obj.values[key]; seen {
			obj.twice = append(obj.twice, key)
		} else {
			obj.keys = append(obj.keys, key)
		}
		obj.values[key] = v
	}
	_, err := dec.Token() // the closing brace
	return obj, err
}

func parseList(dec *json.Decoder, depth int) (any, error) {
	list := []any{}
	for dec.More() {
		v, err := parseValue(dec, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := dec.Token() // the closing bracket
	return list, err
}
