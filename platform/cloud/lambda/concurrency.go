package lambda

// functionConcurrency is a reservation, as three actions and GetFunction show it.
type functionConcurrency struct {
	ReservedConcurrentExecutions *int `json:",omitempty"`
}

// reserve sets a function's reservation, leaving the account its minimum.
func (p *pool) reserve(name string, n int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reservedTotal()-p.reserved[name]+n > accountConcurrency-unreservedConcurrency {
		return invalidParameter("Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [%d].", unreservedConcurrency)
	}
	p.reserved[name] = n
	return nil
}

func (p *pool) unreserve(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.reserved, name)
}

func (p *pool) reservation(name string) (int, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, ok := p.reserved[name]
	return n, ok
}

// reservations is how much of the account's concurrency functions have reserved.
func (p *pool) reservations() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reservedTotal()
}
