package bounded_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"convox-travis/internal/bounded"
)

func TestOnlySmallRegularFilesAreRead(t *testing.T) {
	folder := t.TempDir()
	name := filepath.Join(folder, "file")
	if err := os.WriteFile(name, []byte("1234"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := bounded.File(name, 4); err != nil || string(text) != "1234" {
		t.Errorf("%q, %v", text, err)
	}
	for path, want := range map[string]error{
		name:                          bounded.ErrTooLarge,
		folder:                        bounded.ErrNotRegular,
		filepath.Join(folder, "none"): fs.ErrNotExist,
		filepath.Join(name, "inside"): fs.ErrNotExist,
	} {
		if _, err := bounded.File(path, 3); !errors.Is(err, want) {
			t.Errorf("%s: %v, not %v", path, err, want)
		}
	}
}
