package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"time"
)

const (
	program = "./cmd/convox-travis"
	origin  = "convox-travis/internal/cli" // has the variables that --version shows
)

// build compiles the program for t. Nothing of this machine gets in: not its folders, its
// C library or its Go settings.
func build(t target, s stamp, work string) (entry, error) {
	name := "convox-travis"
	if t.system == "windows" {
		name += ".exe"
	}
	file := filepath.Join(work, t.system+"-"+t.machine)
	linked := fmt.Sprintf("-s -w -buildid= -X %[1]s.number=%[2]s -X %[1]s.commit=%[3]s -X %[1]s.date=%[4]s", origin, s.version, s.commit, s.date.Format(time.RFC3339))
	if _, err := run(t, "build", "-trimpath", "-buildvcs=false", "-ldflags", linked, "-o", file, program); err != nil {
		return entry{}, err
	}
	text, err := os.ReadFile(file)
	return entry{name: name, text: text, runs: true}, err
}

// completions are what the program prints for each shell, under the names that the shells
// look for.
func completions() (all []entry, err error) {
	for _, shell := range []struct{ name, file string }{
		{"bash", "convox-travis.bash"}, {"fish", "convox-travis.fish"}, {"powershell", "convox-travis.ps1"}, {"zsh", "_convox-travis"},
	} {
		text, err := run(target{}, "run", program, "completion", shell.name)
		if err != nil {
			return nil, err
		}
		all = append(all, entry{name: path.Join("completions", shell.file), text: text})
	}
	return all, nil
}
