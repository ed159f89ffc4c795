package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	date    = time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)
	content = []entry{{name: "convox-travis", text: []byte("program"), runs: true}, {name: "LICENSE", text: []byte("free")}, {name: "completions/a", text: []byte("x")}}
)

func TestAnArchiveDoesNotDependOnTheOrderOrTheTime(t *testing.T) {
	turned := slices.Clone(content)
	slices.Reverse(turned)
	for _, system := range []string{"linux", "windows"} {
		_, first, err := pack(target{system, "amd64"}, "convox-travis_1.0.0", content, date)
		if err != nil {
			t.Fatal(err)
		}
		_, second, err := pack(target{system, "amd64"}, "convox-travis_1.0.0", turned, date.In(time.FixedZone("elsewhere", 7200)))
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("%s: two archives of the same content differ, %v", system, err)
		}
	}
	if content[0].name != "convox-travis" {
		t.Error("the content was changed")
	}
}

func TestATarHoldsAProgramThatRuns(t *testing.T) {
	file, archive, err := pack(target{"linux", "amd64"}, "convox-travis_1.0.0_linux_amd64", content, date)
	if err != nil || file != "convox-travis_1.0.0_linux_amd64.tar.gz" {
		t.Fatal(file, err)
	}
	unsqueezed, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for r := tar.NewReader(unsqueezed); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, header.Name)
		if runs := header.Mode == 0o755; runs != strings.HasSuffix(header.Name, "/convox-travis") || !header.ModTime.Equal(date) || header.Uid != 0 || header.Uname != "" {
			t.Errorf("%+v", header)
		}
	}
	if got := strings.Join(names, " "); got != "convox-travis_1.0.0_linux_amd64/LICENSE convox-travis_1.0.0_linux_amd64/completions/a convox-travis_1.0.0_linux_amd64/convox-travis" {
		t.Errorf("it holds %s", got)
	}
}

func TestWindowsGetsAZip(t *testing.T) {
	file, archive, err := pack(target{"windows", "amd64"}, "convox-travis_1.0.0_windows_amd64", content, date)
	if err != nil || file != "convox-travis_1.0.0_windows_amd64.zip" {
		t.Fatal(file, err)
	}
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil || len(r.File) != len(content) {
		t.Fatal(r, err)
	}
	text, err := r.Open("convox-travis_1.0.0_windows_amd64/LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	if read, err := io.ReadAll(text); string(read) != "free" || err != nil {
		t.Errorf("%q, %v", read, err)
	}
}

// The program itself says here what is linked into it and which commands it has. It is
// compiled as for a test: build's own flags would compile every module once more.
func TestAnArchiveHoldsAllThatBelongsToTheProgram(t *testing.T) {
	t.Chdir("../..")
	here := target{runtime.GOOS, runtime.GOARCH}
	file := filepath.Join(t.TempDir(), "convox-travis.exe")
	flags := stamp{version: "1.2.3", commit: strings.Repeat("a", 40), date: date}.ldflags()
	said := func(name string, args ...string) string {
		t.Helper()
		out, err := exec.Command(name, args...).Output()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return string(out)
	}
	said("go", "build", "-buildvcs=false", "-ldflags", flags, "-o", file, program)
	if got, want := said(file, "--version"), "convox-travis 1.2.3 (commit aaaaaaaaaaaa, 2026-11-20T12:00:00Z)\n"; got != want {
		t.Errorf("the version is %q", got)
	}

	t.Run("licenses", func(t *testing.T) {
		found, err := licenses(here)
		if err != nil {
			t.Fatal(err)
		}
		has := func(part string) bool {
			return slices.ContainsFunc(found, func(e entry) bool { return strings.HasPrefix(e.name, "licenses/"+part) && len(e.text) > 0 })
		}
		linked := 0
		for line := range strings.Lines(said("go", "version", "-m", file)) {
			if parts := strings.Fields(line); len(parts) > 2 && parts[0] == "dep" {
				linked++
				if !has(parts[1] + "@" + parts[2] + "/") {
					t.Errorf("there is no license of %s", parts[1])
				}
			}
		}
		if linked < 20 || !has("go/LICENSE") || !has("github.com/aws/aws-sdk-go-v2@") || len(found) <= linked {
			t.Errorf("%d modules are linked, %d licenses found", linked, len(found))
		}
	})

	t.Run("completions and manual pages", func(t *testing.T) {
		printed, err := printed(file)
		if err != nil {
			t.Fatal(err)
		}
		texts := map[string]string{}
		for _, e := range printed {
			texts[e.name] = string(e.text)
		}
		want := []string{"convox-travis"}
		_, help, _ := strings.Cut(said(file, "--help"), "Commands:\n")
		help, _, _ = strings.Cut(help, "\n\n")
		for line := range strings.Lines(help) {
			want = append(want, "convox-travis-"+strings.Fields(line)[0])
		}
		for _, name := range want {
			head := ".TH \"" + strings.ToUpper(strings.ReplaceAll(name, "-", `\-`)) + "\" 1 \"2026-11-20\" \"convox\\-travis 1.2.3\""
			if !strings.HasPrefix(texts["share/man/man1/"+name+".1"], head) {
				t.Errorf("%s.1 doesn't begin with %s", name, head)
			}
		}
		for _, name := range []string{"_convox-travis", "convox-travis.bash", "convox-travis.fish", "convox-travis.ps1"} {
			if !strings.Contains(texts["completions/"+name], " for convox-travis") {
				t.Errorf("there is no %s", name)
			}
		}
		if len(want) < 9 || len(printed) != len(want)+4 {
			t.Errorf("%d commands and %d files: %v", len(want), len(printed), slices.Sorted(maps.Keys(texts)))
		}
	})
}

func TestAModuleWithoutALicenceIsFound(t *testing.T) {
	if found, err := licensesIn(t.TempDir(), "some/module"); len(found) > 0 || err != nil {
		t.Errorf("%v, %v", found, err)
	}
	dir := t.TempDir()
	for name, is := range map[string]bool{"LICENSE": true, "licence.md": true, "COPYING": true, "NOTICE.txt": true, "LICENSE-MIT": true, "license.go": false, "licenses.txt": false, "README": false} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		found, err := licensesIn(dir, "m")
		if got := slices.ContainsFunc(found, func(e entry) bool { return e.name == "licenses/m/"+name }); got != is || err != nil {
			t.Errorf("%s: %t, %v", name, got, err)
		}
	}
}
