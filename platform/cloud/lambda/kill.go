package lambda

// Kill sends SIGKILL to every execution environment of a function, at work or
// idle, and returns how many there were. An invocation in hand ends as
// Runtime.ExitError; the next one starts another environment.
func (s *Service) Kill(function string) int {
	return s.pool.kill(function)
}

func (p *pool) kill(function string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for e := range p.all {
		if e.spec.name == function && e.alive() {
			e.proc.kill()
			n++
		}
	}
	return n
}
