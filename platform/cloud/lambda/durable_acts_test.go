package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"pgregory.net/rapid"
)

// What the twins are made to do at random.

func (w *twins) onFunctions(*rapid.T) {
	name, q := w.name(), w.qualifier()
	switch rapid.IntRange(0, 8).Draw(w.t, "act") {
	case 0:
		w.create(name)
	case 7:
		w.call((*Service).tagResource, &tagResourceInput{taggedInput{"arn:aws:lambda:us-east-1:000000000000:function:" + name}, map[string]string{"c": "d"}})
	case 8:
		w.call((*Service).untagResource, &untagResourceInput{taggedInput{"arn:aws:lambda:us-east-1:000000000000:function:" + name}, []string{"a", "c"}})
	case 1:
		in := &updateFunctionConfigurationInput{name: target{FunctionName: name}}
		in.Timeout, in.Description = ptr(rapid.IntRange(1, 9).Draw(w.t, "timeout")), ptr("new")
		in.Environment = &environmentVariables{map[string]string{"K": "v"}}
		w.call((*Service).updateFunctionConfiguration, in)
	case 2:
		w.call((*Service).updateFunctionCode, &updateFunctionCodeInput{
			name: target{FunctionName: name}, FunctionCode: FunctionCode{S3Bucket: HandlerBucket, S3Key: "fail"}, Publish: rapid.Bool().Draw(w.t, "publish"),
		})
	case 3, 4:
		w.call((*Service).publishVersion, &publishVersionInput{name: target{FunctionName: name}, Description: ptr("v")})
	case 5:
		w.call((*Service).deleteFunction, &deleteFunctionInput{target{FunctionName: name, Qualifier: q}})
	case 6:
		w.call((*Service).putFunctionConcurrency, &putFunctionConcurrencyInput{target{FunctionName: name}, ptr(rapid.IntRange(0, 5).Draw(w.t, "reserved"))})
	}
}

func (w *twins) onNames(*rapid.T) {
	name, q := w.name(), w.qualifier()
	settings := aliasSettings{FunctionVersion: ptr(rapid.SampledFrom([]string{"1", "2", latestVersion}).Draw(w.t, "version")), Description: ptr("d")}
	if rapid.Bool().Draw(w.t, "weights") {
		settings.RoutingConfig = &routingConfig{map[string]float64{"2": 0.25}}
	}
	switch rapid.IntRange(0, 6).Draw(w.t, "act") {
	case 0, 1:
		w.call((*Service).createAlias, &createAliasInput{target{FunctionName: name}, "live", settings})
	case 2:
		w.call((*Service).updateAlias, &updateAliasInput{alias: aliasName{target: target{FunctionName: name}, Name: "live"}, aliasSettings: settings})
	case 3:
		w.call((*Service).deleteAlias, &deleteAliasInput{aliasName{target: target{FunctionName: name}, Name: "live"}})
	case 4:
		in := &putEventConfigInput{}
		in.name, in.MaximumRetryAttempts = target{FunctionName: name, Qualifier: q}, ptr(1)
		in.DestinationConfig = &destinationConfig{OnFailure: &destination{"arn:aws:sqs:us-east-1:000000000000:q"}}
		w.call((*Service).putFunctionEventInvokeConfig, in)
	case 5:
		w.call((*Service).deleteFunctionEventInvokeConfig, &deleteEventConfigInput{target{FunctionName: name, Qualifier: q}})
	case 6:
		w.call((*Service).deleteFunctionConcurrency, &deleteFunctionConcurrencyInput{target{FunctionName: name}})
	}
}

// onMappings makes and deletes mappings and moves them on, as readers would.
func (w *twins) onMappings(*rapid.T) {
	act, at := rapid.IntRange(0, 3).Draw(w.t, "act"), rapid.IntRange(0, 50).Draw(w.t, "at")
	if act == 0 {
		in := &createMappingInput{FunctionName: w.name() + ":live", EventSourceArn: testStream, StartingPosition: TrimHorizon}
		in.BatchSize, in.MaximumRetryAttempts, in.TumblingWindowInSeconds = ptr(at+1), ptr(at), ptr(at)
		in.FilterCriteria = &filterCriteria{[]filterMember{{ptr(`{"data":{"a":[1]}}`)}}}
		w.each("create mapping", func(_ int, s *Service) (any, error) { return s.handleCreateMapping(context.Background(), nil, in) })
		return
	}
	w.each("change mappings", func(_ int, s *Service) (any, error) {
		for id, m := range s.mappings {
			switch act {
			case 1:
				m.begin([]Shard{{ID: "a"}, {ID: "b"}})
				m.report("OK")
			case 2:
				m.begin([]Shard{{ID: "a"}, {ID: "b"}})
				m.advance("a", func(p *place) {
					p.From = Position{Type: AfterSequenceNumber, SequenceNumber: fmt.Sprint(at)}
					p.Ahead = map[int][]string{2: {"7", fmt.Sprint(at)}}
					p.Window = windowAt(w.clk.At, 10).with([]Record{{SequenceNumber: "1", Arrival: w.clk.At}}, json.RawMessage(`{"n":1}`))
				})
			case 3:
				if err := m.remove(); err != nil {
					return nil, err
				}
				m.finish("a") // the batch in hand comes to its end
				delete(s.mappings, id)
			}
		}
		return len(s.mappings), nil
	})
}

// onEvents accepts events and brings them on, as workers would.
func (w *twins) onEvents(*rapid.T) {
	w.events++
	name, id, bring := w.name(), fmt.Sprint("event", w.events), rapid.IntRange(0, 2).Draw(w.t, "bring on")
	w.each("accept", func(_ int, s *Service) (any, error) {
		err := s.accept(&target{FunctionName: name, Qualifier: "live"}, id, []byte(`{"payload":"`+id+`"}`))
		if err != nil || bring == 0 {
			return nil, err
		}
		q := s.functions[name].events
		limits := eventLimits{retryMax: 0, ageMax: time.Hour, onFailure: "arn:q", role: testRole}
		e := q.events[id].attempted(w.clk.At, Result{Version: "1", FunctionError: "Unhandled", Payload: []byte("oops")}, limits)
		if bring == 2 {
			e = e.sent() // to its only target: it is over
		}
		q.putBack(e)
		return nil, err
	})
}
