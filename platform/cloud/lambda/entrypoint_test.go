package lambda

import (
	"errors"
	"strings"
	"testing"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// A program that no machine would start fails its invocations: were it the
// service's failure, a mapping would retry it without end.
func TestProgramThatCannotStart(t *testing.T) {
	t.Parallel()
	for name, program := range map[string]string{
		"noShebang":     "echo hello\n",
		"brokenBinary":  "\x7fELF and nothing else",
		"noInterpreter": "#!/does/not/exist\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := running(t, Config{})
			data := archive(t, entry{"bootstrap", 0o755, text(program)})
			create(t, s, name, func(in *createFunctionInput) { in.Code = &FunctionCode{ZipFile: data} })
			r, err := s.Invoke(t.Context(), name, nil)
			if err != nil {
				t.Fatal(err)
			}
			if r.FunctionError != "Unhandled" || !strings.Contains(string(r.Payload), `"errorType":"Runtime.InvalidEntrypoint"`) {
				t.Errorf("got %q %s", r.FunctionError, r.Payload)
			}
			if strings.Contains(string(r.Payload), s.codeRoot) {
				t.Errorf("%s shows where this machine keeps the code", r.Payload)
			}
			if !strings.Contains(string(r.LogTail), "InvalidEntrypoint") {
				t.Errorf("log %q", r.LogTail)
			}
			if m, _ := s.Metrics(name); m.Invocations != 1 || m.Errors != 1 {
				t.Errorf("metrics %+v", m)
			}
		})
	}
}

func TestInvokeRefusesPayloadsThatAreNotJSON(t *testing.T) {
	t.Parallel()
	s := running(t, Config{})
	create(t, s, "echo")
	for _, payload := range []string{"{", "nope", `{"a":1}{}`, "\"\xff\""} {
		in := &invokeInput{target: target{FunctionName: "echo"}, Payload: []byte(payload)}
		_, err := s.handleInvoke(t.Context(), nil, in)
		var typed *wire.Error
		if !errors.As(err, &typed) || typed.Code != "InvalidRequestContentException" {
			t.Errorf("%q: got %v", payload, err)
		}
	}
}
