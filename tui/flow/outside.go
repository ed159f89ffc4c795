package flow

import (
	"context"
	"time"

	"convox-travis/cfn"
	"convox-travis/internal/audit"
	"convox-travis/internal/build"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/problem"
	"convox-travis/internal/progress"
	"convox-travis/internal/reset"
	"convox-travis/internal/secret"
	"convox-travis/internal/travisyml"
	"convox-travis/travisapi"
)

// Outside is everything that the flow reads and calls. A function may block, and may
// be called from any goroutine.
type Outside struct {
	Clone func(context.Context) (gitrepo.Clone, error)
	// Branches lists the clone's branches. It may be nil.
	Branches func(context.Context) []string
	// File reads the clone's .travis.yml. It may be nil.
	File func(context.Context) (travisyml.File, error)
	// Folder is where commands are run, a clean absolute path; "" is unknown.
	Folder string
	// Player plays its builds.
	Player build.Player
	// Saved reads the convox CLI's saved logins. racks are hosts of Racks in
	// CloudFormation.
	Saved func(ctx context.Context, racks ...convox.Host) ([]convox.SavedLogin, error)
	Racks func(ctx context.Context, mfaCode string, deliver func(cfn.RegionResult)) (cfn.Summary, error)
	// AWS is the account in which Racks are found. It may be nil.
	AWS func(context.Context) (AWS, error)
	// Profiles reads the AWS profiles. It may be nil.
	Profiles func() []cfn.Profile
	// UseProfile makes later calls of Racks and AWS sign in with a profile. It may
	// be nil where Profiles is.
	UseProfile func(name string)
	// LoginSSO is cfn.LoginSSO, nil without the AWS CLI.
	LoginSSO func(ctx context.Context, profile string, tell func(line string)) error

	Logins Logins
	Token  func(context.Context) (secret.String, error) // empty without one
	Travis func(token secret.String) (Travis, error)
	// Owned lists the repositories of the owner that the flags name, and Travis's data
	// about them. It may be nil.
	Owned func(context.Context, Travis) ([]connect.Target, []travisapi.Repository, error)
	// Checker returns what checks logins. fingerprint is of the certificate that was
	// approved, or "".
	Checker func(fingerprint string) (Checker, error)
	// Runner writes what was reviewed. The flow sets its Travis and its Tell.
	Runner connect.Runner
	// Waits receives what calls wait for. It may be nil.
	Waits <-chan progress.Wait
	// ResetEvent receives the events of a reset. It may be nil.
	ResetEvent func(reset.Event)
	// Tip returns what to enter at a step of the demo, or "". It may be nil.
	Tip func(step string) string
}

// Logins is where the convox CLI saves logins; convox.Logins is.
type Logins interface {
	reset.Logins
	Save(convox.Host, secret.String) (file string, err error)
}

// AWS is what the flow needs of AWS besides the search. A cfn.Finder implements it.
type AWS interface {
	reset.Stacks
	Recover(ctx context.Context, rack cfn.Rack, tell func(cfn.Source, error)) (cfn.Recovered, error)
}

// Checker verifies credentials. A convox.Checker is one.
type Checker interface {
	audit.Checker
	reset.LoginChecker
}

// Travis is what the flow needs of Travis. A travisapi.Client implements it.
type Travis interface {
	connect.Travis
	User(context.Context) (travisapi.User, error)
	Repositories(context.Context, travisapi.ListOptions) ([]travisapi.Repository, error)
	Sync(context.Context, travisapi.User) error
	GeneratedKey(context.Context, travisapi.Ref) (travisapi.Key, error)
	audit.Expander
	Endpoint() string
	audit.Builder
}

// Given are the answers that flags and the environment give.
type Given struct {
	SignIn      SignIn
	Console     convox.Host // zero is Convox's own
	Host        convox.Host // of a Rack
	Rack        string      // a Rack's name, or ORG/NAME behind a Console
	Password    secret.String
	PasswordFor convox.Host // the only host that gets the password; zero is the one that the flags name
	Saved       bool
	Provider    travisapi.Provider // of the clone's repository; "" follows its host
	Targets     []connect.Target   // none: the flow finds or asks for them
	Branch      string
	Fingerprint string
	Repeated    audit.RunFlags // in the commands that the wizard prints

	SkipExisting, OnlyExisting, AllowMixed, Unchecked, DryRun bool
	Agreed                                                    bool // --yes: the review isn't asked for

	// Reset is the Rack of a flow that only resets a password.
	Reset        *cfn.Rack
	AllowRefresh bool // of every instance
}

// SignIn is a sign-in method.
type SignIn string

const (
	NoSignIn  SignIn = ""
	ByConsole SignIn = "console" // with a deploy key
	ByRack    SignIn = "rack"    // with a Rack password
)

type found struct {
	clone     gitrepo.Clone
	cloneErr  error // it couldn't be read
	cloneDone bool
	branches  []string // of the clone

	file     *travisyml.File
	fileErr  error // it exists and can't be used
	fileDone bool

	saved     []convox.SavedLogin
	savedDone bool
	savedErr  error

	racks      []cfn.Rack
	regions    int // searched so far
	of         int // all regions of the search
	racksDone  bool
	racksErr   error
	skipped    []cfn.Skipped
	took       time.Duration // by the search
	rackSearch int           // the search that counts: earlier ones had other credentials

	profiles []cfn.Profile
	profile  string // that the person picked and Racks were searched with, or ""

	token     secret.String
	tokenErr  error
	tokenDone bool
	tokenPage string // where to copy one; "" is unknown
	user      travisapi.User

	repositories     []travisapi.Repository
	repositoriesErr  error
	repositoriesDone bool
	repositoriesTook time.Duration
	listing          int // the listing that counts; earlier ones were another account's

	wait progress.Wait
}

func begin(o Outside) found {
	return found{cloneDone: o.Clone == nil, fileDone: o.File == nil, savedDone: o.Saved == nil, racksDone: o.Racks == nil, tokenDone: o.Token == nil}
}

// Search finds something while questions are already asked. It calls tell for each
// thing that it finds.
type Search func(ctx context.Context, tell func(Update))

// startSearches adds the searches that run from the start, side by side.
func (f *Flow) startSearches() {
	add := func(isNeeded bool, s Search) {
		if isNeeded {
			f.result.searches = append(f.result.searches, s)
		}
	}
	o := f.outside
	add(o.Clone != nil, o.searchClone)
	add(o.File != nil && f.given.Reset == nil, o.searchFile)
	add(o.Saved != nil, o.searchSaved)
	add(o.Token != nil, o.searchAccount)
	add(o.Waits != nil, o.watchWaits)
	if o.Racks != nil && f.given.SignIn != ByConsole && (f.given.Host.IsZero() || f.given.Rack != "") {
		add(true, f.newRackSearch(""))
	}
}

func (o Outside) searchClone(ctx context.Context, tell func(Update)) {
	clone, err := o.Clone(ctx)
	if problem.Has(err, gitrepo.CodeNoClone) {
		err = nil // the flow asks for the repository
	}
	tell(func(f *Flow) { f.found.clone, f.found.cloneErr, f.found.cloneDone = clone, err, true })
	if o.Branches != nil && err == nil { // they are needed much later, if at all
		branches := o.Branches(ctx)
		tell(func(f *Flow) { f.found.branches = branches })
	}
}

func (o Outside) searchSaved(ctx context.Context, tell func(Update)) {
	saved, err := o.Saved(ctx)
	tell(func(f *Flow) {
		f.addSaved(saved)
		f.found.savedErr, f.found.savedDone = err, true
	})
}

// savedFor reads the saved logins of Racks. searchSaved reports what is wrong with a file.
func (o Outside) savedFor(ctx context.Context, racks []cfn.Rack) []convox.SavedLogin {
	var hosts []convox.Host
	for _, rack := range racks {
		if host, err := convox.ParseHost(rack.Host); err == nil {
			hosts = append(hosts, host)
		}
	}
	if o.Saved == nil || len(hosts) == 0 {
		return nil
	}
	saved, _ := o.Saved(ctx, hosts...)
	return saved
}

func (f *Flow) addSaved(logins []convox.SavedLogin) {
	for _, login := range logins {
		if _, found := convox.FindSaved(f.found.saved, login.Host); !found {
			f.found.saved = append(f.found.saved, login)
		}
	}
}

// searchAccount finds the token and asks at once whose it is.
func (o Outside) searchAccount(ctx context.Context, tell func(Update)) {
	token, err := o.Token(ctx)
	var user travisapi.User
	page := ""
	if o.Travis != nil {
		travis, noTravis := o.Travis(token) // this makes no call
		if noTravis == nil {
			page = travisapi.TokenPage(travis.Endpoint())
		}
		switch {
		case err != nil || token.IsEmpty():
		case noTravis != nil:
			err = noTravis
		default:
			user, err = travis.User(ctx)
		}
	}
	tell(func(f *Flow) {
		f.found.token, f.found.user, f.found.tokenErr, f.found.tokenDone = token, user, err, true
		f.found.tokenPage = page
	})
}

// newRackSearch returns a search for Racks, which replaces the one before.
func (f *Flow) newRackSearch(mfaCode string) Search {
	f.found.racks, f.found.skipped, f.found.racksErr = nil, nil, nil
	f.found.regions, f.found.of, f.found.racksDone = 0, 0, false
	f.found.rackSearch++
	number, o := f.found.rackSearch, f.outside
	return func(ctx context.Context, tell func(Update)) {
		update := latest(tell, func(f *Flow) bool { return f.found.rackSearch == number })
		if o.Profiles != nil {
			profiles := o.Profiles()
			update(func(f *Flow) { f.found.profiles = profiles })
		}
		start := time.Now()
		summary, err := o.Racks(ctx, mfaCode, func(s cfn.RegionResult) {
			saved := o.savedFor(ctx, s.Racks)
			update(func(f *Flow) {
				f.addSaved(saved)
				f.found.racks = append(f.found.racks, s.Racks...)
				f.found.regions++
				f.found.of = s.Of
			})
		})
		took := time.Since(start)
		update(func(f *Flow) {
			f.found.racksErr, f.found.skipped, f.found.racksDone = err, summary.Skipped, true
			f.found.regions, f.found.took = summary.Regions, took
		})
	}
}

// latest drops what a search finds once another one counts.
func latest(tell func(Update), counts func(*Flow) bool) func(Update) {
	return func(u Update) {
		tell(func(f *Flow) {
			if counts(f) {
				u(f)
			}
		})
	}
}

// Searches lists the searches to start now, each once: those from the start, and those that the
// last step added, such as Racks again with another AWS profile.
func (f *Flow) Searches() []Search {
	searches := f.result.searches
	f.result.searches = nil
	return searches
}

func (o Outside) watchWaits(ctx context.Context, tell func(Update)) {
	for {
		select {
		case wait := <-o.Waits:
			tell(func(f *Flow) { f.found.wait = wait })
		case <-ctx.Done():
			return
		}
	}
}

// Wait is what a call waits for, or waited for last.
func (f *Flow) Wait() progress.Wait { return f.found.wait }
