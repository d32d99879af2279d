package cabs

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"

	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// batch is the body of one request. Its buffers are used again by the next.
type batch struct {
	lines   []byte
	count   int // of lines
	planned []lined
	echoes  []byte // lines that the next batch repeats
	owed    int    // how many they are

	body   []byte // what goes on the wire; nobody changes it any more
	packed bool   // by gzip
	packer *gzip.Writer
}

// lined is a reading and its line of the batch, from 1.
type lined struct {
	scenario.Planned
	line int
}

// owes tells whether there is something to repeat.
func (b *batch) owes() bool { return b.owed > 0 }

// begin starts with what the last batch left to repeat.
func (b *batch) begin() {
	clear(b.planned)
	b.lines, b.count, b.planned = append(b.lines[:0], b.echoes...), b.owed, b.planned[:0]
	b.echoes, b.owed = b.echoes[:0], 0
}

var errNoReading = errors.New("neither a reading nor raw bytes")

// add writes a reading's line, twice at once if it is to be repeated so.
func (b *batch) add(p scenario.Planned, quotedRunID []byte) error {
	begin := len(b.lines)
	switch e := p.Event.(type) {
	case event.Telemetry:
		b.lines = appendLine(b.lines, &e, quotedRunID)
	case []byte:
		before, after, _ := bytes.Cut(e, []byte(emptyRunField))
		b.lines = append(b.lines, before...)
		if len(before) < len(e) {
			b.lines = append(append(append(b.lines, runField...), quotedRunID...), after...)
		}
		b.lines = append(b.lines, '\n')
	default:
		return errNoReading
	}
	b.count++
	b.planned = append(b.planned, lined{p, b.count})
	line := b.lines[begin:]
	switch p.Labels[againLabel] {
	case againNow:
		b.lines = append(b.lines, line...)
		b.count++
	case againLater:
		b.echoes = append(b.echoes, line...)
		b.owed++
	}
	return nil
}

// seal makes the body of every attempt. It is new memory: the transport may
// still read the body of an attempt that was given up.
func (b *batch) seal(gzipMin int) error {
	b.body, b.packed = nil, false
	if gzipMin < 0 || len(b.lines) < gzipMin {
		b.body = bytes.Clone(b.lines)
		return nil
	}
	var packed bytes.Buffer
	if b.packer == nil {
		var err error
		if b.packer, err = gzip.NewWriterLevel(&packed, gzip.BestSpeed); err != nil {
			return fmt.Errorf("gzip: %w", err)
		}
	} else {
		b.packer.Reset(&packed)
	}
	if _, err := b.packer.Write(b.lines); err != nil {
		return fmt.Errorf("gzip: %w", err)
	}
	if err := b.packer.Close(); err != nil {
		return fmt.Errorf("gzip: %w", err)
	}
	b.body, b.packed = packed.Bytes(), true
	return nil
}
