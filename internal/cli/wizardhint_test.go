//go:build unix

package cli

import (
	"strings"
	"testing"

	"convox-travis/internal/terminal"
)

func TestAWrongAnswerIsMetWithWhatToDo(t *testing.T) {
	t.Parallel()
	const typed, hint = "console.convox.com", "go back, and sign in with a Console deploy key"
	w := newWorld(t).inClone()
	w.open(terminal.Options{}).toRacks().types("Enter a host…").sees("› Enter a host…").enter().
		sees("Enter the Rack's host").types(typed).sees(typed).enter().
		sees("that is Console's host", hint).types(terminal.CtrlC).ends(130)
	w.want(w.run("1\nEnter a host…\n"+typed+"\n", "--accessible"), 2, "error: that is Console's host\n", "hint: "+hint+"\n")
}

// A hint in the wizard is done there: no flag, command or variable helps on a screen.
func TestAHintInTheWizardIsNoCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone()
	w.env["CONVOX_PASSWORD"] = "wrong"
	e := w.run("", "--accessible", "--host", w.setting("DEMO_RACK_HOST"), "--repo", "acme/web")
	w.want(e, 2, "the Rack doesn't accept this password", "go back and choose another source")
	asked, _, _ := strings.Cut(e.err, "the wizard needs")
	if strings.Contains(asked, "convox-travis reset-password") || strings.Contains(asked, "--console") {
		t.Error(e.err)
	}
}
