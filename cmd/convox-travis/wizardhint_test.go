//go:build unix

package main

import (
	"testing"

	"convox-travis/internal/terminal"
)

func TestAWrongAnswerIsMetWithWhatToDo(t *testing.T) {
	const typed, hint = "console.convox.com", "go back, and choose a Console deploy key"
	w := newWorld(t).inClone()
	w.open(terminal.Options{}).toRacks().types("type a host").sees("› type a host").enter().
		sees("The Rack's host").types(typed).sees(typed).enter().
		sees("that is Console's host", hint).types(terminal.CtrlC).ends(130)
	w.want(w.run("2\ntype a host\n"+typed+"\n", "--accessible"), 2, "error: that is Console's host\n", "hint: "+hint+"\n")
}
