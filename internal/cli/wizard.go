package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"convox-travis/cfn"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/problem"
	"convox-travis/internal/progress"
	"convox-travis/internal/secret"
	"convox-travis/internal/text"
	"convox-travis/internal/travisyml"
	"convox-travis/travisapi"
	"convox-travis/tui"
	"convox-travis/tui/flow"
)

// wizard asks step by step: on the full screen, or in plain lines with --accessible
// or on a terminal that can't do more.
func (p *program) wizard(stop connect.Stop, o *options) result {
	if !p.isPlain(o) && !(p.inIsTerminal && p.errIsTerminal) {
		return failure(p.terminalError(stop.Soft, o))
	}
	if o.reposFrom == "-" {
		return failure(usageError("--repos-from - works with apply only: here standard input answers the questions",
			"pass --repos-from FILE", "or run convox-travis apply --repos-from - < FILE"))
	}
	repos := p.repositoriesOnce(stop.Soft, o)
	answers, err := p.flagAnswers(o, repos)
	if err != nil {
		return failure(err)
	}
	profile := o.profile
	f := flow.New(p.outside(o, &wizardAWS{options: o, connections: p.connections}, repos), answers)
	r := p.wizardResult(o, f, p.drive(stop, o, f))
	if o.profile != profile {
		r.notes = append(r.notes, "AWS profile "+o.profile+" was used: pass --profile "+text.Quote(o.profile)+" to use it again")
	}
	return r
}

// isPlain reports whether the wizard uses plain lines.
func (p *program) isPlain(o *options) bool {
	return o.accessible || p.env("ACCESSIBLE") != "" || (p.inIsTerminal && p.env("TERM") == "dumb")
}

// drive asks the flow's questions, and removes what it left behind.
func (p *program) drive(stop connect.Stop, o *options, f *flow.Flow) error {
	err := p.askAll(stop, o, f)
	ctx, cancel := context.WithTimeout(stop.Hard, connect.Grace)
	defer cancel()
	p.reportErrors(f.Close(ctx))
	return err
}

func (p *program) askAll(stop connect.Stop, o *options, f *flow.Flow) error {
	p.isAsking.Store(true)
	var terminal, screen *os.File
	if p.inIsTerminal {
		terminal, _ = p.in.(*os.File)
	}
	if !p.isPlain(o) {
		screen = p.status.to.(*os.File)
	}
	device := tui.OpenDevice(terminal, screen)
	p.device.Store(device)
	defer p.device.Store(nil) // the driver has restored it
	if screen != nil {
		return p.fullScreen(stop, device, f)
	}
	input := tui.Input{Reader: p.in, Env: os.Environ()}
	if terminal != nil {
		input.Terminal = terminal
		input.Copies = p.errIsTerminal && p.env("TERM") != "dumb"
	}
	return tui.Plain(stop, input, p.err, f)
}

// terminalError lists the answers that apply needs.
func (p *program) terminalError(ctx context.Context, o *options) error {
	instead := []string{"in a script, run convox-travis apply with the same flags", "pass --accessible to pipe in the answers"}
	_, err := p.answers(ctx, o, "without a terminal, the wizard", p.needsCredential(o))
	if open := problem.Of(err); open != nil && open.Code == "usage" {
		open.Hints = append(open.Hints, instead...)
	}
	if err != nil {
		return err
	}
	return usageError("the wizard needs a terminal", instead...)
}

// flagAnswers are the answers in the flags and the environment.
func (p *program) flagAnswers(o *options, read func() (repositories, error)) (flow.Given, error) {
	to, err := o.login(p.env)
	if err != nil {
		return flow.Given{}, err
	}
	provider, err := o.readProvider()
	if err != nil {
		return flow.Given{}, err
	}
	answers := flow.Given{
		Saved: o.saved, Branch: o.branch, Fingerprint: o.fingerprint, Provider: provider, Agreed: o.yes,
		SkipExisting: o.skipExisting, OnlyExisting: o.onlyExisting, AllowMixed: o.allowMixed, Unchecked: o.noVerify, DryRun: o.dryRun,
		Repeated: o.repeatedFlags(),
	}
	switch {
	case to.console:
		answers.SignIn, answers.Console, answers.Rack = flow.ByConsole, to.host, to.rack
	case to.isSet():
		answers.SignIn, answers.Host, answers.Rack = flow.ByRack, to.host, to.stack
	}
	if to.isSet() && p.variableCounts(to) {
		answers.Password = secret.New(p.env("CONVOX_PASSWORD"))
		answers.PasswordFor, _ = convox.ParseHost(p.env("CONVOX_HOST")) // unset is any host
	}
	if len(o.repos) == 0 && o.reposFrom == "" {
		return answers, nil // the flow finds it
	}
	repos, err := read()
	answers.Targets = connect.RemoveDuplicates(repos.targets)
	return answers, err
}

// outside is what the flow reads and calls.
func (p *program) outside(o *options, aws *wizardAWS, read func() (repositories, error)) flow.Outside {
	settings := sync.OnceValues(func() (travisSettings, error) {
		repos, err := read()
		if err != nil {
			return travisSettings{}, err
		}
		return p.travisSettings(o, repos.slug())
	})
	p.wizardWait = make(chan progress.Wait, 8)
	folder, _ := filepath.Abs(p.dir) // "" where that is unknown
	return flow.Outside{
		Folder:   folder,
		Owned:    p.ownerLister(o),
		Runner:   connect.Runner{Retry: p.connections.retry},
		Clone:    func(ctx context.Context) (gitrepo.Clone, error) { return gitrepo.Open(ctx, p.dir) },
		Branches: func(ctx context.Context) []string { return gitrepo.Branches(ctx, p.dir) },
		File:     func(context.Context) (travisyml.File, error) { return travisyml.Open(p.dir) },
		Player:   player(),
		Saved: func(_ context.Context, racks ...convox.Host) ([]convox.SavedLogin, error) {
			return convox.SavedLogins(p.env, p.home, p.goos, racks...)
		},
		Waits: p.wizardWait,
		Racks: func(ctx context.Context, code string, deliver func(cfn.RegionResult)) (cfn.Summary, error) {
			finder, err := aws.open(code)
			if err != nil {
				return cfn.Summary{}, err
			}
			return finder.Search(ctx, o.regions, deliver)
		},
		AWS:        func(context.Context) (flow.AWS, error) { return aws.open("") },
		Profiles:   func() []cfn.Profile { return cfn.Profiles(p.env, p.home, aws.profile()) },
		UseProfile: aws.useProfile,
		LoginSSO:   loginSSO(),
		Logins:     p.logins(),
		Token: func(context.Context) (secret.String, error) {
			found, err := settings()
			if err != nil {
				return secret.String{}, err
			}
			return found.token(p.env)
		},
		Travis: func(token secret.String) (flow.Travis, error) {
			found, err := settings()
			if problem.Has(err, travisapi.CodeConfig) { // a token that was typed is for travis-ci.com
				found.endpoint, err = travisapi.HostedEndpoint, nil
			}
			if err != nil {
				return nil, err
			}
			return p.travisClient(found.endpoint, token)
		},
		Checker: func(fingerprint string) (flow.Checker, error) {
			return p.connections.checker(fingerprint)
		},
	}
}

// wizardAWS signs in to AWS once for all calls, and again with an MFA code or another
// profile.
type wizardAWS struct {
	connections connections
	options     *options // its profile changes with the person's choice
	mu          sync.Mutex
	finder      *cfn.Finder
}

func (a *wizardAWS) open(mfaCode string) (*cfn.Finder, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.finder != nil && mfaCode == "" {
		return a.finder, nil
	}
	var ask func(context.Context) (string, error)
	if mfaCode != "" {
		ask = func(context.Context) (string, error) { return mfaCode, nil }
	}
	finder, err := a.connections.finder(a.options.profile, ask)
	if err == nil {
		a.finder = finder
	}
	return finder, err
}

func (a *wizardAWS) profile() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.options.profile
}

func (a *wizardAWS) useProfile(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.options.profile, a.finder = name, nil
}

// loginSSO is nil without the AWS CLI.
func loginSSO() func(context.Context, string, func(string)) error {
	if !cfn.HasCLI() {
		return nil
	}
	return cfn.LoginSSO
}

// wizardResult is the result of the wizard, for the ordinary terminal. If the transcript
// doesn't say it, the last lines say which password was saved, and what state a reset
// left the Rack in.
func (p *program) wizardResult(o *options, f *flow.Flow, err error) result {
	r := p.applyResult(o, f, err)
	if !r.shown {
		r.lasting = slices.Concat(f.Kept(), f.ResetStanding())
	}
	return r
}

// applyResult is the result of what the wizard wrote to Travis.
func (p *program) applyResult(o *options, f *flow.Flow, err error) result {
	show := p.reporter(o, "apply")
	show.warned = !o.yes || p.isPlain(o) // the full screen shows no warnings with --yes
	show.host, show.isRotation = f.Host(), f.IsRotation()
	if report := f.Report(); report != nil {
		if err != nil && report.Stopped == nil && len(report.Errs()) > 0 {
			report.Stopped = err // the person quit instead of retrying
		}
		r := show.report(*report)
		r.shown, r.notes = true, show.resume(*report, report.Errs()).notes // the transcript says the rest
		r.warnings = slices.DeleteFunc(r.warnings, func(w connect.Warning) bool { return w.Code == "replaces" })
		return r
	}
	reset := f.Reset().Report()
	switch {
	case reset != nil && reset.HasStarted() && reset.Err != nil && !errors.Is(err, errInterrupted):
		err = reset.Err // the reset isn't finished, however the run ended
	case errors.Is(err, tui.ErrNoMoreAnswers):
		err = p.missingAnswers(f)
	case err == nil && o.dryRun:
		return show.report(connect.Report{})
	case err == nil:
		err = errInterrupted
	}
	return show.fail(err)
}

// fullScreen runs the flow on the terminal of standard error.
func (p *program) fullScreen(stop connect.Stop, device *tui.Device, f *flow.Flow) error {
	p.onStopping(func() {}) // the screen says it
	// With TEA_TRACE set, Bubble Tea writes every key, and so secrets, to a file.
	if err := os.Unsetenv("TEA_TRACE"); err != nil {
		return err
	}
	return tui.Screen(stop, tui.Terminal{
		In: p.in, Out: device, Interrupt: p.interrupt, Env: os.Environ(), Demo: p.demo,
	}, f)
}
