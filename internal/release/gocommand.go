package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
)

// keptSettings are the settings of Go that say where modules come from and where
// files are kept, and how they are trusted. None of them gets into a program.
var keptSettings = []string{
	"GOPROXY", "GOPRIVATE", "GONOPROXY", "GOSUMDB", "GONOSUMDB", "GOINSECURE", "GOVCS", "GOAUTH",
	"GOPATH", "GOMODCACHE", "GOCACHE", "GOTMPDIR", "GOTOOLCHAIN",
}

// run runs the go command for t; the zero target is this machine. Of the settings
// of whoever runs it only those of reaching are kept. An empty GOFLAGS would not
// do: "go env -w" sets it as well, in a file that GOENV names
// (https://pkg.go.dev/cmd/go#hdr-Environment_variables).
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

// settings are those of reaching that differ from Go's own.
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

// goCommand runs go with these settings besides the process's own.
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
