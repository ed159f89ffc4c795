package cli

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"strings"
)

// Set by the linker of a release (internal/release).
var number, commit, date string

// buildOrigin returns the version, the commit and the commit's date; each is ""
// if the build doesn't know it.
func buildOrigin() (version, revision, committed string) {
	if number != "" {
		return number, commit, date
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "", "", ""
	}
	if version = info.Main.Version; version == "(devel)" {
		version = ""
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			revision = setting.Value
		case "vcs.time":
			committed = setting.Value
		}
	}
	return releaseVersion(version, revision), revision, committed
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

func version() string {
	version, revision, committed := buildOrigin()
	version = cmp.Or(version, "devel")
	if revision == "" {
		return version
	}
	return fmt.Sprintf("%s (commit %.12s, %s)", version, revision, committed)
}

func userAgent() string {
	if version, _, _ := buildOrigin(); version != "" {
		return "convox-travis/" + version
	}
	return "convox-travis"
}
