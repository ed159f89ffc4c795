package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"time"
)

const program = "./cmd/convox-travis"

// build compiles the program for t. Nothing of this machine gets in: not its
// folders, its C library, or what its GOFLAGS say.
func build(t target, s stamp, work string) (entry, error) {
	name := "convox-travis"
	if t.system == "windows" {
		name += ".exe"
	}
	file := filepath.Join(work, t.system+"-"+t.machine)
	linked := fmt.Sprintf("-s -w -buildid= -X main.number=%s -X main.commit=%s -X main.date=%s", s.version, s.commit, s.date.Format(time.RFC3339))
	if _, err := run(t, "build", "-trimpath", "-buildvcs=false", "-ldflags", linked, "-o", file, program); err != nil {
		return entry{}, err
	}
	text, err := os.ReadFile(file)
	return entry{name: name, text: text, runs: true}, err
}

// completions are what the program itself prints for each shell, under the names
// that the shells look for.
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

// documentation is what the README links to, and it.
func documentation() (all []entry, err error) {
	names, err := filepath.Glob("docs/*")
	if err != nil {
		return nil, err
	}
	for _, name := range append(names, "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		all = append(all, entry{name: filepath.ToSlash(name), text: text})
	}
	return all, nil
}

// run runs the go command for t; the zero target is this machine.
func run(t target, args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOAMD64=v1", "GOARM64=v8.0")
	if t != (target{}) {
		cmd.Env = append(cmd.Env, "GOOS="+t.system, "GOARCH="+t.machine)
	}
	var failed bytes.Buffer
	cmd.Stderr = &failed
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s for %s: %w\n%s", args[0], t, err, failed.Bytes())
	}
	return out, nil
}
