package flow

import (
	"cmp"
	"time"

	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
	"convox-travis/travisapi"
)

// answers is what the person answered, or the flags did. Going back keeps it.
type answers struct {
	signIn  SignIn
	console convox.Host
	key     secret.String // a deploy key

	rack     string // the key of the row that was selected
	profile  string // the AWS profile that was selected, or ""
	typed    string // a host that was entered
	source   source
	password secret.String // that was entered

	recovered secret.String // from AWS

	newFrom newFrom       // where the new password of a reset comes from
	made    secret.String // the generated one
	fresh   secret.String // the one that was entered
	showIt  bool          // to its owner, instead of saving it

	approved  map[convox.Host]string // fingerprints of self-signed certificates
	unchecked bool

	typesToken   bool             // the one that was typed, not the one that was found
	token        secret.String    // that was typed
	repository   string           // the key of the row that was picked
	slug         string           // a name that was typed
	targets      []connect.Target // the repositories that were picked
	marked       []connect.Target // those of them beside which one was typed
	unknown      remedy           // of those that Travis doesn't know
	inactive     remedy           // of those that it doesn't build
	leftOut      []connect.Target // because of branches with their own host, or since they can't be written
	branch       string           // "" is all
	entersBranch bool             // instead of picking one
	entry        string           // what the filter of a list had when its row to enter a name was picked
	allowMixed   bool
	onlyExisting bool // repositories without both variables are skipped

	deployRack    string // ORG/NAME, that was selected
	beforePromote string // SERVICE COMMAND, or ""
	entersCommand bool   // the review's switch asks for it
	noStep        bool   // .travis.yml gets no deploy step
	encrypt       bool   // the variables go into .travis.yml
}

type source int

const (
	sourceGiven source = iota + 1 // a flag or the environment
	sourceSaved
	sourceAWS
	sourceTyped
	sourceReset
)

type result struct {
	login       *convox.Login    // of the last check that succeeded
	accepted    connect.Accepted // the credential of that check
	untrusted   string           // the fingerprint to ask about
	unreachable error
	refused     map[source]bool // by the Rack
	noRecovery  bool            // AWS has no password that the Rack accepts
	savedIn     string          // the file that a recovered password was saved in
	showing     bool            // show a recovered password

	user travisapi.User

	read  *connect.Plan // the repositories as Travis described them
	plan  *connect.Plan
	files map[fileInputs]*filePlan
	apps  map[appQuestion]*appAnswer
	took  time.Duration // of the writes

	tested   bool  // a test build signed in
	testErr  error // why a test build didn't
	begun    bool  // something may have been written
	report   *connect.Report
	searches []Search
}

func (g Given) answers() answers {
	a := answers{signIn: g.SignIn, console: g.Console, branch: g.Branch, allowMixed: g.AllowMixed, onlyExisting: g.OnlyExisting}
	if a.console.IsZero() {
		a.console, _ = convox.ParseHost(convox.HostedConsole) // always valid
	}
	if !g.Host.IsZero() {
		a.rack, a.typed = typeRow, g.Host.String()
	}
	if g.Reset != nil {
		a.signIn, a.rack, a.source = ByRack, rackKey(*g.Reset), sourceReset
		return a
	}
	switch {
	case !g.Password.IsEmpty() && g.SignIn == ByConsole:
		a.key = g.Password
	case !g.Password.IsEmpty():
		a.source = sourceGiven
	case g.Saved:
		a.source = sourceSaved
	}
	return a
}

// host is where builds will log in. It's zero until that is known.
func (f *Flow) host() convox.Host {
	if f.answers.signIn == ByConsole {
		return f.answers.console
	}
	return f.rackHost()
}

// fingerprint is of the only certificate that host may show; "" is any that is trusted.
func (f *Flow) fingerprint() string { return cmp.Or(f.answers.approved[f.host()], f.given.Fingerprint) }

// credential is what builds will log in with, and where its password was found.
func (f *Flow) credential() connect.Credential {
	c := connect.Credential{Host: f.host(), Password: f.answers.password, Console: byConsole(f)}
	switch source := f.answers.source; {
	case c.Console:
		c.Password = f.answers.key
	case source == sourceGiven:
		c.Password = f.given.Password
	case source == sourceSaved:
		login, _ := convox.FindSaved(f.found.saved, f.rackHost())
		c.Password, c.Source = login.Password, convox.SavedIn(login.File)
	case source == sourceAWS:
		c.Password, c.Source = f.answers.recovered, convox.FromAWS
	case source == sourceReset:
		c.Password = f.newPassword().New
	}
	return c
}

func (f *Flow) token() secret.String {
	if f.answers.typesToken {
		return f.answers.token
	}
	return f.found.token
}

func (f *Flow) request() connect.Request {
	return connect.Request{
		Targets:      f.targets(),
		Credential:   f.credential(),
		Accepted:     f.result.accepted,
		Branch:       f.answers.branch,
		Branches:     f.found.branches,
		Rack:         f.consoleRack(),
		SkipExisting: f.given.SkipExisting,
		OnlyExisting: f.answers.onlyExisting,
		AllowMixed:   f.answers.allowMixed,
		Unchecked:    f.answers.unchecked,
		Activate:     f.answers.inactive == activate,
	}
}

func (f *Flow) consoleRack() string {
	if f.answers.signIn == ByConsole && f.given.SignIn == ByConsole {
		return f.given.Rack
	}
	return ""
}

// Missing names the steps that aren't answered yet, for runs that can't ask. Of
// questions that depend on what is found, it names the current one.
func (f *Flow) Missing() []string {
	var missing []string
	switch {
	case f.answers.signIn == NoSignIn:
		missing = append(missing, StepSignIn, StepPassword)
	case f.result.login == nil && !f.answers.unchecked:
		if f.host().IsZero() {
			missing = append(missing, StepRack)
		}
		missing = append(missing, StepPassword)
	}
	if f.token().IsEmpty() {
		missing = append(missing, StepToken)
	}
	_, _, isCloneDecided := connect.CloneTarget(f.found.clone, f.given.Provider)
	isListed := f.outside.Owned != nil || isCloneDecided
	if len(f.answers.targets) == 0 && len(f.given.Targets) == 0 && (f.answers.onlyExisting || !isListed) {
		missing = append(missing, StepRepository)
	}
	if f.State() == Asking {
		switch step, _ := f.Step(); step {
		case StepMixed, StepCertificate, StepUnchecked, StepActivate, StepUnknown:
			missing = append(missing, step)
		}
	}
	if !f.given.Agreed {
		missing = append(missing, StepReview)
	}
	return missing
}
