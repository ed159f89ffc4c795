package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	program = "./cmd/convox-travis"
	origin  = "convox-travis/internal/version" // has the variables that --version shows
)

// build compiles the program for t into a file below work. Nothing of this machine gets
// in: not its folders, its C library or its Go settings.
func build(t target, s stamp, work string) (file string, err error) {
	file = filepath.Join(work, t.system+"-"+t.machine, "convox-travis")
	if t.system == "windows" {
		file += ".exe"
	}
	_, err = run(t, "build", "-trimpath", "-buildvcs=false", "-ldflags", s.ldflags(), "-o", file, program)
	return file, err
}

func (s stamp) ldflags() string {
	return fmt.Sprintf("-s -w -buildid= -X %[1]s.number=%[2]s -X %[1]s.commit=%[3]s -X %[1]s.date=%[4]s", origin, s.version, s.commit, s.date.Format(time.RFC3339))
}

// printed is what the program, built for this machine, prints for each archive: a script
// of completions for each shell, and a manual page for itself and for each command, under
// the names that the shells and man look for.
func printed(file string) (all []entry, err error) {
	add := func(name string, args ...string) error {
		text, err := exec.Command(file, args...).Output()
		if err != nil {
			return fmt.Errorf("convox-travis %s: %w", strings.Join(args, " "), err)
		}
		all = append(all, entry{name: name, text: text})
		return nil
	}
	for _, shell := range []struct{ name, file string }{
		{"bash", "convox-travis.bash"}, {"fish", "convox-travis.fish"}, {"powershell", "convox-travis.ps1"}, {"zsh", "_convox-travis"},
	} {
		if err := add("completions/"+shell.file, "completion", shell.name); err != nil {
			return nil, err
		}
	}
	// As for a shell: a name a line, then what to do with them.
	commands, err := exec.Command(file, "__completeNoDesc", "man", "").Output()
	if err != nil {
		return nil, fmt.Errorf("list the commands of convox-travis: %w", err)
	}
	const pages = "share/man/man1/convox-travis"
	if err := add(pages+".1", "man"); err != nil {
		return nil, err
	}
	for _, command := range strings.Fields(string(commands)) {
		if strings.HasPrefix(command, ":") {
			break
		}
		if err := add(pages+"-"+command+".1", "man", command); err != nil {
			return nil, err
		}
	}
	return all, nil
}
