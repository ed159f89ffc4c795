package flow

import (
	"context"
	"fmt"
	"slices"

	"convox-travis/cfn"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
)

var sourceStep = step{
	id: StepSource, name: "Password",
	when: byRack, soon: hasNoSignIn,
	pass: (*Flow).passSource,
	ask: func(f *Flow) Question {
		q := Question{
			Kind: Choice, Title: "Where is the Rack password?",
			Reason: []string{f.checkedWith()},
			Help: []string{
				"The convox CLI saves the password when you run convox login. Anyone who works with this Rack has it.",
			},
		}
		if slices.Contains(f.sources(), sourceAWS) {
			q.Help = append(q.Help, "AWS stores it for the Rack's own use, and reading it changes nothing.")
		}
		if slices.Contains(f.sources(), sourceReset) {
			q.Help = append(q.Help, "Set a new one only if the password is lost: everyone who uses the old one is locked out until they have the new one.")
		}
		if f.found.savedErr != nil {
			q.Reason = append(q.Reason, f.found.savedErr.Error())
		}
		offer(&q, f.sources(), sourceOptions, f.answers.source)
		if f.reset.IsDone() {
			q.Options[0] = Option{Label: "Use the new one", Note: "just set"}
		}
		return q
	},
	take: func(f *Flow, v Value) { f.answers.source = f.sources()[v.Index] },
	do: func(f *Flow) *Work {
		switch s := f.answers.source; {
		case s == sourceTyped, s == sourceAWS, s == sourceReset && !f.reset.IsDone():
			return nil
		}
		return f.checkLogin(StepSource)
	},
	shown: func(f *Flow) string {
		from := shownSources[f.answers.source]
		switch {
		case isResetting(f): // there is none yet
			return ""
		case f.answers.unchecked:
			return from + " · not checked"
		case f.result.login != nil:
			return from + " · verified"
		}
		return ""
	},
}

var sourceOptions = map[source]Option{
	sourceGiven: {Label: "Use the one you passed", Note: "in CONVOX_PASSWORD"},
	sourceSaved: {Label: "Use the saved one", Note: "from the convox CLI on this machine"},
	sourceAWS:   {Label: "Read it from AWS", Note: "where the Rack stores it"},
	sourceTyped: {Label: "Type or paste it"},
	sourceReset: {Label: "Set a new one", Note: "the last resort if it's lost"},
}

var shownSources = map[source]string{
	sourceGiven: "the one you passed",
	sourceSaved: "saved by the convox CLI",
	sourceAWS:   "read from AWS",
	sourceTyped: "typed",
	sourceReset: "new password",
}

// sources lists where the password can come from, best first.
func (f *Flow) sources() []source {
	if f.reset.IsDone() {
		return []source{sourceReset, sourceTyped}
	}
	var all []source
	if !f.given.Password.IsEmpty() && f.isGivenRack() && (f.given.PasswordFor.IsZero() || f.given.PasswordFor == f.rackHost()) {
		all = append(all, sourceGiven)
	}
	if _, saved := convox.FindSaved(f.found.saved, f.rackHost()); saved {
		all = append(all, sourceSaved)
	}
	hasUntried := slices.ContainsFunc(all, func(s source) bool { return !f.result.refused[s] })
	all = append(all, sourceTyped)
	if _, found := f.pickedRack(); found && f.outside.AWS != nil {
		all = append(all, sourceAWS)
		if !hasUntried { // nothing better is at hand
			all = append(all, sourceReset)
		}
	}
	return all
}

// isGivenRack reports whether the Rack is the one that the flags name: their password is its alone.
func (f *Flow) isGivenRack() bool {
	if !f.given.Host.IsZero() {
		return f.rackHost() == f.given.Host
	}
	rack, found := f.pickedRack()
	return found && rack.Name == f.namedRack()
}

func (f *Flow) passSource() bool {
	all := f.sources()
	switch {
	case f.problem != nil:
		return false
	case len(all) == 1:
		f.answers.source = all[0]
		return true
	case all[0] == sourceGiven, f.given.Saved && all[0] == sourceSaved:
		f.answers.source = all[0]
		return true
	}
	return false
}

func (f *Flow) checkedWith() string {
	name := f.rackHost().String()
	if rack, isFound := f.pickedRack(); isFound {
		name = rack.Name
	}
	return "It's checked with " + name + " before anything is written."
}

var passwordStep = step{
	id: StepPassword, name: "Password",
	when: func(f *Flow) bool { return byRack(f) && f.answers.source == sourceTyped },
	ask: func(f *Flow) Question {
		return Question{
			Kind: Secret, Title: "What is the Rack password?",
			Reason:  []string{f.checkedWith()},
			Initial: Value{Secret: f.answers.password},
			Check:   checkSecret,
		}
	},
	take: func(f *Flow, v Value) { f.answers.password = v.Secret },
	do:   func(f *Flow) *Work { return f.checkLogin(StepPassword) },
}

// checkLogin checks the credential. to is the step where a wrong one can be fixed.
func (f *Flow) checkLogin(to string) *Work {
	check, credential := f.newLoginCheck(to), f.credential()
	what := "the password"
	if credential.Console {
		what = "the deploy key"
	}
	return &Work{
		Words: "checking " + what + " with " + credential.Host.String(),
		Run:   func(stop connect.Stop, _ Tell) Outcome { return check(stop, credential) },
	}
}

// newLoginCheck drops what an earlier check found, and returns the check of a credential.
func (f *Flow) newLoginCheck(to string) func(connect.Stop, connect.Credential) Outcome {
	fingerprint, newChecker := f.fingerprint(), f.outside.Checker
	f.result.login, f.result.untrusted, f.result.unreachable = nil, "", nil
	f.result.accepted, f.answers.unchecked = connect.Accepted{}, false
	return func(stop connect.Stop, c connect.Credential) Outcome {
		login, err := checkCredential(stop.Soft, newChecker, fingerprint, c)
		detail, _ := problem.Detail[convox.Detail](err)
		switch {
		case err == nil:
			return Outcome{Set: func(f *Flow) {
				f.result.login, f.result.accepted = &login, connect.Accepted{Credential: c, Login: login}
			}}
		case problem.Has(err, convox.CodeUntrusted) && fingerprint == "":
			return Outcome{Set: func(f *Flow) { f.result.untrusted = detail.Fingerprint }}
		case problem.Has(err, convox.CodeUnreachable) && !c.Console && !detail.BrokenProxy: // that has to be fixed first
			return Outcome{Set: func(f *Flow) { f.result.unreachable = err }}
		}
		return Outcome{Err: err, To: to, Set: func(f *Flow) { f.refuse(f.answers.source, err) }}
	}
}

// refuse notes that the password of a source is of no use, where err says so.
func (f *Flow) refuse(s source, err error) {
	if !problem.Has(err, convox.CodeRefused, convox.CodeOnlyRawForm) {
		return
	}
	if f.result.refused == nil {
		f.result.refused = map[source]bool{}
	}
	f.result.refused[s] = true
	f.result.noRecovery = f.result.noRecovery || s == sourceAWS
}

func checkCredential(ctx context.Context, newChecker func(string) (Checker, error), fingerprint string, c connect.Credential) (convox.Login, error) {
	if err := convox.CheckPassword(c.Password); err != nil {
		return convox.Login{}, err
	}
	checker, err := newChecker(fingerprint)
	if err != nil {
		return convox.Login{}, err
	}
	return c.Verify(ctx, checker)
}

var certificateStep = trustStep(step{
	id: StepCertificate, name: "Password",
	when: func(f *Flow) bool { return byRack(f) && f.answers.source != sourceReset },
	do: func(f *Flow) *Work {
		if f.answers.source == sourceAWS {
			return f.checkLogin(f.whereItIs())
		}
		return f.checkLogin(StepPassword)
	},
	no: (*Flow).backToRack,
})

// trustStep makes a step ask about a self-signed certificate. Its do resumes what was interrupted.
func trustStep(s step) step {
	when, resume, back := s.when, s.do, s.no
	s.when = func(f *Flow) bool { return when(f) && f.result.untrusted != "" }
	s.ask = func(f *Flow) Question {
		return Question{
			Kind: Confirm, Title: "Is this the Rack's own certificate?", Guarded: true,
			Reason: []string{
				"SHA-256 " + f.result.untrusted,
				"No trusted authority signed it, so the password wasn't sent.",
				"Compare the fingerprint with what a colleague sees on another network.",
			},
			Help: []string{
				"Old Racks have a self-signed certificate, and " + f.rackHost().String() + " may be one of them. If you say yes, only this certificate is accepted for it.",
				"If a colleague on another network sees a different fingerprint, someone may be reading this connection: go back, and don't send the password.",
			},
		}
	}
	s.do = func(f *Flow) *Work {
		f.answers.approved = map[convox.Host]string{f.rackHost(): f.result.untrusted}
		return resume(f)
	}
	s.no = func(f *Flow) *Work {
		f.result.untrusted = ""
		return back(f)
	}
	return s
}

var uncheckedStep = step{
	id: StepUnchecked, name: "Password",
	when: func(f *Flow) bool { return byRack(f) && f.answers.source != sourceReset && f.result.unreachable != nil },
	pass: func(f *Flow) bool { return f.given.Unchecked },
	ask: func(f *Flow) Question {
		return Question{
			Kind: Confirm, Title: "Continue without checking the password?",
			Reason: []string{
				"The password wasn't checked: " + f.result.unreachable.Error() + ".",
				"Travis's machines must be able to reach the Rack.",
			},
			Help: []string{
				"A wrong password only shows in the first build, which then can't deploy.",
				"To check it, connect to the network or VPN from which the Rack is reachable, and run this again.",
			},
			Initial: Value{Yes: f.answers.unchecked || f.given.Unchecked},
		}
	},
	take: func(f *Flow, v Value) { f.answers.unchecked = v.Yes },
	no:   (*Flow).backToRack,
}

func fromAWS(f *Flow) bool { return byRack(f) && f.answers.source == sourceAWS }

var recoverStep = step{
	id: StepRecover, name: "Password",
	when: fromAWS,
	ask: func(*Flow) Question {
		help := []string{"Reading changes nothing. These places are read in this order until one has the password. Each needs the permission after it:"}
		for i, s := range cfn.Sources() {
			help = append(help, fmt.Sprintf("%d. %s: %s", i+1, s.Reads, s.Permission))
		}
		return Question{
			Kind: Confirm, Title: "Read the password from AWS?", Help: help,
			Reason:  []string{"AWS stores it for the Rack's own use.", "It's checked with the Rack, and shown only if you ask."},
			Initial: Value{Yes: true},
		}
	},
	do: (*Flow).recover,
	no: func(f *Flow) *Work { return f.goTo(f.whereItIs()) },
}

// whereItIs is the step that asks where the password is, or, in a reset, whether it's lost.
func (f *Flow) whereItIs() string {
	if f.given.Reset != nil {
		return StepLost
	}
	return StepSource
}

// backToRack goes back to where the Rack or the sign-in method can be changed.
func (f *Flow) backToRack() *Work {
	f.result.unreachable = nil
	if f.given.Reset != nil {
		return f.goTo(StepLost)
	}
	return f.goTo(StepRack)
}

// recover reads the password from AWS and checks it. A reset can use it even if the Rack refuses it.
func (f *Flow) recover() *Work {
	rack, _ := f.pickedRack()
	back := f.whereItIs()
	host, outside, check := f.rackHost(), f.outside, f.newLoginCheck(back)
	return &Work{Words: "reading the password from AWS", Run: func(stop connect.Stop, tell Tell) Outcome {
		aws, err := outside.AWS(stop.Soft)
		var found cfn.Recovered
		if err == nil {
			found, err = aws.Recover(stop.Soft, rack, func(_ cfn.Source, why error) { tell.Line(Line{Muted, why.Error()}) })
		}
		if err != nil {
			isNowhere := problem.Has(err, cfn.CodeNoPassword, cfn.CodeDenied, cfn.CodeMissing)
			return Outcome{Err: err, To: back, Set: func(f *Flow) { f.result.noRecovery = f.result.noRecovery || isNowhere }}
		}
		for _, s := range cfn.Sources() {
			if s.Source == found.From {
				tell.Line(Line{Good, "found in " + s.Reads})
			}
		}
		outcome := check(stop, connect.Credential{Host: host, Password: found.Password, Source: convox.FromAWS})
		checked := outcome.Set
		outcome.Set = func(f *Flow) {
			f.answers.recovered = found.Password
			checked(f)
		}
		return outcome
	}}
}

var recoveredStep = step{
	id: StepRecovered, name: "Password",
	when: fromAWS,
	ask: func(f *Flow) Question {
		q := Question{
			Kind: Choice, Title: "AWS has the password: what next?", Guarded: true,
			Reason: []string{f.rackHost().String() + " accepts it."},
			Options: []Option{{Label: "Continue with it"}, {Label: "Show it", do: func(f *Flow) *Work {
				f.result.showing = true
				return nil
			}}},
		}
		if f.result.login == nil {
			q.Reason = []string{"It isn't checked: the Rack is unreachable."}
		} else {
			q.Help = []string{"Saved, it goes into the convox CLI's file of logins, which only you can read. The convox CLI then signs in to this Rack without asking."}
			if f.result.savedIn == "" {
				q.Options = append(q.Options, Option{Label: "Save it for the convox CLI", Note: "on this machine, only for you", do: (*Flow).saveRecovered})
			}
		}
		if f.given.Reset != nil {
			q.Options[0] = Option{Label: "Quit", Note: "no reset is needed", do: func(f *Flow) *Work { return f.goTo(StepResetDone) }}
		}
		if f.result.savedIn != "" {
			q.Reason = append(q.Reason, "It's saved in "+f.result.savedIn+".")
		}
		return q
	},
}

var recoveredShownStep = step{
	id: StepShown, name: "Password",
	when: func(f *Flow) bool { return fromAWS(f) && f.result.showing },
	ask: func(f *Flow) Question {
		return Question{Kind: Shown, Title: "Rack password", Guarded: true, Reason: []string{"As stored in AWS."}, Secret: f.answers.recovered}
	},
	take: func(f *Flow, _ Value) { f.result.showing = false },
	do:   func(f *Flow) *Work { return f.goTo(StepRecovered) },
}

func (f *Flow) saveRecovered() *Work {
	logins, host, password := f.outside.Logins, f.rackHost(), f.answers.recovered
	return &Work{Words: "saving the password for the convox CLI", Writes: true, Run: func(connect.Stop, Tell) Outcome {
		file, err := logins.Save(host, password)
		if err != nil {
			return Outcome{Err: err}
		}
		return Outcome{To: StepRecovered, Set: func(f *Flow) {
			f.result.savedIn = file
			line := "the password of " + host.String() + " is saved in " + f.result.savedIn
			if !slices.Contains(f.kept, line) {
				f.kept = append(f.kept, line)
			}
		}}
	}}
}

// Kept says which recovered passwords were saved for the convox CLI.
func (f *Flow) Kept() []string { return f.kept }

func (f *Flow) savedLines() (lines []Line) {
	for _, words := range f.kept {
		lines = append(lines, Line{Good, words})
	}
	return lines
}

func (f *Flow) rackName() string {
	rack, _ := f.pickedRack()
	return rack.Name
}
