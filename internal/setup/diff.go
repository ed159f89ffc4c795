package setup

import (
	"path/filepath"

	"al.essio.dev/pkg/shellescape"
	"github.com/aymanbagabas/go-udiff"
)

// Diff is what would be added, as a unified diff
// (https://www.gnu.org/software/diffutils/manual/html_node/Unified-Format.html);
// "" is nothing. The file's name is cleaned of what could steer a terminal.
func (c FileChange) Diff() string {
	name := shellescape.StripUnsafe(filepath.Base(c.File.Path))
	before := "a/" + name
	if c.File.Missing {
		before = "/dev/null"
	}
	return udiff.Unified(before, "b/"+name, c.File.Text, c.New)
}
