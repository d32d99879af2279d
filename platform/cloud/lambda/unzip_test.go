package lambda

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weirstream/weir/platform/cloud/store/storetest"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// entry is one member of an archive.
type entry struct {
	name string
	mode fs.FileMode
	data io.Reader
}

func archive(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range entries {
		header := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		header.SetMode(e.mode)
		f, err := w.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(f, e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func text(s string) io.Reader { return strings.NewReader(s) }

// zeros is a bomb: n zero bytes deflate to almost nothing.
func zeros(n int64) io.Reader { return io.LimitReader(zeroReader{}, n) }

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestUnzipRefusesWhatIsNotAPackage(t *testing.T) {
	t.Parallel()
	bootstrap := func() entry { return entry{"bootstrap", 0o755, text("x")} }
	for _, c := range []struct {
		name, says string
		data       []byte
	}{
		{"not a zip", "Could not unzip", []byte("hello")},
		{"no bootstrap", "no file named bootstrap", archive(t, entry{"main", 0o755, text("x")})},
		{"bootstrap is a directory", "no file named bootstrap", archive(t, entry{"bootstrap/", fs.ModeDir | 0o755, text("")})},
		{"not executable", "not executable", archive(t, entry{"bootstrap", 0o644, text("x")})},
		{"climbs out", "outside the package", archive(t, bootstrap(), entry{"../evil", 0o755, text("x")})},
		{"climbs out inside", "outside the package", archive(t, bootstrap(), entry{"a/../../evil", 0o755, text("x")})},
		{"absolute", "outside the package", archive(t, bootstrap(), entry{"/tmp/evil", 0o755, text("x")})},
		{"backslashes", "outside the package", archive(t, bootstrap(), entry{`..\evil`, 0o755, text("x")})},
		{"symbolic link", "neither a file nor a directory", archive(t, entry{"bootstrap", fs.ModeSymlink | 0o777, text("/bin/sh")})},
		{"bomb", "Unzipped size must be smaller", archive(t, bootstrap(), entry{"zeros", 0o644, zeros(1 << 20)})},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			parent := t.TempDir()
			dir := filepath.Join(parent, "code")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			err := unzip(bytes.NewReader(c.data), int64(len(c.data)), dir, 1<<20)
			var typed *wire.Error
			if !errors.As(err, &typed) || typed.Code != "InvalidParameterValueException" || !strings.Contains(typed.Message, c.says) {
				t.Errorf("got %v, want InvalidParameterValueException saying %q", err, c.says)
			}
			if list, _ := os.ReadDir(parent); len(list) != 1 {
				t.Errorf("something was written outside: %v", list)
			}
		})
	}
}

// TestZipIsUploadedAndRun builds a small bootstrap, deploys it and invokes it.
func TestZipIsUploadedAndRun(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "bootstrap")
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", path, "./testdata/bootstrap")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	program, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	data := archive(t,
		entry{"data/", fs.ModeDir | 0o755, text("")},
		entry{"data/greeting.txt", 0o644, text("hello from the package")},
		entry{"bootstrap", 0o755, program})
	disk := storetest.New(t)
	t.Cleanup(func() { disk.Close() })
	s := running(t, Config{Data: disk.Data()})
	create(t, s, "zipped", func(in *createFunctionInput) { in.Code = &FunctionCode{ZipFile: data} })
	root := s.codeRoot
	for range 2 {
		r, err := s.Invoke(t.Context(), "zipped", nil)
		if err != nil || string(r.Payload) != `"hello from the package"` {
			t.Fatalf("got %s %s %v\n%s", r.FunctionError, r.Payload, err, r.LogTail)
		}
	}
	if list, _ := os.ReadDir(root); len(list) != 1 {
		t.Errorf("%d unpacked packages, want 1", len(list))
	}
	disk.Wait()
	r, err := running(t, Config{Data: disk.Data()}).Invoke(t.Context(), "zipped", nil)
	if err != nil || string(r.Payload) != `"hello from the package"` {
		t.Errorf("in the next process: %s %s %v", r.FunctionError, r.Payload, err)
	}
	in := &updateFunctionCodeInput{name: target{FunctionName: "zipped"}, FunctionCode: FunctionCode{S3Bucket: HandlerBucket, S3Key: "echo"}}
	if _, err := s.updateFunctionCode().Handle(context.Background(), nil, in); err != nil {
		t.Fatal(err)
	}
	r, err = s.Invoke(t.Context(), "zipped", []byte(`"now built in"`))
	if err != nil || string(r.Payload) != `"now built in"` {
		t.Errorf("after the update: %s %s %v", r.FunctionError, r.Payload, err)
	}
}
