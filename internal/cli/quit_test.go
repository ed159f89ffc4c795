package cli

import (
	"context"
	"os"
	"time"

	"convox-travis/internal/convox"
	"convox-travis/internal/crash"
	"convox-travis/internal/progress"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/tui/flow"
)

// runToPanic is the program with a wizard whose outside panics in one place, with a
// secret in the message, once the file that TEST_TRIGGER names is there.
func runToPanic(place string) int {
	p := systemProgram()
	p.status = &status{to: p.err}
	crash.Handle(p.crashed)
	defer crash.Catch()
	stop, finish := p.watchSignals()
	defer finish()
	wait := func() {
		for {
			if _, err := os.Stat(os.Getenv("TEST_TRIGGER")); err == nil {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	isChecked := false
	waits := make(chan progress.Wait, 1)
	outside := flow.Outside{
		Waits: waits,
		Tip: func(string) string { // the flow calls it, in the driver's goroutine
			if isChecked {
				panic(secrettest.Canary)
			}
			return ""
		},
		Checker: func(string) (flow.Checker, error) { // a work calls it
			if place == "main" {
				isChecked = true
				return nil, os.ErrInvalid
			}
			wait()
			if place == "view" {
				waits <- progress.Wait{Words: func(time.Duration) string { panic(secrettest.Canary) }, Until: time.Now().Add(time.Hour)}
				select {}
			}
			panic(secrettest.Canary)
		},
		Token: func(context.Context) (secret.String, error) { // a search calls it
			if place == "search" {
				wait()
				panic(secrettest.Canary)
			}
			return secret.String{}, os.ErrNotExist
		},
	}
	o := &options{}
	console, err := convox.ParseHost("console.example.com")
	if err != nil {
		panic(err)
	}
	return p.finish(nil, failure(p.drive(stop, o, flow.New(outside, flow.Given{SignIn: flow.ByConsole, Console: console}))))
}
