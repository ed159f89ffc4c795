package main

import (
	"os"

	"convox-travis/internal/setup"
	"convox-travis/tui"
	"convox-travis/tui/flow"
)

// fullScreen runs the flow on the terminal that standard error is.
func (p *program) fullScreen(stop setup.Stop, f *flow.Flow) error {
	p.sayStopping(func() {}) // the screen says it itself
	p.onScreen.Store(true)
	defer p.onScreen.Store(false)
	// With this one set, the library would write every key, and so a secret,
	// into a file.
	if err := os.Unsetenv("TEA_TRACE"); err != nil {
		return err
	}
	return tui.Screen(stop, tui.Terminal{
		In: p.in, Out: p.status.to.(*os.File), Interrupt: p.interrupt, Env: os.Environ(), Demo: p.demo,
	}, f)
}
