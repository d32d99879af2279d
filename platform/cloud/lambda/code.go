package lambda

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"

	"github.com/google/uuid"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// FunctionCode is where a function's program comes from, as CreateFunction
// and UpdateFunctionCode take it.
type FunctionCode struct {
	ZipFile         []byte
	S3Bucket        string
	S3Key           string
	S3ObjectVersion string
	ImageUri        string //nolint:revive // the API's spelling

	// Parts of Lambda this service lacks: refused by name when given.
	S3ObjectStorageMode json.RawMessage
	SourceKMSKeyArn     json.RawMessage
}

// code is a function's program: a built-in handler or an unpacked zip. The
// directory of a zip is removed when nothing holds it any more.
type code struct {
	id      string // on disk
	builtin string
	sha256  string // base64
	bytes   int64
	fresh   []byte // the zip, until it is kept; guarded by Service.mu

	mu     sync.Mutex
	refs   int
	dir    string                 // of an unpacked zip
	unpack func() (string, error) // makes dir, of a zip that an earlier process kept; nil if it is made
}

// resolve checks c and makes a program of it; zips are unpacked below root.
func (c *FunctionCode) resolve(launcher Launcher, root func() (string, error)) (*code, error) {
	if err := refuseGiven([]gap{{"S3ObjectStorageMode", c.S3ObjectStorageMode}, {"SourceKMSKeyArn", c.SourceKMSKeyArn}}); err != nil {
		return nil, err
	}
	switch {
	case c.ImageUri != "":
		return nil, wire.NotImplemented("container images for Lambda functions")
	case len(c.ZipFile) > 0 && (c.S3Bucket != "" || c.S3Key != ""):
		return nil, invalidParameter("Please do not provide other FunctionCode parameters when providing a ZipFile.")
	case len(c.ZipFile) > 0:
		return unpack(c.ZipFile, root)
	case c.S3Bucket == "" || c.S3Key == "":
		return nil, invalidParameter("Please provide a source for function code.")
	case c.S3Bucket != HandlerBucket:
		return nil, wire.NotImplemented("Lambda code from Amazon S3 (bucket " + c.S3Bucket + "); send it as ZipFile")
	}
	command, err := launcher.Command(c.S3Key)
	if err != nil {
		return nil, invalidParameter("Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: %v", err)
	}
	// The handler is part of this program: its name is its identity, the
	// program's size its size.
	sum := sha256.Sum256([]byte(HandlerBucket + "/" + c.S3Key))
	built := &code{id: uuid.NewString(), builtin: c.S3Key, sha256: base64.StdEncoding.EncodeToString(sum[:]), refs: 1}
	if info, err := os.Stat(command.Path); err == nil {
		built.bytes = info.Size()
	}
	return built, nil
}

func unpack(archive []byte, root func() (string, error)) (*code, error) {
	dir, err := unpackIn(archive, root)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(archive)
	return &code{
		id: uuid.NewString(), dir: dir, fresh: archive,
		sha256: base64.StdEncoding.EncodeToString(sum[:]), bytes: int64(len(archive)), refs: 1,
	}, nil
}

// unpackIn unpacks a zip into a new directory below root.
func unpackIn(archive []byte, root func() (string, error)) (string, error) {
	parent, err := root()
	if err != nil {
		return "", serviceError("unpack function code: %v", err)
	}
	dir, err := os.MkdirTemp(parent, "code-")
	if err != nil {
		return "", serviceError("unpack function code: %v", err)
	}
	if err := unzip(bytes.NewReader(archive), int64(len(archive)), dir, maxUnzippedBytes); err != nil {
		_ = os.RemoveAll(dir)
		return "", err
	}
	return dir, nil
}

// command is how to start the program, and its working directory.
func (c *code) command(launcher Launcher) (Command, string, error) {
	if c.builtin != "" {
		command, err := launcher.Command(c.builtin)
		return command, os.TempDir(), err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unpack != nil {
		dir, err := c.unpack()
		if err != nil {
			return Command{}, "", err
		}
		c.dir, c.unpack = dir, nil
	}
	return Command{Path: filepath.Join(c.dir, "bootstrap")}, c.dir, nil
}

// held reports whether anything holds the program.
func (c *code) held() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refs > 0
}

func (c *code) acquire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refs++
}

func (c *code) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refs--; c.refs == 0 && c.dir != "" {
		_ = os.RemoveAll(c.dir) // what cannot be removed now goes with the service's directory
	}
}
