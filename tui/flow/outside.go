package flow

import (
	"context"

	"convox-travis/cfn"
	"convox-travis/internal/build"
	"convox-travis/internal/convox"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/problem"
	"convox-travis/internal/progress"
	"convox-travis/internal/reset"
	"convox-travis/internal/secret"
	"convox-travis/internal/setup"
	"convox-travis/internal/travisyml"
	"convox-travis/travisapi"
)

// Outside is what the flow has of the world. Each function may take its time
// and may be called from any goroutine.
type Outside struct {
	Clone func(context.Context) (gitrepo.Clone, error)
	// File is the clone's .travis.yml. It may be nil.
	File func(context.Context) (travisyml.File, error)
	// Player plays its builds.
	Player build.Player
	// Saved reads saved logins; racks are hosts known to be Racks'.
	Saved func(ctx context.Context, racks ...convox.Host) ([]convox.SavedLogin, error)
	Racks func(ctx context.Context, mfaCode string, deliver func(cfn.RegionResult)) (cfn.Summary, error)
	// AWS is the account in which Racks are found. It may be nil.
	AWS    func(context.Context) (AWS, error)
	Logins Logins
	Token  func(context.Context) (secret.String, error) // empty when there is none
	Travis func(token secret.String) (Travis, error)
	// Owned lists the repositories that were asked for by their owner. It may be
	// nil.
	Owned func(context.Context, Travis) ([]setup.Target, error)
	// Checker returns what checks logins; fingerprint is the certificate that
	// was approved, or "".
	Checker func(fingerprint string) (Checker, error)
	// Runner carries out what was reviewed; its Travis, and whom it tells, are
	// the flow's.
	Runner setup.Runner
	// Waits brings what a call waits for. It may be nil.
	Waits <-chan progress.Wait
	// ResetEvent is told what happens in a reset. It may be nil.
	ResetEvent func(reset.Event)
	// Tip is what to type at a step in the demo, or "". It may be nil.
	Tip func(step string) string
}

// Logins is where the convox CLI saves logins; convox.Logins is.
type Logins interface {
	reset.Logins
	Save(convox.Host, secret.String) (file string, err error)
}

// AWS is what the flow needs of AWS beside the search; a cfn.Finder has it.
type AWS interface {
	reset.Stacks
	Recover(ctx context.Context, rack cfn.Rack, tell func(cfn.Source, error)) (cfn.Recovered, error)
}

// Checker proves credentials; a convox.Checker is one.
type Checker interface {
	setup.Checker
	reset.Door
}

// Travis is what the flow needs of Travis; a travisapi.Client has it.
type Travis interface {
	setup.Travis
	User(context.Context) (travisapi.User, error)
	Repositories(context.Context, travisapi.ListOptions) ([]travisapi.Repository, error)
	Sync(context.Context, travisapi.User) error
	GeneratedKey(context.Context, travisapi.Ref) (travisapi.Key, error)
	setup.Expander
	Endpoint() string
	setup.Builder
}

// Given are the answers that flags and the environment give.
type Given struct {
	Way         Way
	Console     convox.Host // zero is Convox's own
	Host        convox.Host // of a Rack
	Rack        string      // a Rack's name, or ORG/NAME behind a Console
	Password    secret.String
	PasswordFor convox.Host // the one host that the password is for; zero is the one that the flags name
	Saved       bool
	Provider    travisapi.Provider // of the clone's repository; "" is what its host says
	Targets     []setup.Target     // none are to be found
	Branch      string
	Fingerprint string
	Repeated    setup.GivenFlags // by the commands that are told

	SkipExisting, AllowMixed, Unchecked, DryRun bool
	Agreed                                      bool // to what the review shows

	// Reset is the Rack of a flow that resets a password and does nothing else.
	Reset        *cfn.Rack
	AllowRefresh bool // of every instance
}

// Way is where a build logs in.
type Way string

// The ways in.
const (
	NoWay     Way = ""
	ByConsole Way = "console"
	ByRack    Way = "rack"
)

// found is what was looked for at the start, side by side.
type found struct {
	clone     gitrepo.Clone
	cloneErr  error // there may be one, and it could not be read
	cloneDone bool

	file     *travisyml.File
	fileErr  error // it is there, and can't be used
	fileDone bool

	saved     []convox.SavedLogin
	savedDone bool
	savedErr  error

	racks      []cfn.Rack
	regions    int // searched so far
	of         int // to be searched
	racksBegun bool
	racksDone  bool
	racksErr   error
	skipped    []cfn.Skipped

	token     secret.String
	tokenErr  error
	tokenDone bool
	user      travisapi.User

	repositories     []travisapi.Repository
	repositoriesErr  error
	repositoriesDone bool
	listing          int // the listing that counts; earlier ones were another account's

	wait progress.Wait
}

func begin(o Outside) found {
	return found{cloneDone: o.Clone == nil, fileDone: o.File == nil, savedDone: o.Saved == nil, racksDone: o.Racks == nil, tokenDone: o.Token == nil}
}

// Search is something to be looked for while questions are asked already. It
// may call tell as often as it finds something.
type Search func(ctx context.Context, tell func(Update))

// Searches lists what is to be looked for from the start, side by side.
func (f *Flow) Searches() []Search {
	var all []Search
	if f.outside.Clone != nil {
		all = append(all, f.outside.searchClone)
	}
	if f.outside.File != nil && f.given.Reset == nil {
		all = append(all, f.outside.searchFile)
	}
	if f.outside.Saved != nil {
		all = append(all, f.outside.searchSaved)
	}
	if f.outside.Token != nil {
		all = append(all, f.outside.searchAccount)
	}
	if f.outside.Waits != nil {
		all = append(all, f.outside.searchWaits)
	}
	if f.outside.Racks != nil && f.given.Way != ByConsole && (f.given.Host.IsZero() || f.given.Rack != "") {
		f.found.racksBegun = true
		all = append(all, f.outside.rackSearch(""))
	}
	return all
}

func (o Outside) searchClone(ctx context.Context, tell func(Update)) {
	clone, err := o.Clone(ctx)
	if problem.Has(err, gitrepo.CodeNoClone) {
		err = nil // the repository is asked for
	}
	tell(func(f *Flow) { f.found.clone, f.found.cloneErr, f.found.cloneDone = clone, err, true })
}

func (o Outside) searchSaved(ctx context.Context, tell func(Update)) {
	saved, err := o.Saved(ctx)
	tell(func(f *Flow) {
		f.addSaved(saved)
		f.found.savedErr, f.found.savedDone = err, true
	})
}

// savedFor reads the logins of Racks that were found in CloudFormation. What is
// wrong with a file is for searchSaved to report.
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
	if err == nil && !token.IsEmpty() {
		user, err = o.whoIs(ctx, token)
	}
	tell(func(f *Flow) {
		f.found.token, f.found.user, f.found.tokenErr, f.found.tokenDone = token, user, err, true
	})
}

func (o Outside) whoIs(ctx context.Context, token secret.String) (travisapi.User, error) {
	travis, err := o.Travis(token)
	if err != nil {
		return travisapi.User{}, err
	}
	return travis.User(ctx)
}

func (o Outside) rackSearch(mfaCode string) Search {
	return func(ctx context.Context, tell func(Update)) {
		summary, err := o.Racks(ctx, mfaCode, func(s cfn.RegionResult) {
			saved := o.savedFor(ctx, s.Racks)
			tell(func(f *Flow) {
				f.addSaved(saved)
				f.found.racks = append(f.found.racks, s.Racks...)
				f.found.regions++
				f.found.of = s.Of
			})
		})
		tell(func(f *Flow) { f.found.racksErr, f.found.skipped, f.found.racksDone = err, summary.Skipped, true })
	}
}

// MoreSearches lists what came to be looked for by the step that was entered
// last: the account's repositories, once they are asked about, and Racks again
// after an MFA code.
func (f *Flow) MoreSearches() []Search {
	more := f.result.searches
	f.result.searches = nil
	return more
}

// searchWaits takes what calls wait for as long as the flow goes on.
func (o Outside) searchWaits(ctx context.Context, tell func(Update)) {
	for {
		select {
		case wait := <-o.Waits:
			tell(func(f *Flow) { f.found.wait = wait })
		case <-ctx.Done():
			return
		}
	}
}

// Wait is what a call waits for, or was waiting for last.
func (f *Flow) Wait() progress.Wait { return f.found.wait }
