package lambda

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// Every member that an input keeps raw is one that this service lacks: given,
// it is refused by its name.
func TestEveryGapIsRefusedByName(t *testing.T) {
	t.Parallel()
	s := running(t, Config{Streams: newFakeStreams("shardId-0")})
	create(t, s, "echo")
	base := func() *createFunctionInput {
		in := &createFunctionInput{FunctionName: "new", Code: &FunctionCode{S3Bucket: HandlerBucket, S3Key: "echo"}}
		in.Role, in.Handler, in.Runtime = ptr(testRole), ptr("bootstrap"), ptr(runtimeName)
		return in
	}
	refusal := func(call func() error) func(string) {
		return func(name string) {
			t.Helper()
			var typed *wire.Error
			if err := call(); !errors.As(err, &typed) || typed.Code != "NotImplementedException" || !strings.Contains(typed.Message, name) {
				t.Errorf("%s: got %v, want NotImplementedException naming it", name, err)
			}
		}
	}
	function := base()
	eachRaw(function, refusal(func() error { _, err := s.handleCreateFunction(t.Context(), nil, function); return err }))
	eachRaw(function.Code, refusal(func() error { _, err := s.handleCreateFunction(t.Context(), nil, function); return err }))
	if _, err := s.handleCreateFunction(t.Context(), nil, function); err != nil {
		t.Errorf("without the gaps: %v", err)
	}
	mapping := &createMappingInput{FunctionName: "echo", EventSourceArn: testStream, StartingPosition: TrimHorizon}
	eachRaw(mapping, refusal(func() error { _, err := s.handleCreateMapping(t.Context(), nil, mapping); return err }))
	call := &invokeInput{target: target{FunctionName: "echo"}, ClientContext: "e30="}
	refusal(func() error { _, err := s.handleInvoke(t.Context(), &wire.Call{}, call); return err })("ClientContext")
	call.ClientContext, call.TenantID = "", "t"
	refusal(func() error { _, err := s.handleInvoke(t.Context(), &wire.Call{}, call); return err })("TenantId")
	call.TenantID, call.ExecutionName = "", "e"
	refusal(func() error { _, err := s.handleInvoke(t.Context(), &wire.Call{}, call); return err })("DurableExecutionName")
}

// eachRaw gives one raw member of in at a time.
func eachRaw(in any, check func(name string)) {
	v := reflect.ValueOf(in).Elem()
	for _, field := range reflect.VisibleFields(v.Type()) {
		if field.Type == reflect.TypeFor[json.RawMessage]() {
			member := v.FieldByIndex(field.Index)
			member.Set(reflect.ValueOf(json.RawMessage(`{"A":1}`)))
			check(field.Name)
			member.SetZero()
		}
	}
}
