package avro

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"

	"github.com/hamba/avro/v2"
)

// Bounds of what rubbish that looks like a record can cost.
const (
	textBytesMax = 16 << 20
	textDepthMax = 100
)

// SchemaID is the schema that a value claims to be written in; ok is false for
// what has not the wire format.
func SchemaID(data []byte) (id int, ok bool) {
	if len(data) < headerBytes || data[0] != 0 {
		return 0, false
	}
	return int(binary.BigEndian.Uint32(data[1:])), true
}

// JSON is a value as a person reads it: fields in the order of the writer's
// schema, times in RFC 3339, bytes in base64, unions without the name of their
// branch. It does not tell everything that the schema does, so it is not meant
// to be written back. Errors are those of a Decoder.
func (r *Registry) JSON(ctx context.Context, data []byte) ([]byte, error) {
	if len(data) < headerBytes {
		return nil, &DecodeError{Class: ClassShort, Err: fmt.Errorf("%d bytes", len(data))}
	}
	id, ok := SchemaID(data)
	if !ok {
		return nil, &DecodeError{Class: ClassMagic, Err: fmt.Errorf("first byte is 0x%02x", data[0])}
	}
	schema, err := r.writer(ctx, id)
	if err != nil {
		return nil, err
	}
	t := &text{reader: avro.NewReader(nil, 0, avro.WithReaderConfig(r.api)).Reset(data[headerBytes:])}
	t.value(schema, 0)
	if err := t.failure(); err != nil {
		return nil, &DecodeError{Class: ClassMalformed, SchemaID: id, Err: err}
	}
	return t.out, nil
}

// text turns one record into JSON. After an error it does nothing more.
type text struct {
	reader *avro.Reader
	out    []byte
	err    error
}

func (t *text) failure() error {
	if t.err == nil {
		t.err = t.reader.Error
	}
	if t.err == nil {
		if t.reader.Peek(); t.reader.Error == nil {
			t.err = errors.New("bytes are left over after the record")
		}
	}
	return t.err
}

// stopped is true once nothing more can come of it.
func (t *text) stopped() bool {
	if t.err == nil && len(t.out) > textBytesMax {
		t.err = fmt.Errorf("more than %d bytes of JSON", textBytesMax)
	}
	return t.err != nil || t.reader.Error != nil
}

func (t *text) value(schema avro.Schema, depth int) {
	if depth > textDepthMax {
		t.err = fmt.Errorf("nested deeper than %d", textDepthMax)
	}
	if t.stopped() {
		return
	}
	switch s := schema.(type) {
	case *avro.RecordSchema:
		t.list('{', '}', s.Fields(), depth)
	case *avro.RefSchema:
		t.value(s.Schema(), depth+1)
	case *avro.EnumSchema:
		t.choice(int64(t.reader.ReadInt()), len(s.Symbols()), func(i int) { t.json(s.Symbols()[i]) })
	case *avro.UnionSchema:
		t.choice(t.reader.ReadLong(), len(s.Types()), func(i int) { t.value(s.Types()[i], depth+1) })
	case *avro.ArraySchema:
		t.out = append(t.out, '[')
		t.blocks(func() { t.value(s.Items(), depth+1) })
		t.out = append(t.out, ']')
	case *avro.MapSchema:
		t.out = append(t.out, '{')
		t.blocks(func() {
			t.json(t.reader.ReadString())
			t.out = append(t.out, ':')
			t.value(s.Values(), depth+1)
		})
		t.out = append(t.out, '}')
	case *avro.FixedSchema:
		raw := make([]byte, min(s.Size(), textBytesMax+1)) // the size is a stranger's
		t.reader.Read(raw)
		t.binary(raw, s.Logical())
	case *avro.PrimitiveSchema:
		t.primitive(s)
	case *avro.NullSchema:
		t.out = append(t.out, "null"...)
	default:
		t.err = fmt.Errorf("schema of type %s is not known", schema.Type())
	}
}

func (t *text) list(opening, closing byte, fields []*avro.Field, depth int) {
	t.out = append(t.out, opening)
	for i, field := range fields {
		if i > 0 {
			t.out = append(t.out, ',')
		}
		t.json(field.Name())
		t.out = append(t.out, ':')
		t.value(field.Type(), depth+1)
	}
	t.out = append(t.out, closing)
}

// choice reads a branch by its index.
func (t *text) choice(index int64, n int, branch func(int)) {
	if index < 0 || index >= int64(n) {
		t.err = fmt.Errorf("index %d of %d", index, n)
		return
	}
	branch(int(index))
}

// blocks reads the items of an array or a map.
func (t *text) blocks(item func()) {
	first := true
	for {
		count, _ := t.reader.ReadBlockHeader()
		if count == 0 {
			return
		}
		for range count {
			if t.stopped() {
				return
			}
			if !first {
				t.out = append(t.out, ',')
			}
			first = false
			item()
		}
		if t.stopped() {
			return
		}
	}
}

func (t *text) primitive(s *avro.PrimitiveSchema) {
	switch s.Type() {
	case avro.Boolean:
		t.out = strconv.AppendBool(t.out, t.reader.ReadBool())
	case avro.Int:
		t.integer(int64(t.reader.ReadInt()), s.Logical())
	case avro.Long:
		t.integer(t.reader.ReadLong(), s.Logical())
	case avro.Float:
		t.float(float64(t.reader.ReadFloat()), 32)
	case avro.Double:
		t.float(t.reader.ReadDouble(), 64)
	case avro.String:
		t.json(t.reader.ReadString())
	case avro.Bytes:
		t.binary(t.reader.ReadBytes(), s.Logical())
	case avro.Null:
		t.out = append(t.out, "null"...)
	default:
		t.err = fmt.Errorf("schema of type %s is not known", s.Type())
	}
}

func (t *text) integer(n int64, logical avro.LogicalSchema) {
	const day = 24 * 60 * 60
	at := func(when time.Time, layout string) { t.json(when.UTC().Format(layout)) }
	switch kind := kindOf(logical); kind {
	case avro.Date:
		at(time.Unix(n*day, 0), time.DateOnly)
	case avro.TimeMillis:
		at(time.UnixMilli(n), "15:04:05.000")
	case avro.TimeMicros:
		at(time.UnixMicro(n), "15:04:05.000000")
	case avro.TimestampMillis:
		at(time.UnixMilli(n), "2006-01-02T15:04:05.000Z")
	case avro.TimestampMicros:
		at(time.UnixMicro(n), "2006-01-02T15:04:05.000000Z")
	case avro.LocalTimestampMillis:
		at(time.UnixMilli(n), "2006-01-02T15:04:05.000")
	case avro.LocalTimestampMicros:
		at(time.UnixMicro(n), "2006-01-02T15:04:05.000000")
	default:
		t.out = strconv.AppendInt(t.out, n, 10)
	}
}

// float writes what JSON has no number for as a string.
func (t *text) float(f float64, bits int) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		t.json(strconv.FormatFloat(f, 'g', -1, bits))
		return
	}
	t.out = strconv.AppendFloat(t.out, f, 'g', -1, bits)
}

func (t *text) binary(raw []byte, logical avro.LogicalSchema) {
	const digitsMax = 1000
	if decimal, ok := logical.(*avro.DecimalLogicalSchema); ok && decimal.Scale() <= digitsMax && len(raw) <= digitsMax {
		t.json(fixedPoint(raw, decimal.Scale()))
		return
	}
	t.json(base64.StdEncoding.EncodeToString(raw))
}

// fixedPoint is a big-endian two's-complement number over ten to the scale.
func fixedPoint(raw []byte, scale int) string {
	n := new(big.Int).SetBytes(raw)
	if len(raw) > 0 && raw[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(raw))))
	}
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
	return new(big.Rat).SetFrac(n, power).FloatString(scale)
}

func kindOf(logical avro.LogicalSchema) avro.LogicalType {
	if logical == nil {
		return ""
	}
	return logical.Type()
}

// json appends a string; what is no UTF-8 in it is replaced.
func (t *text) json(v string) {
	var quoted bytes.Buffer
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		t.err = err
	}
	t.out = append(t.out, bytes.TrimSuffix(quoted.Bytes(), []byte("\n"))...)
}
