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
		if s.Protocol.Kind == JSON {
			if r.byTarget[s.Protocol.TargetPrefix] != nil {
				problems = append(problems, "target prefix "+s.Protocol.TargetPrefix+" twice")
			}
			r.byTarget[s.Protocol.TargetPrefix] = routes
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

// Find names the operation of a call to service; its error is an
// UnknownOperationException.
func (r *Router) Find(service *Service, call *Call) (Route, error) {
	routes := r.bySigning[service.SigningName]
	switch service.Protocol.Kind {
	case REST:
		return routes.findPath(call.HTTP.Method, call.HTTP.URL.EscapedPath())
	case Query:
		form, err := QueryForm(call)
		if err != nil {
			return Route{}, err
		}
		return routes.find(form.Get("Action"))
	default:
		prefix, name, _ := strings.Cut(call.HTTP.Header.Get("X-Amz-Target"), ".")
		if prefix != service.Protocol.TargetPrefix {
			name = ""
		}
		return routes.find(name)
	}
}

func (s *serviceRoutes) find(name string) (Route, error) {
	op := s.byName[name]
	if op == nil {
		err := Errorf("UnknownOperationException", "")
		if s.service.Protocol.Kind == Query {
			err = Errorf("InvalidAction", "Could not find operation %.100s for version %s", name, s.service.Protocol.Version)
		}
		return Route{}, err
	}
	return Route{Service: s.service, Operation: op}, nil
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
	return Route{}, &Error{Code: "UnknownOperationException", Status: http.StatusNotFound}
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
