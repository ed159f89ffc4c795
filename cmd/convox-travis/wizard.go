package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/problem"
	"convox-travis/internal/progress"
	"convox-travis/internal/secret"
	"convox-travis/internal/setup"
	"convox-travis/internal/travisyml"
	"convox-travis/tui"
	"convox-travis/tui/flow"
)

// wizard asks step by step: on the full screen, or in plain lines where that
// was asked for or the terminal can do no more.
func (p *program) wizard(stop setup.Stop, o *options) result {
	if !p.isPlain(o) && !(p.typed && p.shown) {
		return failure(p.noTerminal(stop.Soft, o))
	}
	if o.reposFrom == "-" {
		return failure(usageError("--repos-from - is for apply: here standard input answers the questions",
			"convox-travis apply --repos-from - < FILE",
			"or name the file: --repos-from FILE"))
	}
	repos := p.repositoriesOnce(stop.Soft, o)
	given, err := p.given(o, repos)
	if err != nil {
		return failure(err)
	}
	f := flow.New(p.outside(o, &wizardAWS{reach: p.reach}, repos), given)
	return p.leave(o, f, p.drive(stop, o, f))
}

// isPlain reports whether the questions are asked in plain lines.
func (p *program) isPlain(o *options) bool {
	return o.accessible || p.env("ACCESSIBLE") != "" || (p.typed && p.env("TERM") == "dumb")
}

// drive asks the flow's questions, and takes away what it left.
func (p *program) drive(stop setup.Stop, o *options, f *flow.Flow) error {
	err := p.askAll(stop, o, f)
	ctx, cancel := context.WithTimeout(stop.Hard, setup.Grace)
	defer cancel()
	p.reportErrors(f.Close(ctx))
	return err
}

func (p *program) askAll(stop setup.Stop, o *options, f *flow.Flow) error {
	p.asking.Store(true)
	var terminal, screen *os.File
	if p.typed {
		terminal, _ = p.in.(*os.File)
	}
	if !p.isPlain(o) {
		screen = p.status.to.(*os.File)
	}
	held := tui.Hold(terminal, screen)
	p.held.Store(held)
	defer p.held.Store(nil) // the driver has restored it
	if screen != nil {
		return p.fullScreen(stop, held, f)
	}
	input := tui.Input{Reader: p.in}
	if terminal != nil {
		input.Terminal = terminal
		input.Copies = p.shown && p.env("TERM") != "dumb"
	}
	return tui.Plain(stop, input, p.err, f)
}

// noTerminal lists the answers that apply would need.
func (p *program) noTerminal(ctx context.Context, o *options) error {
	instead := []string{"in a script: convox-travis apply, with the same flags", "to answer the wizard's questions from a pipe: --accessible"}
	_, err := p.answers(ctx, o, "without a terminal, the wizard", p.needsCredential(o))
	if open := problem.Of(err); open != nil && open.Code == "usage" {
		open.Hints = append(open.Hints, instead...)
	}
	if err != nil {
		return err
	}
	return usageError("the wizard needs a terminal", instead...)
}

// given are the answers of flags and environment.
func (p *program) given(o *options, read func() (repositories, error)) (flow.Given, error) {
	way, err := o.wayIn(p.env)
	if err != nil {
		return flow.Given{}, err
	}
	provider, err := o.readProvider()
	if err != nil {
		return flow.Given{}, err
	}
	given := flow.Given{
		Saved: o.saved, Branch: o.branch, Fingerprint: o.fingerprint, Provider: provider, Agreed: o.yes,
		SkipExisting: o.skipExisting, AllowMixed: o.allowMixed, Unchecked: o.noVerify, DryRun: o.dryRun,
		Repeated: o.givenFlags(),
	}
	switch {
	case way.console:
		given.Way, given.Console, given.Rack = flow.ByConsole, way.host, way.rack
	case way.given():
		given.Way, given.Host, given.Rack = flow.ByRack, way.host, way.stack
	}
	if way.given() && p.variableCounts(way) {
		given.Password = secret.New(p.env("CONVOX_PASSWORD"))
		given.PasswordFor, _ = convox.ParseHost(p.env("CONVOX_HOST")) // unset is any host
	}
	if len(o.repos) == 0 && o.reposFrom == "" {
		return given, nil // the flow finds it, and says so
	}
	repos, err := read()
	given.Targets = setup.Distinct(repos.targets)
	return given, err
}

// outside gives the flow what it looks for and calls.
func (p *program) outside(o *options, aws *wizardAWS, read func() (repositories, error)) flow.Outside {
	place := sync.OnceValues(func() (travisPlace, error) {
		repos, err := read()
		if err != nil {
			return travisPlace{}, err
		}
		return p.travisPlace(o, repos.slug())
	})
	p.wizardWaits = make(chan progress.Wait, 8)
	return flow.Outside{
		Owned:  p.owned(o),
		Runner: setup.Runner{Retry: p.reach.retry},
		Clone:  func(ctx context.Context) (gitrepo.Clone, error) { return gitrepo.Open(ctx, p.dir) },
		File:   func(context.Context) (travisyml.File, error) { return travisyml.Open(p.dir) },
		Player: player(),
		Saved: func(_ context.Context, racks ...convox.Host) ([]convox.SavedLogin, error) {
			return convox.SavedLogins(p.env, p.home, p.goos, racks...)
		},
		Waits: p.wizardWaits,
		Racks: func(ctx context.Context, code string, deliver func(cfn.RegionResult)) (cfn.Summary, error) {
			finder, err := aws.open(ctx, o, code)
			if err != nil {
				return cfn.Summary{}, err
			}
			return finder.Search(ctx, o.regions, deliver)
		},
		AWS:    func(ctx context.Context) (flow.AWS, error) { return aws.open(ctx, o, "") },
		Logins: p.logins(),
		Token: func(context.Context) (secret.String, error) {
			found, err := place()
			if err != nil {
				return secret.String{}, err
			}
			return found.token(p.env)
		},
		Travis: func(token secret.String) (flow.Travis, error) {
			endpoint, err := typedEndpoint(place())
			if err != nil {
				return nil, err
			}
			return p.travisClient(endpoint, token)
		},
		Checker: func(fingerprint string) (flow.Checker, error) {
			return p.reach.checker(fingerprint)
		},
	}
}

// wizardAWS is the way into AWS, opened once: a session that took an MFA code is
// used for all that follows.
type wizardAWS struct {
	reach  reach
	mu     sync.Mutex
	finder *cfn.Finder
}

func (a *wizardAWS) open(ctx context.Context, o *options, code string) (*cfn.Finder, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.finder != nil && code == "" {
		return a.finder, nil
	}
	var mfaCode func(context.Context) (string, error)
	if code != "" {
		mfaCode = func(context.Context) (string, error) { return code, nil }
	}
	finder, err := a.reach.finder(o.profile, mfaCode)
	if err == nil {
		a.finder = finder
	}
	return finder, err
}

// leave is the result of the wizard, told in the ordinary terminal. Where a reset was
// begun, the last line says in what state the Rack is.
func (p *program) leave(o *options, f *flow.Flow, err error) result {
	r := p.leavePair(o, f, err)
	r.standing = slices.Concat(f.Kept(), f.ResetStanding())
	return r
}

func (p *program) leavePair(o *options, f *flow.Flow, err error) result {
	show := p.reporter(o, "apply")
	show.warned = !o.yes || p.isPlain(o) // warnings stay where the full screen went past the review
	show.host = f.Host()
	if report := f.Report(); report != nil {
		if err != nil && report.Stopped == nil && len(report.Errs()) > 0 {
			report.Stopped = err // it was left where it could be tried again
		}
		r := show.report(*report)
		proof, failed := f.Proof()
		r.leftover = failed
		if proof != "" {
			r.notes = append(r.notes, proof)
		}
		if !p.demo { // whose clone is gone
			r.notes = append(r.notes, f.Next()...)
		}
		return r
	}
	reset := f.Reset().Report()
	switch {
	case reset != nil && reset.Begun() && reset.Err != nil && !errors.Is(err, errInterrupted):
		err = reset.Err // whatever ended the run, that is not over
	case errors.Is(err, tui.ErrNoMoreAnswers):
		err = p.unanswered(f)
	case err == nil && o.dryRun:
		return show.report(setup.Report{})
	case err == nil:
		err = errInterrupted
	}
	return show.fail(err)
}

// fullScreen runs the flow on the terminal that standard error is.
func (p *program) fullScreen(stop setup.Stop, held *tui.Held, f *flow.Flow) error {
	p.sayStopping(func() {}) // the screen says it itself
	// With this one set, the library would write every key, and so a secret,
	// into a file.
	if err := os.Unsetenv("TEA_TRACE"); err != nil {
		return err
	}
	return tui.Screen(stop, tui.Terminal{
		In: p.in, Out: held, Interrupt: p.interrupt, Env: os.Environ(), Demo: p.demo,
	}, f)
}
