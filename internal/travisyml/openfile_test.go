package travisyml_test

import (
	"os"
	"path/filepath"
	"testing"

	"convox-travis/internal/travisyml"
)

func TestAFileOfAnotherNameIsOpenedAndWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ci", "travis.yaml")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	file, err := travisyml.OpenFile(path)
	if err != nil || !file.Missing || file.Path != path || file.Root != filepath.Dir(path) {
		t.Fatalf("%+v, %v", file, err)
	}
	if err := file.Write("language: ruby\n"); err != nil {
		t.Fatal(err)
	}
	file, err = travisyml.OpenFile(path)
	if err != nil || file.Missing || file.Text != "language: ruby\n" {
		t.Errorf("%+v, %v", file, err)
	}
	if _, err := travisyml.OpenFile(filepath.Dir(path)); err == nil {
		t.Error("a folder was opened")
	}
}
