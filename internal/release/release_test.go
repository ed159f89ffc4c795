package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
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

// What is linked is asked here of a program, not of the source.
func TestTheLicencesOfAllThatIsLinkedAreCarriedAlong(t *testing.T) {
	t.Chdir("../..")
	found, err := licenses(target{runtime.GOOS, runtime.GOARCH})
	if err != nil {
		t.Fatal(err)
	}
	has := func(part string) bool {
		return slices.ContainsFunc(found, func(e entry) bool { return strings.HasPrefix(e.name, "licenses/"+part) && len(e.text) > 0 })
	}
	file := filepath.Join(t.TempDir(), "program")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", file, program).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.Command("go", "version", "-m", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	linked := 0
	for line := range strings.Lines(string(out)) {
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
