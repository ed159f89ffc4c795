// Command release builds the archives that are given out: for each system and
// machine the program, its completions, the documentation and the licenses of
// everything that is linked into it; and their checksums. It changes nothing in
// the repository, and asks the go and git commands alone.
//
//	go run ./internal/release -o dist
//
// The same commit, built by the same version of Go, gives the same bytes, in
// whatever folder and whenever: no path, no time and no order of a folder gets
// in, but the commit's own date (https://reproducible-builds.org/docs/).
//
// Next room: internal/house, which holds all of it to the plan.
package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// targets are the systems and machines that the program is given out for.
var targets = []target{
	{"darwin", "amd64"}, {"darwin", "arm64"},
	{"linux", "amd64"}, {"linux", "arm64"},
	{"windows", "amd64"}, {"windows", "arm64"},
}

type target struct{ system, machine string }

func (t target) String() string { return t.system + "/" + t.machine }

func main() {
	folder := flag.String("o", "dist", "write the archives into `FOLDER`")
	only := flag.String("only", "", "build for `SYSTEM/MACHINE` alone")
	flag.Parse()
	if err := release(*folder, *only); err != nil {
		fmt.Fprintf(os.Stderr, "error: build a release: %v\n", err)
		if errors.Is(err, errNoClone) {
			fmt.Fprintln(os.Stderr, "hint: build from a clone, in its root: an archive names the commit that it is made of")
		}
		os.Exit(1)
	}
}

func release(folder, only string) error {
	wanted := targets
	if only != "" {
		wanted = slices.DeleteFunc(slices.Clone(targets), func(t target) bool { return t.String() != only })
		if len(wanted) == 0 {
			return fmt.Errorf("%q is none of %v", only, targets)
		}
	}
	stamp, err := readStamp()
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "convox-travis-release-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }() // it is a temporary folder
	pages, err := documentation()
	if err != nil {
		return err
	}
	completions, err := completions()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	var sums strings.Builder
	for _, t := range wanted {
		program, err := build(t, stamp, work)
		if err != nil {
			return err
		}
		licenses, err := licenses(t)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("convox-travis_%s_%s_%s", stamp.version, t.system, t.machine)
		content := slices.Concat([]entry{program}, pages, completions, licenses)
		file, archive, err := pack(t, name, content, stamp.date)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, file), archive, 0o644); err != nil {
			return err
		}
		line := fmt.Sprintf("%x  %s\n", sha256.Sum256(archive), file)
		fmt.Print(line)
		sums.WriteString(line)
	}
	return os.WriteFile(filepath.Join(folder, "SHA256SUMS"), []byte(sums.String()), 0o644)
}
