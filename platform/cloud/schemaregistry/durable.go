package schemaregistry

import (
	"encoding/binary"
	"errors"

	"github.com/weirstream/weir/platform/cloud/store"
)

const (
	schemaPrefix  = "schemaregistry/schema/"  // ID, big-endian
	subjectPrefix = "schemaregistry/subject/" // NAME
	levelName     = "schemaregistry/level"
)

func schemaKey(id int) []byte { return binary.BigEndian.AppendUint32([]byte(schemaPrefix), uint32(id)) }

func subjectKey(name string) []byte { return []byte(subjectPrefix + name) }

// restore reads what an earlier process left.
func (b *books) restore() error {
	if b.data == nil {
		return nil
	}
	err := store.ScanJSON(b.data, []byte(schemaPrefix), func(key []byte, kept *schema) error {
		id := int(binary.BigEndian.Uint32(key[len(schemaPrefix):]))
		if id != len(b.schemas)+1 {
			return b.data.Damaged(key, errors.New("ids before it are missing"))
		}
		b.schemas[id], b.ids[kept.key()] = kept, id
		return nil
	})
	if err != nil {
		return err
	}
	err = store.ScanJSON(b.data, []byte(subjectPrefix), func(key []byte, kept *subject) error {
		for _, v := range kept.Versions {
			if b.schemas[v.ID] == nil {
				return b.data.Damaged(key, errors.New("it has a version without a schema"))
			}
		}
		b.subjects[string(key[len(subjectPrefix):])] = kept
		return nil
	})
	if err != nil {
		return err
	}
	_, err = b.data.GetJSON([]byte(levelName), &b.level)
	return err
}
