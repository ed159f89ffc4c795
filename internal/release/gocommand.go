package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
)

// keptSettings are the Go settings for where modules come from, where files are stored,
// and how they are trusted. None of them ends up in a program.
var keptSettings = []string{
	"GOPROXY", "GOPRIVATE", "GONOPROXY", "GOSUMDB", "GONOSUMDB", "GOINSECURE", "GOVCS", "GOAUTH",
	"GOPATH", "GOMODCACHE", "GOCACHE", "GOTMPDIR", "GOTOOLCHAIN",
}

// run runs the go command for t; the zero target is this machine. Of the user's settings
// only keptSettings apply. An empty GOFLAGS isn't enough: "go env -w" also sets it, in
// the file of GOENV (https://pkg.go.dev/cmd/go#hdr-Environment_variables).
func run(t target, args ...string) ([]byte, error) {
	kept, err := settings()
	if err != nil {
		return nil, err
	}
	kept = append(kept,
		"GOENV=off", "GOFLAGS=", "GOEXPERIMENT=", "GOFIPS140=off", "GOWORK=off", "CGO_ENABLED=0", "GOAMD64=v1", "GOARM64=v8.0", "GOOS=", "GOARCH=")
	if t != (target{}) {
		kept = append(kept, "GOOS="+t.system, "GOARCH="+t.machine)
	}
	return goCommand(t, kept, args...)
}

// settings are the keptSettings that differ from Go's defaults.
func settings() (kept []string, err error) {
	text, err := goCommand(target{}, nil, append([]string{"env", "-json", "-changed"}, keptSettings...)...)
	if err != nil {
		return nil, err
	}
	values := make(map[string]string)
	if err := json.Unmarshal(text, &values); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	for name, value := range values {
		kept = append(kept, name+"="+value)
	}
	return kept, nil
}

// goCommand runs go with these settings in addition to the process's own.
func goCommand(t target, kept []string, args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), kept...)
	var failed bytes.Buffer
	cmd.Stderr = &failed
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s for %s: %w\n%s", args[0], t, err, failed.Bytes())
	}
	return out, nil
}
