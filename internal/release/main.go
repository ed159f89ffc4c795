// Command release builds the release archives: for each system and machine the program,
// its completions and manual pages, the documentation and the licenses of everything
// linked into it; and their checksums. It changes nothing in the repository, and only runs go and git.
//
//	go run ./internal/release -o dist
//
// The same commit, built with the same version of Go, gives the same bytes in any folder
// and at any time: the archives contain no path, no time except the commit's date, and no
// folder order (https://reproducible-builds.org/docs/).
//
// Next room: internal/house, which checks all of it against the plan.
package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// targets are the systems and machines of a release.
var targets = []target{
	{"darwin", "amd64"}, {"darwin", "arm64"},
	{"linux", "amd64"}, {"linux", "arm64"},
	{"windows", "amd64"}, {"windows", "arm64"},
}

type target struct{ system, machine string }

func (t target) String() string { return t.system + "/" + t.machine }

func main() {
	folder := flag.String("o", "dist", "write the archives into `FOLDER`")
	only := flag.String("only", "", "build only for `SYSTEM/MACHINE`")
	flag.Parse()
	if err := release(*folder, *only); err != nil {
		fmt.Fprintf(os.Stderr, "error: build a release: %v\n", err)
		if errors.Is(err, errNoClone) {
			fmt.Fprintln(os.Stderr, "hint: run it in the root of a clone: an archive names the commit that it was built from")
		}
		os.Exit(1)
	}
}

func release(folder, only string) error {
	wanted := targets
	if only != "" {
		wanted = slices.DeleteFunc(slices.Clone(targets), func(t target) bool { return t.String() != only })
		if len(wanted) == 0 {
			return fmt.Errorf("%q isn't one of %v", only, targets)
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
	defer func() { _ = os.RemoveAll(work) }() // a temporary folder
	pages, err := documentation()
	if err != nil {
		return err
	}
	here, err := build(target{runtime.GOOS, runtime.GOARCH}, stamp, work)
	if err != nil {
		return err
	}
	printed, err := printed(here)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	var sums strings.Builder
	for _, t := range wanted {
		file, err := build(t, stamp, work)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		licenses, err := licenses(t)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("convox-travis_%s_%s_%s", stamp.version, t.system, t.machine)
		program := entry{name: filepath.Base(file), text: text, runs: true}
		content := slices.Concat([]entry{program}, pages, printed, licenses)
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
