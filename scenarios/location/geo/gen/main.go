// Command gen turns the TopoJSON files of npm's world-atlas into the compact
// files of this repository: the map that package geo embeds and the outline
// that the page draws. See ../SOURCE.md for the command line.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 4 {
		return errors.New("usage: gen COUNTRIES-50M.json COUNTRIES-110M.json WORLD.bin OUTLINE.json")
	}
	fine, err := readTopology(args[0])
	if err != nil {
		return err
	}
	coarse, err := readTopology(args[1])
	if err != nil {
		return err
	}
	world, err := encodeWorld(fine)
	if err != nil {
		return fmt.Errorf("encode %s: %w", args[0], err)
	}
	if err := os.WriteFile(args[2], world, 0o644); err != nil {
		return fmt.Errorf("write the map: %w", err)
	}
	outline, err := json.Marshal(outlines(coarse))
	if err != nil {
		return fmt.Errorf("encode the outline: %w", err)
	}
	if err := os.WriteFile(args[3], outline, 0o644); err != nil {
		return fmt.Errorf("write the outline: %w", err)
	}
	fmt.Printf("%s: %d bytes\n%s: %d bytes\n", args[2], len(world), args[3], len(outline))
	return verify(fine, args[2])
}
