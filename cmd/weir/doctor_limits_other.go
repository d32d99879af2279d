//go:build !unix

package main

import "context"

func examineDescriptors(context.Context) finding {
	return finding{Name: "file descriptors", OK: true, Found: "no limit of this kind here"}
}
