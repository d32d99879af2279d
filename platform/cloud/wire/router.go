package wire

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Router finds the service and operation of a request. It is immutable after
// NewRouter.
type Router struct {
	bySigning map[string]*serviceRoutes
	byTarget  map[string]*serviceRoutes
}

type serviceRoutes struct {
	service *Service
	byName  map[string]*Operation
	paths   []pathRoute // most literal first
}

type pathRoute struct {
	op       *Operation
	segments []string
	literals int
}

// Route is what Find found.
type Route struct {
	Service   *Service
	Operation *Operation
	Vars      map[string]string // REST path variables, decoded
}

// NewRouter reports every name that is taken twice.
func NewRouter(services []Service) (*Router, error) {
	r := &Router{bySigning: map[string]*serviceRoutes{}, byTarget: map[string]*serviceRoutes{}}
	var problems []string
	for i := range services {
		s := &services[i]
		routes := &serviceRoutes{service: s, byName: map[string]*Operation{}}
		if r.bySigning[s.SigningName] != nil {
			problems = append(problems, "service "+s.SigningName+" twice")
		}
		r.bySigning[s.SigningName] = routes
		for _, p := range append([]Protocol{s.Protocol}, s.Also...) {
			if p.Kind != JSON {
				continue
			}
			if r.byTarget[p.TargetPrefix] != nil {
				problems = append(problems, "target prefix "+p.TargetPrefix+" twice")
			}
			r.byTarget[p.TargetPrefix] = routes
		}
		for j := range s.Operations {
			op := &s.Operations[j]
			if routes.byName[op.Name] != nil {
				problems = append(problems, "operation "+s.SigningName+":"+op.Name+" twice")
			}
			routes.byName[op.Name] = op
			if s.Protocol.Kind == REST {
				routes.addPath(op)
			}
		}
		slices.SortStableFunc(routes.paths, func(a, b pathRoute) int { return cmp.Compare(b.literals, a.literals) })
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("cloud services: %s", strings.Join(problems, "; "))
	}
	return r, nil
}

func (s *serviceRoutes) addPath(op *Operation) {
	route := pathRoute{op: op, segments: segments(op.Path)}
	for _, part := range route.segments {
		if !strings.HasPrefix(part, "{") {
			route.literals++
		}
	}
	s.paths = append(s.paths, route)
}

// Service is the service that a request is meant for: the one its signature
// names, else the one its target names. Nil if neither is known.
func (r *Router) Service(signingName string, h http.Header) *Service {
	if s := r.bySigning[signingName]; s != nil {
		return s.service
	}
	prefix, _, _ := strings.Cut(h.Get("X-Amz-Target"), ".")
	if s := r.byTarget[prefix]; s != nil && signingName == "" {
		return s.service
	}
	return nil
}

// Find names the operation of a call to service. Its error says why there is
// none, an UnknownOperationException or InvalidAction for the most part.
func (r *Router) Find(service *Service, call *Call) (Route, error) {
	routes := r.bySigning[service.SigningName]
	protocol := service.ProtocolOf(call.HTTP)
	switch protocol.Kind {
	case REST:
		return routes.findPath(call.HTTP.Method, call.HTTP.URL.EscapedPath())
	case Query:
		form, err := QueryForm(call)
		if err != nil {
			return Route{}, err
		}
		return routes.findAction(protocol, form)
	case RPCv2CBOR:
		return routes.findRPC(protocol, call.HTTP)
	default:
		return routes.findTarget(protocol, call.HTTP)
	}
}

// findAction knows one version of a service, and callers have to name it.
func (s *serviceRoutes) findAction(protocol Protocol, form url.Values) (Route, error) {
	action, version := form.Get("Action"), cmp.Or(form.Get("Version"), "NO_VERSION_SPECIFIED")
	if op := s.byName[action]; op != nil && version == protocol.Version {
		return Route{Service: s.service, Operation: op}, nil
	}
	return Route{}, Errorf("InvalidAction", "Could not find operation %.100s for version %.100s", action, version)
}

// findRPC takes POST /service/SERVICE/operation/OPERATION.
func (s *serviceRoutes) findRPC(protocol Protocol, r *http.Request) (Route, error) {
	parts := segments(r.URL.Path)
	if r.Method == http.MethodPost && len(parts) == 4 && parts[0] == "service" && parts[1] == protocol.TargetPrefix && parts[2] == "operation" {
		if op := s.byName[parts[3]]; op != nil {
			return Route{Service: s.service, Operation: op}, nil
		}
	}
	return Route{}, s.unknown(http.StatusNotFound, fmt.Sprintf("%s %.200q", r.Method, r.URL.Path))
}

// findTarget refuses a method or content type before it looks at the target,
// as the services of AWS's JSON protocol do.
func (s *serviceRoutes) findTarget(protocol Protocol, r *http.Request) (Route, error) {
	if r.Method != http.MethodPost {
		return Route{}, &Error{
			Code: "AccessDeniedException", Status: http.StatusForbidden,
			Message: "Unable to determine service/operation name to be authorized",
		}
	}
	contentType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch contentType = strings.ToLower(strings.TrimSpace(contentType)); contentType {
	case "application/x-amz-json-1.0", "application/x-amz-json-1.1", "application/json", cborContentType:
	default:
		return Route{}, &Error{
			Code: codeUnknownOperation, Status: http.StatusNotFound,
			Message: fmt.Sprintf("The content type %.100q is none that %s takes here; send application/x-amz-json-%s.",
				contentType, s.service.SigningName, protocol.JSONVersion),
		}
	}
	target := r.Header.Get("X-Amz-Target")
	if prefix, name, _ := strings.Cut(target, "."); prefix == protocol.TargetPrefix {
		if op := s.byName[name]; op != nil {
			return Route{Service: s.service, Operation: op}, nil
		}
	}
	return Route{}, s.unknown(http.StatusBadRequest, fmt.Sprintf("%.100q", target))
}

const codeUnknownOperation = "UnknownOperationException"

// unknown names what was asked for: AWS leaves the message empty, but here the
// caller may well ask for something that AWS has.
func (s *serviceRoutes) unknown(status int, asked string) *Error {
	return &Error{
		Code: codeUnknownOperation, Status: status,
		Message: "weir's embedded cloud has no operation " + asked + " of " + s.service.SigningName + "; see skipped.md of the service",
	}
}

func (s *serviceRoutes) findPath(method, escapedPath string) (Route, error) {
	parts := segments(escapedPath)
	for _, route := range s.paths {
		if route.op.Method != method || len(route.segments) != len(parts) {
			continue
		}
		if vars, ok := route.match(parts); ok {
			return Route{Service: s.service, Operation: route.op, Vars: vars}, nil
		}
	}
	return Route{}, s.unknown(http.StatusNotFound, fmt.Sprintf("%s %.200q", method, escapedPath))
}

func (p pathRoute) match(parts []string) (map[string]string, bool) {
	vars := make(map[string]string)
	for i, want := range p.segments {
		got, err := url.PathUnescape(parts[i])
		if err != nil {
			return nil, false
		}
		if name, isVar := strings.CutPrefix(want, "{"); isVar {
			if got == "" {
				return nil, false
			}
			vars[strings.TrimSuffix(name, "}")] = got
		} else if got != want {
			return nil, false
		}
	}
	return vars, true
}

// segments splits a path; a trailing slash is optional.
func segments(path string) []string {
	return strings.Split(strings.Trim(path, "/"), "/")
}
