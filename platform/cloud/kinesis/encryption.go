package kinesis

import (
	"slices"
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

const (
	encryptionNone   = "NONE"
	encryptionKMS    = "KMS"
	encryptionsMax   = 25
	keyIDMax         = 2048
	codeKMSNotFound  = "KMSNotFoundException"
	keyAliasNameMax  = 256
	keyAliasNameRest = "/_-"
)

// EncryptionInput is what StartStreamEncryption and StopStreamEncryption take.
type EncryptionInput struct {
	StreamRef
	EncryptionType *string
	KeyID          *string `json:"KeyId"`
}

// Validate reports every violated constraint.
func (in *EncryptionInput) Validate() error {
	var v wire.Violations
	if required(&v, "encryptionType", in.EncryptionType) {
		checkEnum(&v, "encryptionType", in.EncryptionType, encryptionNone, encryptionKMS)
	}
	if required(&v, "keyId", in.KeyID) {
		checkLength(&v, "keyId", *in.KeyID, 1, keyIDMax)
	}
	in.check(&v)
	return v.Err()
}

// setEncryption makes keyID the key of new records after the status delay.
func (s *Service) setEncryption(in *EncryptionInput, keyID string, counter func(*stream) *rolling) error {
	st, err := s.stream(in.StreamRef)
	if err != nil {
		return err
	}
	if *in.EncryptionType != encryptionKMS {
		return wire.Errorf(codeInvalidArgument, "EncryptionType %s: the only valid one is %s.", *in.EncryptionType, encryptionKMS)
	}
	if !s.isKey(*in.KeyID) {
		return wire.Errorf(codeKMSNotFound, "Invalid keyId %s", *in.KeyID)
	}
	now := s.now()
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.status != statusActive {
		return s.errNotActive(st)
	}
	changes := counter(st)
	if !s.cfg.QuotasOff && changes.full(now, encryptionsMax) {
		return wire.Errorf(codeLimit, "The encryption of stream %s under account %s was changed %d times within 24 hours, which is the limit.",
			st.name, s.cfg.Account, encryptionsMax)
	}
	changes.add(now)
	s.update(st, now, st.with(func(next *settings) { next.KeyID = keyID }))
	return nil
}

// isKey accepts the forms that name a key of this region: an id, alias/name,
// and the ARN of either. There is no KMS here, so every key of such a form exists.
func (s *Service) isKey(id string) bool {
	if rest, isARN := strings.CutPrefix(id, "arn:"); isARN {
		parts := strings.SplitN(rest, ":", 5) // aws:kms:region:account:resource
		if len(parts) != 5 || parts[0] != "aws" || parts[1] != "kms" || parts[2] != s.cfg.Region ||
			len(parts[3]) != 12 || !onlyDigits(parts[3]) {
			return false
		}
		id = parts[4]
		if key, isKey := strings.CutPrefix(id, "key/"); isKey {
			return isKeyID(key)
		}
		return isAlias(id)
	}
	return isAlias(id) || isKeyID(id)
}

func isAlias(text string) bool {
	name, ok := strings.CutPrefix(text, "alias/")
	if !ok || name == "" || len(name) > keyAliasNameMax {
		return false
	}
	return strings.IndexFunc(name, func(r rune) bool {
		return !isName(string(r)) && !strings.ContainsRune(keyAliasNameRest, r)
	}) < 0 && !strings.Contains(name, ".")
}

// isKeyID accepts a GUID and the id of a multi-region key.
func isKeyID(text string) bool {
	if hex, ok := strings.CutPrefix(text, "mrk-"); ok {
		return len(hex) == 32 && isHex(hex)
	}
	groups := strings.Split(text, "-")
	return slices.EqualFunc(groups, []int{8, 4, 4, 4, 12}, func(group string, size int) bool {
		return len(group) == size && isHex(group)
	})
}

func isHex(text string) bool { return strings.Trim(strings.ToLower(text), "0123456789abcdef") == "" }

// encryption is a stream's encryption as descriptions show it; the caller holds mu.
func (st *stream) encryption() (kind string, keyID *string) {
	if st.KeyID == "" {
		return encryptionNone, nil
	}
	id := st.KeyID
	return encryptionKMS, &id
}

// recordEncryption is the EncryptionType of a record in replies: absent for none.
func recordEncryption(encrypted bool) string {
	if encrypted {
		return encryptionKMS
	}
	return ""
}
