package wire

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits of a query call, far above what an SDK sends: they bound what hostile
// input can cost.
const (
	queryMaxParameters = 10_000
	queryMaxDepth      = 24
)

// queryCodec is awsQuery: form parameters in, XML out.
type queryCodec struct{ namespace string }

func (queryCodec) Decode(call *Call, _ map[string]string, in any) error {
	form, err := QueryForm(call)
	if err != nil {
		return err
	}
	root, err := queryTree(form)
	if err != nil {
		return err
	}
	v := reflect.ValueOf(in)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return nil
	}
	return root.decode(v.Elem(), "")
}

func (c queryCodec) Encode(call *Call, out any) (Reply, error) {
	return encodeXML(c.namespace, call, out)
}

func (c queryCodec) EncodeError(call *Call, err *Error) Reply {
	return encodeXMLError(c.namespace, call, err)
}

// QueryForm is the form of a query call: its body, or for GET its URL.
func QueryForm(call *Call) (url.Values, error) {
	text := string(call.Body)
	if len(call.Body) == 0 && call.HTTP != nil {
		text = call.HTTP.URL.RawQuery
	}
	if strings.Count(text, "&") >= queryMaxParameters {
		return nil, malformed("more than %d parameters", queryMaxParameters)
	}
	form, err := url.ParseQuery(text)
	if err != nil {
		return nil, malformed("%.200s", err.Error())
	}
	return form, nil
}

func malformed(format string, args ...any) *Error {
	return Errorf("MalformedInput", format, args...)
}

// queryNode is one dotted name of a form: A.member.1.B is four levels.
type queryNode struct {
	value    string
	children map[string]*queryNode
}

func queryTree(form url.Values) (*queryNode, error) {
	root := &queryNode{}
	for name, values := range form {
		if strings.Count(name, ".") >= queryMaxDepth {
			return nil, malformed("parameter %.100q is nested deeper than %d levels", name, queryMaxDepth)
		}
		node := root
		for part := range strings.SplitSeq(name, ".") {
			if node.children == nil {
				node.children = make(map[string]*queryNode)
			}
			child := node.children[part]
			if child == nil {
				child = &queryNode{}
				node.children[part] = child
			}
			node = child
		}
		node.value = values[0]
	}
	return root, nil
}

func (n *queryNode) decode(v reflect.Value, path string) error {
	if v.Kind() == reflect.Pointer && !isTime(v.Type().Elem()) && v.Type().Elem().Kind() == reflect.Struct {
		target := reflect.New(v.Type().Elem())
		v.Set(target)
		return n.decode(target.Elem(), path)
	}
	switch {
	case v.Kind() == reflect.Struct && !isTime(v.Type()):
		return n.decodeStruct(v, path)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		return n.decodeList(v, path)
	case v.Kind() == reflect.Map:
		return n.decodeMap(v, path)
	}
	if n.children != nil {
		return malformed("%s: a structure was found where a single value is expected", path)
	}
	if err := setScalar(v, n.value); err != nil {
		return malformed("%s: %s", path, err.Error())
	}
	return nil
}

func (n *queryNode) decodeStruct(v reflect.Value, path string) error {
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			if err := n.decodeStruct(v.Field(i), path); err != nil {
				return err
			}
			continue
		}
		name, _ := jsonName(f)
		if child := n.children[name]; name != "" && child != nil {
			if err := child.decode(v.Field(i), join(path, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// decodeList reads List.member.N or List.N in the order of N, whatever the
// gaps; "List=" alone is an empty list.
func (n *queryNode) decodeList(v reflect.Value, path string) error {
	elements, err := n.numbered("member", path)
	if err != nil {
		return err
	}
	list := reflect.MakeSlice(v.Type(), len(elements), len(elements))
	for i, e := range elements {
		if err := e.decode(list.Index(i), fmt.Sprintf("%s.member.%d", path, i+1)); err != nil {
			return err
		}
	}
	v.Set(list)
	return nil
}

// decodeMap reads Map.entry.N.key and Map.entry.N.value, or without "entry".
func (n *queryNode) decodeMap(v reflect.Value, path string) error {
	entries, err := n.numbered("entry", path)
	if err != nil {
		return err
	}
	t := v.Type()
	if t.Key().Kind() != reflect.String {
		return fmt.Errorf("decode %s: map keys of kind %s are not on the wire", path, t.Key().Kind())
	}
	out := reflect.MakeMapWithSize(t, len(entries))
	for i, e := range entries {
		at := fmt.Sprintf("%s.entry.%d", path, i+1)
		key, value := e.children["key"], e.children["value"]
		if key == nil || value == nil {
			return malformed("%s: want a key and a value", at)
		}
		element := reflect.New(t.Elem()).Elem()
		if err := value.decode(element, at+".value"); err != nil {
			return err
		}
		out.SetMapIndex(reflect.ValueOf(key.value).Convert(t.Key()), element)
	}
	v.Set(out)
	return nil
}

func (n *queryNode) numbered(wrapper, path string) ([]*queryNode, error) {
	holder := n
	if inner := n.children[wrapper]; inner != nil {
		holder = inner
	}
	type element struct {
		index int
		node  *queryNode
	}
	list := make([]element, 0, len(holder.children))
	for name, child := range holder.children {
		index, err := strconv.Atoi(name)
		if err != nil || index < 0 {
			return nil, malformed("%s: %.100q is not the number of a list element", path, name)
		}
		list = append(list, element{index, child})
	}
	slices.SortFunc(list, func(a, b element) int { return a.index - b.index })
	nodes := make([]*queryNode, len(list))
	for i, e := range list {
		nodes[i] = e.node
	}
	return nodes, nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func isTime(t reflect.Type) bool {
	return t == reflect.TypeFor[time.Time]() || t == reflect.TypeFor[Timestamp]()
}

// setTime reads ISO 8601, or epoch seconds as REST paths may carry them.
func setTime(v reflect.Value, text string) error {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		var stamp Timestamp
		if stamp.UnmarshalJSON([]byte(text)) != nil || stamp.IsZero() {
			return fmt.Errorf("%.100q is not a timestamp", text)
		}
		at = stamp.Time
	}
	if v.Type() == reflect.TypeFor[Timestamp]() {
		v.Set(reflect.ValueOf(Timestamp{Time: at}))
	} else {
		v.Set(reflect.ValueOf(at))
	}
	return nil
}

func setBlob(v reflect.Value, text string) error {
	if v.Type().Elem().Kind() != reflect.Uint8 {
		return fmt.Errorf("a single value was found where a list is expected")
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return fmt.Errorf("the blob is not valid base64")
	}
	v.SetBytes(data)
	return nil
}
