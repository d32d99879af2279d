package kinesis

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/schemas"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/aws/smithy-go/transport/http/protocol/rpcv2"
)

const (
	cborContentType = "application/x-amz-cbor-1.1"
	cborReplyFirst  = 1 << 20 // of a reply whose length is not told
)

// cborProtocol carries PutRecords and GetRecords as CBOR, as AWS's clients for
// Java do by default. Data travel as they are: JSON would have every byte pass
// through base64 at both ends, a third longer, and be hashed so for the
// signature. It is for these two operations only: the dialect writes instants
// in milliseconds, which the SDK's own codec, made for another one, does not.
type cborProtocol struct{ *rpcv2.Protocol }

var _ smithyhttp.ClientProtocol = cborProtocol{}

// onWire is the option for these calls of one producer or consumer.
func onWire(json bool) func(*kinesis.Options) {
	if json {
		return inJSON
	}
	protocol := cborProtocol{rpcv2.NewCBOR(schemas.Kinesis_20131202)}
	return func(o *kinesis.Options) { o.Protocol = protocol }
}

// inJSON leaves the SDK's protocol as it is.
func inJSON(*kinesis.Options) {}

// SerializeRequest writes what in holds.
func (p cborProtocol) SerializeRequest(_ context.Context, schema *smithy.OperationSchema, in smithy.Serializable, req *smithyhttp.Request) error {
	var body []byte
	switch in := in.(type) {
	case *kinesis.PutRecordsInput:
		body = appendPutRecords(make([]byte, 0, putRecordsBytes(in)), in)
	case *kinesis.GetRecordsInput:
		body = appendGetRecords(nil, in)
	default:
		return fmt.Errorf("%s is not spoken in CBOR here", schema.ID().Name)
	}
	req.Method = http.MethodPost
	if req.URL.Path == "" {
		req.URL.Path = "/"
	}
	req.Header.Set("X-Amz-Target", schemas.Kinesis_20131202.Schema.ID().Name+"."+schema.ID().Name)
	req.Header.Set("Content-Type", cborContentType)
	streamed, err := req.SetStream(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("set the request's body: %w", err)
	}
	*req = *streamed
	return nil
}

// DeserializeResponse reads records without copying their data: they share the
// memory of the reply.
func (p cborProtocol) DeserializeResponse(
	ctx context.Context, schema *smithy.OperationSchema, types *smithy.TypeRegistry, resp *smithyhttp.Response, out smithy.Deserializable,
) error {
	records, ok := out.(*kinesis.GetRecordsOutput)
	if !ok || resp.StatusCode < 200 || resp.StatusCode >= 300 {
		return p.Protocol.DeserializeResponse(ctx, schema, types, resp, out)
	}
	body, err := readBody(resp.Body, resp.ContentLength)
	if err == nil {
		err = readGetRecords(body, records)
	}
	if err != nil {
		return &smithy.DeserializationError{Err: err}
	}
	return nil
}

func readBody(from io.Reader, length int64) ([]byte, error) {
	if length < 0 || length > math.MaxInt32 {
		length = cborReplyFirst
	}
	body := bytes.NewBuffer(make([]byte, 0, length+bytes.MinRead)) // the end is seen without growing
	_, err := body.ReadFrom(from)
	return body.Bytes(), err
}

func putRecordsBytes(in *kinesis.PutRecordsInput) int {
	const members, heads = len("DataPartitionKeyExplicitHashKey"), 3 + 5 + 3 + 2 + 1
	n := 512
	for i := range in.Records {
		r := &in.Records[i]
		n += members + heads + len(r.Data) + len(*r.PartitionKey) + 39 // digits of a hash key
	}
	return n
}

func appendPutRecords(b []byte, in *kinesis.PutRecordsInput) []byte {
	b = appendHead(b, cborMap, 2)
	b = appendStream(b, in.StreamName, in.StreamARN)
	b = appendHead(appendText(b, "Records"), cborArray, len(in.Records))
	for i := range in.Records {
		r := &in.Records[i]
		members := 2
		if r.ExplicitHashKey != nil {
			members++
		}
		b = appendHead(b, cborMap, members)
		b = appendHead(appendText(b, "Data"), cborBytes, len(r.Data))
		b = append(b, r.Data...)
		b = appendText(appendText(b, "PartitionKey"), *r.PartitionKey)
		if r.ExplicitHashKey != nil {
			b = appendText(appendText(b, "ExplicitHashKey"), *r.ExplicitHashKey)
		}
	}
	return b
}

func appendGetRecords(b []byte, in *kinesis.GetRecordsInput) []byte {
	members := 1
	for _, given := range []bool{in.Limit != nil, in.StreamARN != nil} {
		if given {
			members++
		}
	}
	b = appendHead(b, cborMap, members)
	b = appendText(appendText(b, "ShardIterator"), *in.ShardIterator)
	if in.Limit != nil {
		b = appendHead(appendText(b, "Limit"), cborUint, int(*in.Limit))
	}
	if in.StreamARN != nil {
		b = appendText(appendText(b, "StreamARN"), *in.StreamARN)
	}
	return b
}

// appendStream appends the one of the two that is set.
func appendStream(b []byte, name, arn *string) []byte {
	if arn != nil {
		return appendText(appendText(b, "StreamARN"), *arn)
	}
	return appendText(appendText(b, "StreamName"), *name)
}

func appendText(b []byte, text string) []byte {
	return append(appendHead(b, cborText, len(text)), text...)
}

// appendHead writes a major type and its argument, which is not negative.
func appendHead(b []byte, major byte, n int) []byte {
	switch major <<= 5; {
	case n < 24:
		return append(b, major|byte(n))
	case n <= math.MaxUint8:
		return append(b, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(n))
	default:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(n))
	}
}

var errCBOR = errors.New("the reply is not the CBOR expected")
