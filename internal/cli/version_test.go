package cli

import "testing"

func TestTheVersionTakesNoArgument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(w.run("", "--version"), 0, "convox-travis ")
	w.want(w.run("", "--version", "x"), 2, "hint: ")
}
