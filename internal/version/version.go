// Package version knows which source a build was made from: its version, its commit and
// the commit's date. A release has them from the linker, a source archive from git
// archive, a build in a clone and an installed module from the go command.
//
// Next room: internal/secret, the ground floor.
package version

import (
	"cmp"
	_ "embed"
	"fmt"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// Set by the linker of a release (internal/release).
var number, commit, date string

// archived is filled in by git archive, as .gitattributes says
// (https://git-scm.com/docs/gitattributes#_creating_an_archive).
//
//go:embed archived.txt
var archived string

// Build is the source of a build. Each field is "" if it is unknown.
type Build struct {
	Version string // without a leading v
	Commit  string
	Date    string // of the commit, in the form of RFC 3339, UTC
}

// Read returns the source of this program. What git archive wrote comes before the go
// command's information, which is that of another repository if the archive was
// unpacked inside one.
func Read() Build {
	if number != "" {
		return Build{number, commit, date}
	}
	if build := readArchived(archived); build != (Build{}) {
		return build
	}
	var build Build
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return build
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			build.Commit = setting.Value
		case "vcs.time":
			build.Date = setting.Value
		}
	}
	if info.Main.Version != "(devel)" {
		build.Version = releaseVersion(info.Main.Version, build.Commit)
	}
	return build
}

// String is what --version prints.
func (b Build) String() string {
	version := cmp.Or(b.Version, "devel")
	if b.Commit == "" {
		return version
	}
	return fmt.Sprintf("%s (commit %.12s, %s)", version, b.Commit, b.Date)
}

// afterTag ends what git describe says about a commit that has no tag itself.
var afterTag = regexp.MustCompile(`-[0-9]+-g[0-9a-f]+$`)

// readArchived reads a commit, the seconds of its date, and what git describe says. In
// a clone they are only placeholders. An old git doesn't fill in the last one.
func readArchived(text string) Build {
	fields := append(strings.Fields(text), "", "", "")
	seconds, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return Build{}
	}
	date := time.Unix(seconds, 0).UTC()
	version, isTag := strings.CutPrefix(fields[2], "v")
	if !isTag || afterTag.MatchString(version) {
		version = "0.0.0-" + date.Format("20060102150405") // as in internal/release
	}
	return Build{version, fields[0], date.Format(time.RFC3339)}
}

// releaseVersion turns a version of the go command (https://go.dev/ref/mod#versions)
// into the form of a release (internal/release), which has the commit beside it.
func releaseVersion(version, revision string) string {
	version, isChanged := strings.CutSuffix(strings.TrimPrefix(version, "v"), "+dirty")
	if len(revision) >= 12 {
		version = strings.TrimSuffix(version, "-"+revision[:12])
	}
	if isChanged {
		version += "-changed"
	}
	return version
}
