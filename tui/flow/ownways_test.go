package flow

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type hinted struct {
	code  string
	hints []string
}

func (hinted) Error() string     { return "it failed" }
func (h hinted) Code() string    { return h.code }
func (h hinted) Hints() []string { return h.hints }

// A wizard's hints are done in the wizard, and every hint that is put in other words
// is one that is still given.
func TestHintsForScriptsAreToldInTheWizardsOwnWays(t *testing.T) {
	var source strings.Builder
	for _, room := range []string{"internal/convox", "internal/setup", "travisapi"} {
		files, _ := filepath.Glob(filepath.Join("..", "..", room, "*.go"))
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			source.Write(text)
		}
	}
	for _, own := range ownWays {
		if !strings.Contains(source.String(), own.hint) {
			t.Errorf("%s: nothing gives the hint %q any more", own.code, own.hint)
		}
		p := inOwnWays(hinted{own.code, []string{"first: " + own.hint + " RACK", "another one"}})
		told := strings.Join(p.Do, "\n")
		for _, script := range []string{"--", "convox-travis", "TRAVIS_TOKEN"} {
			if strings.Contains(told, script) {
				t.Errorf("%s: %s", own.code, told)
			}
		}
		if !strings.HasSuffix(told, "another one") || own.says != "" && !strings.HasPrefix(told, own.says) {
			t.Errorf("%s: %s", own.code, told)
		}
	}
	if p := inOwnWays(hinted{"usage", []string{"add --allow-mixed"}}); len(p.Do) != 1 {
		t.Errorf("a hint of another error is left out: %q", p.Do)
	}
}
