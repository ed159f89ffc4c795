package main

import (
	"fmt"
	"runtime/debug"
)

// version tells what the build knows of itself: the module's version, and the
// commit and its date where the build had them.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	number, commit, date, changed := info.Main.Version, "", "", ""
	if number == "" || number == "(devel)" {
		number = "devel"
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			commit = setting.Value
		case "vcs.time":
			date = setting.Value
		case "vcs.modified":
			if setting.Value == "true" {
				changed = ", with changes"
			}
		}
	}
	if commit == "" {
		return number
	}
	return fmt.Sprintf("%s (commit %.12s, %s%s)", number, commit, date, changed)
}

func userAgent() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "convox-travis"
	}
	return "convox-travis/" + info.Main.Version
}
