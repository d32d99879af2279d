package lambda

import (
	"archive/zip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const (
	maxZippedBytes   = 50 << 20
	maxUnzippedBytes = 250 << 20
)

var errUnzippedSize = invalidParameter("Unzipped size must be smaller than %d bytes", maxUnzippedBytes)

// unzip unpacks a deployment package into dir. It writes only regular files
// and directories below dir, whatever the archive's names say, trusts no size
// the archive declares, stops at unzippedMax bytes, and demands an executable called bootstrap.
func unzip(r io.ReaderAt, size int64, dir string, unzippedMax int64) error {
	if size > maxZippedBytes {
		return tooLarge(maxZippedBytes, "CreateFunction")
	}
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return invalidParameter("Could not unzip uploaded file. Please check your file, then try to upload again.")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return serviceError("unpack function code: %v", err)
	}
	defer root.Close()
	left := unzippedMax
	for _, f := range archive.File {
		n, err := unzipFile(root, f, left)
		if err != nil {
			return err
		}
		left -= n
	}
	info, err := root.Stat("bootstrap")
	if err != nil || !info.Mode().IsRegular() {
		return invalidParameter("The deployment package has no file named bootstrap at its root, which the provided.al2023 runtime starts.")
	}
	// Archives made elsewhere often lose the bit; AWS would refuse to start it.
	if info.Mode().Perm()&0o100 == 0 {
		return invalidParameter("The file bootstrap in the deployment package is not executable (zip it with its mode bits).")
	}
	return nil
}

// unzipFile writes one entry and returns the bytes it took.
func unzipFile(root *os.Root, f *zip.File, left int64) (int64, error) {
	name := filepath.FromSlash(strings.TrimSuffix(f.Name, "/"))
	if name == "" || !filepath.IsLocal(name) || strings.Contains(f.Name, `\`) {
		return 0, invalidParameter("Could not unzip uploaded file: the entry %q lies outside the package.", f.Name)
	}
	if f.Mode().IsDir() {
		return 0, unpacked(f, root.MkdirAll(name, 0o755))
	}
	if !f.Mode().IsRegular() {
		return 0, invalidParameter("Could not unzip uploaded file: the entry %q is neither a file nor a directory.", f.Name)
	}
	if parent := filepath.Dir(name); parent != "." {
		if err := root.MkdirAll(parent, 0o755); err != nil {
			return 0, unpacked(f, err)
		}
	}
	src, err := f.Open()
	if err != nil {
		return 0, unpacked(f, err)
	}
	defer src.Close()
	dst, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, f.Mode().Perm()&0o755|0o600)
	if err != nil {
		return 0, unpacked(f, err)
	}
	n, err := io.Copy(dst, io.LimitReader(src, left+1))
	if err := errors.Join(err, dst.Close()); err != nil {
		return 0, unpacked(f, err)
	}
	if n > left {
		return 0, errUnzippedSize
	}
	return n, nil
}

func unpacked(f *zip.File, err error) error {
	if err == nil {
		return nil
	}
	return invalidParameter("Could not unzip uploaded file: entry %q: %v", f.Name, err)
}
