package atomicfile_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"convox-travis/internal/atomicfile"
)

func always() error { return nil }

func write(name, text string, mode fs.FileMode, still func() error) error {
	held, err := atomicfile.Lock(context.Background(), name)
	if err != nil {
		return err
	}
	defer held.Release()
	return held.Write(text, mode, still)
}

func TestAFileIsReplacedWhole(t *testing.T) {
	folder := t.TempDir()
	name := filepath.Join(folder, "file")
	for _, text := range []string{"first", "second", ""} {
		if err := write(name, text, 0o640, always); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(name); err != nil || string(got) != text {
			t.Errorf("%q, %v", got, err)
		}
	}
	info, err := os.Stat(name)
	if err != nil || (runtime.GOOS != "windows" && info.Mode().Perm() != 0o640) {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	alone(t, folder)
}

func TestAFileThatIsNotToBeReplacedAnyMoreStays(t *testing.T) {
	folder := t.TempDir()
	name := filepath.Join(folder, "file")
	if err := os.WriteFile(name, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	changed := errors.New("it changed")
	if err := write(name, "ours", 0o600, func() error { return changed }); err != changed {
		t.Errorf("%v", err)
	}
	if text, err := os.ReadFile(name); err != nil || string(text) != "theirs" {
		t.Errorf("%q, %v", text, err)
	}
	alone(t, folder)
}

func TestWhatIsWrongIsSaidWithoutNames(t *testing.T) {
	folder := t.TempDir()
	inTheWay := filepath.Join(folder, "file")
	if err := os.MkdirAll(filepath.Join(inTheWay, "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{filepath.Join(folder, "none", "file"): atomicfile.ErrNoFolder, inTheWay: atomicfile.ErrUnwritable} {
		if err := write(name, "text", 0o600, always); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	alone(t, folder)
	if runtime.GOOS == "windows" || os.Getuid() == 0 {
		return // nobody is denied anything there
	}
	if err := os.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(folder, 0o700)
	if err := write(filepath.Join(folder, "new"), "text", 0o600, always); !errors.Is(err, atomicfile.ErrDenied) {
		t.Errorf("%v", err)
	}
}

// alone fails where something is left beside the file.
func alone(t *testing.T, folder string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files, %v", len(entries), err)
	}
}
