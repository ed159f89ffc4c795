//go:build unix

package cli

import (
	"os"
	"path/filepath"
	"testing"
)

// A pipe often ends on a terminal.
func TestANameThatSteersATerminalIsCleanedInAPipeToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML(simple)
	for _, base := range []string{"a\x1b[31mb.yml", "a\x07\u202eb.yml", "a\r\nb.yml", "a\u009b31mb.yml"} {
		path := filepath.Join(w.dir, base)
		for _, there := range []bool{false, true} {
			if there {
				if err := os.WriteFile(path, []byte(simple), 0o600); err != nil {
					t.Skip("no such names here")
				}
			}
			for _, more := range [][]string{nil, {"--check"}, {"--json"}, {"--write"}} {
				e := w.run("", append(append(console, "--file", path), more...)...)
				harmless(t, base, e.out)
				harmless(t, base, e.err)
				if there && more == nil {
					w.want(e, 0, "--- a/a", "+++ b/a")
				}
			}
		}
	}
}
