package setup

import (
	"path/filepath"

	"github.com/aymanbagabas/go-udiff"
)

// Diff is what would be added, as a unified diff
// (https://www.gnu.org/software/diffutils/manual/html_node/Unified-Format.html);
// "" is nothing.
func (c FileChange) Diff() string {
	name := filepath.Base(c.File.Path)
	before := "a/" + name
	if c.File.Missing {
		before = "/dev/null"
	}
	return udiff.Unified(before, "b/"+name, c.File.Text, c.New)
}
