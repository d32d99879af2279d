package scenario

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
)

// recordVersion is the version of a ledger file; another one is refused.
const recordVersion = 2

// A ledger file is the magic, the record, and a checksum of both.
const (
	recordMagic    = "weir ledger\n"
	recordChecksum = 4
)

// WriteFile writes the record atomically: a reader sees all of it or none.
func (rec Record) WriteFile(path string) error {
	data, err := rec.encode()
	if err != nil {
		return fmt.Errorf("write ledger %s: %w", path, err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write ledger: %w", err)
	}
	defer os.Remove(file.Name()) //nolint:errcheck // gone after the rename
	_, err = file.Write(data)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write ledger %s: %w", path, err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("write ledger %s: %w", path, err)
	}
	return nil
}

func (rec Record) encode() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(recordMagic)
	if err := gob.NewEncoder(&b).Encode(rec); err != nil {
		return nil, err
	}
	return binary.BigEndian.AppendUint32(b.Bytes(), crc32.ChecksumIEEE(b.Bytes())), nil
}

// ReadRecord reads what WriteFile wrote and refuses anything else by name.
func ReadRecord(path string) (Record, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Record{}, fmt.Errorf("read ledger: %w", err)
	}
	rec, err := openRecord(data)
	if err != nil {
		return Record{}, fmt.Errorf("read ledger %s: %w", path, err)
	}
	return rec, nil
}

// openRecord reads a whole file.
func openRecord(data []byte) (Record, error) {
	if !bytes.HasPrefix(data, []byte(recordMagic)) {
		return Record{}, errors.New("this is no ledger that `weir simulate --ledger` wrote")
	}
	end := len(data) - recordChecksum
	if end < len(recordMagic) || binary.BigEndian.Uint32(data[end:]) != crc32.ChecksumIEEE(data[:end]) {
		return Record{}, errors.New("it is damaged or of another version of weir; simulate again")
	}
	return decodeRecord(data[len(recordMagic):end])
}

// decodeRecord reads what encode wrote between magic and checksum.
func decodeRecord(data []byte) (Record, error) {
	var rec Record
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&rec); err != nil {
		return Record{}, fmt.Errorf("it is damaged; simulate again: %w", err)
	}
	if rec.Version != recordVersion {
		return Record{}, fmt.Errorf("format version %d, this weir reads %d; simulate again", rec.Version, recordVersion)
	}
	return rec, rec.check()
}

// check refuses what no simulation could have recorded.
func (rec Record) check() error {
	var problems []error
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if !(rec.Load.Rate > 0) || math.IsInf(rec.Load.Rate, 0) || rec.Load.Devices < 0 || rec.Load.For <= 0 {
		bad("its load is impossible: %+v", rec.Load)
	}
	if !(rec.Sim.Speed > 0) || math.IsInf(rec.Sim.Speed, 0) {
		bad("its clock's speed is %g", rec.Sim.Speed)
	}
	if rec.Paced < 0 || rec.First < 0 {
		bad("it counts %d events, the first after %v", rec.Paced, rec.First)
	}
	if err := rec.Ledger.Check(); err != nil {
		bad("%w", err)
	}
	return errors.Join(problems...)
}
