package main

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"strings"
)

// The linker of a release sets these (internal/release).
var number, commit, date string

// origin is what the build knows of itself: the version, and the commit and its
// date; "" each where it does not.
func origin() (version, revision, made string) {
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
			made = setting.Value
		}
	}
	return asReleased(version, revision), revision, made
}

// asReleased is a version of the go command in the form that a release has it
// (internal/release): the commit stands beside it
// (https://go.dev/ref/mod#versions).
func asReleased(version, revision string) string {
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
	version, revision, made := origin()
	version = cmp.Or(version, "devel")
	if revision == "" {
		return version
	}
	return fmt.Sprintf("%s (commit %.12s, %s)", version, revision, made)
}

func userAgent() string {
	if version, _, _ := origin(); version != "" {
		return "convox-travis/" + version
	}
	return "convox-travis"
}
