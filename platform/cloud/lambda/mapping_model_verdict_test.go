package lambda

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// settledRecords is a function that follows what became of every record.
type settledRecords struct {
	plan     plan
	calls    int
	fails    map[string]int    // by data, and by window for final invocations
	order    []string          // shard:number as they were accepted, in order
	states   map[string]string // by shard: what the function returned last for its open window
	windows  map[string]string // by shard: the start of that window
	finals   []finished
	problems []string
}

// finished is what a final invocation was told.
type finished struct {
	shard      string
	start, end time.Time
	early      bool
	numbers    []string
}

// aggregate is the state that the function keeps.
type aggregate struct {
	Numbers []string
	Ballast string
}

func newSettled(p plan) *settledRecords {
	return &settledRecords{plan: p, fails: map[string]int{}, states: map[string]string{}, windows: map[string]string{}}
}

func (s *settledRecords) complain(format string, args ...any) {
	s.problems = append(s.problems, fmt.Sprintf(format, args...))
}

// behave is the function: it fails on a record as its fate says, in the way
// the plan reports failures.
func (s *settledRecords) behave(f *fakeFunction) func(fakeBatch) (Result, error) {
	return func(batch fakeBatch) (Result, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		s.calls++
		if s.plan.throttle > 0 && s.calls%s.plan.throttle == 0 {
			return Result{}, throttled(reasonReserved)
		}
		if batch.event.IsFinalInvokeForWindow {
			return s.final(batch)
		}
		if n := len(batch.numbers); n == 0 || n > s.plan.settings.batchRecords {
			s.complain("batch of %d records", n)
		}
		lowest := len(batch.data)
		var items []string
		for i, d := range batch.data {
			if s.failing(d) {
				lowest = min(lowest, i)
				items = append(items, fmt.Sprintf(`{"itemIdentifier":%q}`, batch.numbers[i]))
			}
		}
		if lowest < len(batch.data) && !s.plan.settings.partialResults {
			return fails(unhandled)
		}
		for _, number := range batch.numbers[:lowest] {
			s.order = append(s.order, batch.shard+":"+number)
		}
		reply := `"batchItemFailures":[` + strings.Join(items, ",") + `]`
		if s.plan.settings.tumblingSeconds > 0 {
			reply += `,"state":` + s.aggregate(batch, lowest)
		}
		return Result{RequestID: "r", Payload: []byte("{" + reply + "}")}, nil
	}
}

func (s *settledRecords) failing(data string) bool {
	var record struct {
		Fate string
		Want bool
	}
	if json.Unmarshal([]byte(data), &record) != nil {
		record.Fate = "ok"
	}
	if len(s.plan.settings.filters) > 0 && !record.Want {
		s.complain("%s reached the function past the filter", data)
	}
	left := map[string]int{"ok": 0, "1": 1, "2": 2, "poison": 1 << 30}[record.Fate]
	if s.fails[data] >= left {
		return false
	}
	s.fails[data]++
	return true
}

// aggregate checks the state that came and returns the next one.
func (s *settledRecords) aggregate(batch fakeBatch, accepted int) string {
	event := batch.event
	start := event.Window.Start.String()
	want := "{}"
	if s.windows[batch.shard] == start && s.states[batch.shard] != "" {
		want = s.states[batch.shard]
	} else if s.states[batch.shard] != "" && !s.crashing(batch.shard) {
		s.complain("%s: window %s begins before the final invocation of %s", batch.shard, start, s.windows[batch.shard])
	}
	var state aggregate
	if err := json.Unmarshal(event.State, &state); err != nil || (string(event.State) != want && !s.crashing(batch.shard)) {
		s.complain("%s: state %.80s, want %.80s", batch.shard, event.State, want)
	}
	for _, r := range event.Records {
		at, _ := r.Kinesis.ApproximateArrivalTimestamp.Float64()
		if moment := time.UnixMilli(int64(at*1000 + 0.5)); moment.Before(event.Window.Start) || !moment.Before(event.Window.End) {
			s.complain("%s: record of %s in the window from %s", batch.shard, moment, start)
		}
	}
	if event.Window.End.Sub(event.Window.Start) != time.Duration(s.plan.settings.tumblingSeconds)*time.Second || event.IsWindowTerminatedEarly {
		s.complain("%s: window %+v", batch.shard, event.Window)
	}
	if accepted == 0 {
		return string(event.State)
	}
	state.Numbers = append(state.Numbers, batch.numbers[:accepted]...)
	if s.plan.largeEach > 0 && s.calls%s.plan.largeEach == 0 {
		state.Ballast = strings.Repeat("x", stateBytesMax)
	}
	next, _ := json.Marshal(state)
	s.states[batch.shard], s.windows[batch.shard] = string(next), start
	return string(next)
}

// crashing reports whether states may be older than what was returned.
func (s *settledRecords) crashing(string) bool {
	return slices.ContainsFunc(s.plan.steps, func(s step) bool { return s.kind == "crash" })
}

func (s *settledRecords) final(batch fakeBatch) (Result, error) {
	w := batch.event.Window
	key := batch.shard + w.Start.String() + string(batch.event.State)
	if s.fails[key] < s.plan.finals {
		s.fails[key]++
		return fails(unhandled)
	}
	var state aggregate
	if err := json.Unmarshal(batch.event.State, &state); err != nil || len(batch.data) > 0 {
		s.complain("final invocation with %d records, state %.80s", len(batch.data), batch.event.State)
	}
	if early := len(batch.event.State) > stateBytesMax; early != batch.event.IsWindowTerminatedEarly {
		s.complain("terminated early: %t", !early)
	}
	s.finals = append(s.finals, finished{batch.shard, w.Start, w.End, batch.event.IsWindowTerminatedEarly, state.Numbers})
	s.states[batch.shard] = ""
	return Result{RequestID: "r", Payload: []byte(`{"state":null}`)}, nil
}

func (s *settledRecords) verdict(l *life) []string {
	if l.function.overlaps > 0 {
		s.complain("%d overlapping batches of one key", l.function.overlaps)
	}
	most := l.plan.settings.lanes
	for _, step := range l.plan.steps {
		most = max(most, step.lanes)
	}
	if l.function.most > most {
		s.complain("%d batches of a shard at once in %d lanes", l.function.most, most)
	}
	named := map[string]int{} // in documents
	for _, d := range l.queue.got() {
		s.document(l, d, named)
	}
	times := s.accepted(l, named)
	for _, shard := range l.streams.shards {
		for _, r := range shard.records {
			wanted := l.plan.settings.wanted(&r)
			n := times[shard.ID+":"+r.SequenceNumber] + named[shard.ID+":"+r.SequenceNumber]
			if (wanted && n == 0) || (!wanted && n > 0) || (n > 1 && !l.crashed) {
				s.complain("record %s:%s (%s) settled %d times", shard.ID, r.SequenceNumber, r.Data, n)
			}
		}
	}
	s.parentsFirst(l)
	if l.plan.settings.tumblingSeconds > 0 {
		s.everyAggregateIsFinal(l)
	}
	return s.problems
}

// accepted counts how often the function accepted each record, and checks that
// it first saw a key's in order. What was given up before a crash may be
// accepted after it.
func (s *settledRecords) accepted(l *life, named map[string]int) map[string]int {
	keys := map[string]string{}
	for _, shard := range l.streams.shards {
		for _, r := range shard.records {
			keys[shard.ID+":"+r.SequenceNumber] = r.PartitionKey
		}
	}
	times, last := map[string]int{}, map[string]string{}
	for _, record := range s.order {
		_, number, _ := strings.Cut(record, ":")
		if times[record]++; times[record] > 1 || (l.crashed && named[record] > 0) {
			continue
		}
		if key := keys[record]; number <= last[key] {
			s.complain("%s of key %s accepted after %s", record, key, last[key])
		} else {
			last[key] = number
		}
	}
	return times
}

// document counts the records a document is about: those between its bounds
// that are in its lane, which the log names, and are not settled otherwise.
func (s *settledRecords) document(l *life, d failureDocument, named map[string]int) {
	info := d.KinesisBatchInfo
	var within []Record
	for _, r := range l.streams.shard(info.ShardID).records {
		if r.SequenceNumber >= info.StartSequenceNumber && r.SequenceNumber <= info.EndSequenceNumber && l.plan.settings.wanted(&r) {
			within = append(within, r)
		}
	}
	sent, _ := time.Parse(time.RFC3339, d.Timestamp)
	switch condition := d.RequestContext.Condition; {
	case condition == conditionRetries && d.RequestContext.ApproximateInvokeCount <= l.plan.settings.retryMax,
		condition == conditionRetries && l.plan.settings.bisect && info.BatchSize != 1,
		condition == conditionAge && (l.plan.settings.recordAgeMax < 0 || sent.Sub(within[len(within)-1].Arrival) < l.plan.settings.recordAgeMax):
		s.complain("document %+v", d)
	}
	var lane, lanes int
	for _, line := range l.log.with("discarded", "shard="+info.ShardID+" ", "from="+info.StartSequenceNumber+" ", "to="+info.EndSequenceNumber+" ") {
		_, line, _ = strings.Cut(line, " lane=")
		_, _ = fmt.Sscanf(line, "%d lanes=%d", &lane, &lanes)
	}
	n := 0
	for _, r := range within {
		record := info.ShardID + ":" + r.SequenceNumber
		if lanes > 0 && laneOf(r.PartitionKey, lanes) == lane && (l.crashed || (named[record] == 0 && !slices.Contains(s.order, record))) {
			named[record]++
			n++
		}
	}
	if n != info.BatchSize && !l.crashed {
		s.complain("document %+v covers %d records", info, n)
	}
}

// parentsFirst checks that nothing of a child was accepted before the last of
// its parents.
func (s *settledRecords) parentsFirst(l *life) {
	seen := map[string]bool{}
	for _, key := range s.order {
		id, _, _ := strings.Cut(key, ":")
		seen[id] = true
		for _, shard := range l.streams.shards {
			if slices.Contains(shard.Parents, id) && seen[shard.ID] {
				s.complain("%s of parent %s accepted after child %s began", key, id, shard.ID)
			}
		}
	}
}

// everyAggregateIsFinal checks that what was accepted reached final
// invocations, in order and each window's once.
func (s *settledRecords) everyAggregateIsFinal(l *life) {
	times := map[string]int{}
	ends := map[string]time.Time{}
	for _, f := range s.finals {
		for _, number := range f.numbers {
			times[f.shard+":"+number]++
		}
		if f.start.Before(ends[f.shard]) && !l.crashed {
			s.complain("%s: window from %s ends again", f.shard, f.start)
		}
		if !f.early {
			ends[f.shard] = f.end
		}
	}
	for _, record := range s.order {
		if n := times[record]; n == 0 || (n > 1 && !l.crashed) {
			s.complain("%s is in %d final invocations", record, n)
		}
	}
}
