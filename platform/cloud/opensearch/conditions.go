package opensearch

import (
	"fmt"
	"net/http"
)

// conditions are what a write asks of the version that it finds.
type conditions struct {
	create   bool // op_type create: there must be none
	versions string
	version  int64 // with versions external or external_gte; anyVersion where none is given
	ifSeq    int64 // −1 asks nothing
	ifTerm   int64
}

// primaryTerm never changes: there is one primary, which is never promoted.
const primaryTerm = 1

// anyVersion asks nothing of versions.
const anyVersion = -3

// unconditional is what a plain write asks.
func unconditional() conditions { return conditions{ifSeq: -1, version: anyVersion} }

// validate refuses combinations that make no sense, as the request as a whole.
func (c *conditions) validate() error {
	external := c.versions == "external" || c.versions == "external_gte"
	switch {
	case c.create && external:
		return validation("create operations only support internal versioning. use index instead")
	case c.create && c.version != anyVersion:
		return validation("create operations do not support explicit versions. use index instead")
	case c.create && (c.ifSeq >= 0 || c.ifTerm != 0):
		return validation("create operations do not support compare and set. use index instead")
	case c.ifSeq >= 0 && external:
		return validation("compare and write operations can not use versioning")
	case external && c.version < 0:
		return validation("illegal version value [%d] for version type [%s]", c.version, upper(c.versions))
	case c.ifSeq >= 0 && c.ifTerm == 0:
		return validation("ifSeqNo is set, but primary term is [0]")
	case c.ifSeq < 0 && c.ifTerm != 0:
		return validation("ifSeqNo is unassigned, but primary term is [%d]", c.ifTerm)
	case !external && c.version != anyVersion:
		return validation("internal versioning can not be used for optimistic concurrency control. Please use `if_seq_no` and `if_primary_term` instead")
	}
	return nil
}

func upper(versionType string) string {
	if versionType == "external" {
		return "EXTERNAL"
	}
	return "EXTERNAL_GTE"
}

// check compares the conditions with the version there is, and says which
// version the write makes.
func (c *conditions) check(ix *index, id string, old *doc) (int64, error) {
	var current int64
	if old != nil {
		current = old.version
	}
	switch {
	case c.create && !old.absent():
		return 0, ix.conflict("[%s]: version conflict, document already exists (current version [%d])", id, current)
	case c.ifSeq >= 0 && old.absent():
		return 0, ix.conflict("[%s]: version conflict, required seqNo [%d], primary term [%d]. but no document was found", id, c.ifSeq, c.ifTerm)
	case c.ifSeq >= 0 && (old.seq != c.ifSeq || c.ifTerm != primaryTerm):
		return 0, ix.conflict("[%s]: version conflict, required seqNo [%d], primary term [%d]. current document has seqNo [%d] and primary term [%d]",
			id, c.ifSeq, c.ifTerm, old.seq, primaryTerm)
	case c.versions == "external":
		if old != nil && current >= c.version {
			return 0, ix.conflict("[%s]: version conflict, current version [%d] is higher or equal to the one provided [%d]", id, current, c.version)
		}
		return c.version, nil
	case c.versions == "external_gte":
		if old != nil && current > c.version {
			return 0, ix.conflict("[%s]: version conflict, current version [%d] is higher than the one provided [%d]", id, current, c.version)
		}
		return c.version, nil
	}
	return current + 1, nil
}

func (ix *index) conflict(format string, args ...any) *Error {
	return &Error{
		Type: "version_conflict_engine_exception", Status: http.StatusConflict,
		Reason: fmt.Sprintf(format, args...), Extra: ix.onShard(),
	}
}

// onShard says where in the index something happened.
func (ix *index) onShard() map[string]any {
	return map[string]any{"index": ix.name, "shard": "0", "index_uuid": ix.uuid}
}

func (ix *index) missing(id string) *Error {
	return &Error{
		Type: "document_missing_exception", Reason: "[" + id + "]: document missing",
		Status: http.StatusNotFound, Extra: ix.onShard(),
	}
}
