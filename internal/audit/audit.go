// Package audit judges what builds do: what a push deploys, before and after the deploy
// step is added to .travis.yml, and what is wrong with a repository's file, its variables
// and its settings on Travis (Finding). It plays the builds, and can let Travis expand the
// file or run a test build. It writes nothing but the file that a caller asks for.
//
// It relies on the settings of Travis API v3
// (https://developer.travis-ci.com/resource/env_var) and on what the convox CLI reads in
// a build (https://docs.convox.com/).
//
// Next room: internal/connect, which writes the variables.
package audit

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"convox-travis/cfn"
	"convox-travis/internal/build"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
	"convox-travis/internal/text"
	"convox-travis/travisapi"
)

// Severity is how much a finding matters.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"   // a build can't deploy, or a secret is exposed
	SeverityWarning Severity = "warning" // something may not do what is meant
	SeverityNote    Severity = "note"    // information; nothing has to be done
)

// Finding is a result of an audit. It contains no secret, and texts from outside are
// cleaned.
type Finding struct {
	Severity Severity
	Code     string
	Message  string
	Hint     string         // the command or action that fixes it; several are separated by line breaks
	Target   connect.Target // the zero Target if it isn't about a repository
}

// The codes of findings.
const (
	// About the repository on Travis.
	FoundUnknown      = "unknown"            // Travis doesn't know it, or not for this account
	FoundMigrated     = "migrated"           // it moved from travis-ci.org
	FoundAnother      = "another_repository" // Travis answers about another one
	FoundNoPermission = "no_permission"      // its settings can't be read, or not be written
	FoundInactive     = "inactive"           // Travis doesn't build it
	FoundNotSetUp     = "not_set_up"         // it wasn't requested by name, and has nothing to do with Convox
	FoundPushesOff    = "pushes_off"         // Travis doesn't build pushes
	FoundForks        = "forks"              // pull requests from forks get the private variables
	FoundTestBuild    = CodeTestBuildFailed  // a build couldn't log in
	FoundUnread       = "unread"             // something besides the variables couldn't be read

	// About the variables.
	FoundMissingPair     = "missing_pair"     // neither variable exists
	FoundMissingHost     = "missing_host"     // a password without a host
	FoundMissingPassword = "missing_password" // a host without a password
	FoundBranchesOnly    = "branches_only"    // some branches have variables, the others none
	FoundMixedPair       = "mixed_pair"       // a branch gets host and password from two places
	FoundPublic          = "public"           // logs show the value
	FoundDoubles         = "doubles"          // one name and scope, several variables
	FoundRackURL         = "rack_url"         // RACK_URL is set, and wins over both variables
	FoundAccount         = "account_variable" // the owner's account has a variable of the same name
	FoundOverridden      = "overridden"       // .travis.yml sets it, and wins

	// About .travis.yml.
	FoundUnreadFile    = "yml_unread"       // the file can't be parsed or read
	FoundNoItem        = "yml_secure"       // an encrypted text that Travis doesn't recognize as one
	FoundUnnamed       = "yml_encrypted"    // encrypted variables with unknown names
	FoundPlainSecret   = "plain_secret"     // a secret is in the file
	FoundOldSecret     = "committed_secret" // a secret is in a commit
	FoundNoDeploy      = "no_deploy"        // nothing in it deploys with Convox
	FoundNeverDeploys  = "never_deploys"    // builds of the branch don't run the step
	FoundNotBuilt      = "not_built"        // Travis doesn't build pushes to the branch
	FoundBrokenCommand = "broken_command"   // Travis makes a command of it that can't work
	FoundUnguarded     = "unguarded"        // every branch or pull request deploys
	FoundPerJob        = "deploys_per_job"  // a build deploys more than once
	FoundUntested      = "before_tests"     // it doesn't wait for the tests, or ignores their result
	FoundTestsDropped  = "tests_dropped"    // no job runs the script at the root
	FoundNoVariables   = "no_variables"     // a branch deploys, and its builds get no variables
	FoundSameRack      = "same_rack"        // several branches deploy one app to one Rack
	FoundNotPlayed     = "yml_unseen"       // the file runs something that can't be checked
	FoundHiddenFailure = "hidden_failure"   // the build passes when the deployment fails
	FoundNoWait        = "no_wait"          // the build passes when the release is rolled back
	FoundNoClient      = "no_client"        // nothing installs the convox CLI
	FoundRackMissing   = "rack_missing"     // behind a Console, and no --rack
	FoundRackUnknown   = "rack_unknown"     // the key can't see this Rack
	FoundNoApp         = CodeNoApp          // the Rack doesn't have the app that builds deploy

	// About hosts, and the given credential.
	FoundStaleHost   = "stale_host"            // no Rack has the host anymore
	FoundAnotherHost = "another_host"          // it isn't the given host
	FoundRefused     = "credential_refused"    // the Rack or Console doesn't accept it
	FoundUnsendable  = "credential_unsendable" // it is right, and no build can use it
	FoundUnproved    = "credential_unproved"   // the Rack or Console couldn't be asked
	FoundPersonalKey = "personal_key"          // it looks like a person's own key
)

// Travis is what an audit needs from Travis; a travisapi.Client implements it. An
// audit only reads.
type Travis interface {
	connect.Travis
	Expander
	BuildHistory
	SharesWithForks(context.Context, travisapi.Ref) (bool, error)
	BuildsPushes(context.Context, travisapi.Ref) (bool, error)
	User(context.Context) (travisapi.User, error)
	Owner(context.Context, travisapi.Provider, string) (travisapi.User, error)
}

// Searcher lists the Racks of an AWS account; a cfn.Finder implements it.
type Searcher interface {
	Regions() []string
	Search(ctx context.Context, regions []string, deliver func(cfn.RegionResult)) (cfn.Summary, error)
}

// Checker verifies a credential and looks up an app; a convox.Checker implements it.
type Checker interface {
	connect.Checker
	LacksApp(ctx context.Context, host convox.Host, password secret.String, rack, app string) bool
}

// Auditor reads what an audit is about. It writes nothing.
type Auditor struct {
	Travis  Travis
	Checker Checker
	// Racks returns what lists Racks. It is called at most once, if there is a host to
	// look up; nil, or an error, skips that.
	Racks func(context.Context) (Searcher, error)
}

// Request is what is audited.
type Request struct {
	Targets []connect.Target
	// WholeOwner means that the targets are all repositories of an owner, not requested
	// by name: one that has nothing to do with Convox isn't a problem.
	WholeOwner bool
	Branch     string             // only builds of this branch matter; "" is all
	Credential connect.Credential // verified if it has a password; its host is compared
	Rack       string             // ORG/NAME, which the key should see; "" is none
	Known      []connect.Warning  // about the Rack, from finding it
	Clone      *ClonedFile
	LastBuild  bool         // find out why the branch's last build didn't deploy
	Player     build.Player // plays that, and the clone's file
	Given      RunFlags
	Hints      func(error) []string // what a person can do about an error; nil is nothing
	OwnTravis  bool                 // it isn't travis-ci.com, whose pages are known

	Read func(done int) // gets the number of repositories read so far, one call at a time; may be nil
}

func (r Request) hint(err error) string {
	if r.Hints == nil {
		return ""
	}
	return strings.Join(r.Hints(err), "\n")
}

// Report is the result of an audit.
type Report struct {
	Repositories []RepositoryReport
	Findings     []Finding // those about no repository first, then by repository, worst first
	Refused      bool      // the credential was rejected
}

// RepositoryReport is the result for one repository.
type RepositoryReport struct {
	Target connect.Target
	ID     int // 0 if it wasn't found
	// HasBoth is whether both variables exist for the request's branch, or for all branches.
	HasBoth bool
	Err     error // why it couldn't be read; nil also if that is a finding

	TestBuild *TestBuildEvent // the test build; nil if there was none
	Unbuilt   string          // why there was no test build, if one was requested
	// Travis is what Travis makes of the file; nil if the file isn't available.
	Travis *Confirmation
	// LastBuild is the audited build; its ID is 0 if none was requested or found.
	LastBuild travisapi.PastBuild

	ref     travisapi.Ref
	branch  string // the branch for a test build
	unbuilt string // why there must not be one
}

// Count returns the number of findings of a severity.
func (r Report) Count(severity Severity) int {
	n := 0
	for _, finding := range r.Findings {
		if finding.Severity == severity {
			n++
		}
	}
	return n
}

// Errs lists why repositories couldn't be read.
func (r Report) Errs() []error {
	var errs []error
	for _, audited := range r.Repositories {
		if audited.Err != nil {
			errs = append(errs, audited.Err)
		}
	}
	return errs
}

// Run reads concurrently, and judges. It fails if ctx ends, if Travis rejects everyone,
// or if the given password can't be one; everything else is in the Report.
func (a Auditor) Run(ctx context.Context, request Request) (Report, error) {
	if err := convox.CheckPassword(request.Credential.Password); err != nil && isGiven(request.Credential) {
		return Report{}, err
	}
	request.Targets = connect.RemoveDuplicates(request.Targets)
	read, err := a.read(ctx, request)
	if stopped := context.Cause(ctx); stopped != nil {
		return Report{}, stopped
	}
	if err != nil {
		return Report{}, err
	}
	report := Report{Findings: read.general(request), Refused: read.login.isRefused()}
	for _, facts := range read.repositories {
		if err := facts.play(ctx, request); err != nil {
			return Report{}, err
		}
		c := &repositoryCase{repositoryFacts: facts, findings: &findings{of: facts.target}, request: request, login: read.login, racks: read.racks}
		audited := RepositoryReport{
			Target: facts.target, ID: facts.repository.ID, HasBoth: connect.HasBoth(facts.vars, request.Branch), Travis: facts.confirmation,
			ref: facts.repository.Ref(), branch: c.branch(request.Branch), unbuilt: c.noTestBuildReason(),
		}
		if facts.last != nil {
			audited.LastBuild = facts.last.PastBuild
		}
		if facts.err != nil && !isFinding(facts.err) {
			audited.Err = facts.err
		}
		report.Repositories = append(report.Repositories, audited)
		c.judge()
		c.judgeApp(ctx, a.Checker)
		report.Findings = append(report.Findings, c.sorted()...)
	}
	return report, nil
}

// general adds the findings that are about no repository.
func (r reading) general(request Request) []Finding {
	f := &findings{}
	for _, w := range request.Known {
		f.add(SeverityWarning, w.Code, w.Message, w.Hint)
	}
	r.login.judge(f, request)
	if r.accountErr != nil {
		f.unread("the variables of your Travis account", r.accountErr, "run this again")
	}
	return f.sorted()
}

// findings collects those about one target.
type findings struct {
	of  connect.Target
	all []Finding
}

// add adds a finding, once.
func (f *findings) add(severity Severity, code, message, hint string) {
	hints := strings.Split(hint, "\n")
	for i := range hints {
		hints[i] = text.Clean(withoutNoLine(hints[i])) // under which the others are listed as lines
	}
	finding := Finding{Severity: severity, Code: code, Message: withoutNoLine(message), Hint: strings.Join(hints, "\n"), Target: f.of}
	if !slices.Contains(f.all, finding) {
		f.all = append(f.all, finding)
	}
}

// unread adds a finding for something that couldn't be read.
func (f *findings) unread(what string, err error, hint string) {
	f.add(SeverityNote, FoundUnread, what+" couldn't be read: "+err.Error(), hint)
}

// sorted puts the worst first and otherwise preserves the order.
func (f *findings) sorted() []Finding {
	slices.SortStableFunc(f.all, compareSeverity)
	return f.all
}

func compareSeverity(a, b Finding) int {
	rank := []Severity{SeverityError, SeverityWarning, SeverityNote}
	return cmp.Compare(slices.Index(rank, a.Severity), slices.Index(rank, b.Severity))
}
