package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestSettingsOfGoReachModulesAndNoProgram(t *testing.T) {
	file := filepath.Join(t.TempDir(), "env")
	write(t, file, "GOFLAGS=-tags=zzz\nGOEXPERIMENT=fieldtrack\nGOPROXY=https://proxy.example.com\n")
	t.Setenv("GOENV", file)
	t.Setenv("GOPROXY", "")
	t.Setenv("GOFLAGS", "-tags=yyy")
	t.Setenv("GOAMD64", "v3")
	t.Setenv("GONOSUMDB", "example.com/*")
	out, err := run(target{"linux", "amd64"}, "env", "GOFLAGS", "GOEXPERIMENT", "GOAMD64", "GOPROXY", "GONOSUMDB", "GOOS")
	if want := "\n\nv1\nhttps://proxy.example.com\nexample.com/*\nlinux\n"; err != nil || string(out) != want {
		t.Errorf("%q, %v; want %q", out, err, want)
	}
}

func TestAFailureOfGoIsQuoted(t *testing.T) {
	if _, err := run(target{"linux", "amd64"}, "build", "./nowhere"); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("%v", err)
	}
}
