package lambda

import "strings"

// callee is what a name with its qualifier stands for at one moment.
type callee struct {
	function *function
	version  *version
	alias    string // the alias it was named by, or ""
	arn      string // as it was named: bare, with a version or with an alias
}

// lookup finds the function that an action on a whole function names; s.mu is
// held. Such actions know no version but $LATEST.
func (s *Service) lookup(t *target) (*function, error) {
	f, err := s.find(t)
	if err != nil {
		return nil, err
	}
	if f.version.number != latestVersion || f.alias != "" {
		return nil, notFound("Function not found: %s", f.arn)
	}
	return f.function, nil
}

// find resolves a name with its qualifier; s.mu is held. An alias stands for
// its main version.
func (s *Service) find(t *target) (callee, error) {
	name, qualifier := t.name(), t.qualifier()
	out := callee{arn: functionARN(s.cfg.Region, s.cfg.Account, t.reference())}
	if t.Qualifier != "" && t.Qualifier != qualifier {
		return out, invalidParameter("The derived qualifier from the function name does not match the specified qualifier.")
	}
	f, ok := s.functions[name]
	if !ok {
		return out, notFound("Function not found: %s", out.arn)
	}
	out.function = f
	if qualifier == "" {
		out.version = &f.version
		return out, nil
	}
	if a := f.aliases[qualifier]; a != nil {
		out.alias, qualifier = qualifier, a.version
	}
	if out.version = f.numbered(qualifier); out.version == nil {
		return out, notFound("Function not found: %s", out.arn)
	}
	return out, nil
}

// called resolves what an invocation names: of an alias with weights it draws
// the version; s.mu is held.
func (s *Service) called(t *target) (callee, error) {
	out, err := s.find(t)
	if err != nil || out.alias == "" {
		return out, err
	}
	if drawn := out.function.numbered(out.function.aliases[out.alias].draw(s.random)); drawn != nil {
		out.version = drawn
	}
	return out, nil
}

// numbered is a version by its number or $LATEST; nil if there is none.
func (f *function) numbered(number string) *version {
	if number == latestVersion {
		return &f.version
	}
	for _, v := range f.versions {
		if v.number == number {
			return v
		}
	}
	return nil
}

// function finds a function by its reference.
func (s *Service) function(reference string) (*function, bool) {
	name, _, _ := strings.Cut(reference, ":")
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.functions[name]
	return f, ok
}

// executionRole is the role of what a reference names.
func (s *Service) executionRole(reference string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find(&target{FunctionName: reference})
	if err != nil {
		return "", err
	}
	return f.version.spec.role, nil
}

func (s *Service) functionARN(reference string) string {
	return functionARN(s.cfg.Region, s.cfg.Account, reference)
}

// totals are a function's counters; a deleted function's are thrown away.
func (s *Service) totals(reference string) *counters {
	if f, ok := s.function(reference); ok {
		return f.counters
	}
	return &counters{}
}
