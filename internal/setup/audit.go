package setup

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/text"
	"convox-travis/travisapi"
)

// Severity is how much a finding matters.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"   // a build cannot deploy, or a secret is open
	SeverityWarning Severity = "warning" // it may not do what is meant
	SeverityNote    Severity = "note"    // good to know; nothing has to be done
)

// Finding is something that an audit found. Nothing of it holds a secret, and
// what came from outside is cleaned.
type Finding struct {
	Severity Severity
	Code     string
	Message  string
	Hint     string // the command or the deed that mends it; several are divided by line ends
	Target   Target // the zero Target where it is about no one repository
}

// The codes of findings.
const (
	// About the repository on Travis.
	FoundUnknown      = "unknown"            // Travis does not know it, or not for this person
	FoundMigrated     = "migrated"           // it moved from travis-ci.org
	FoundAnother      = "another_repository" // Travis answers about another one
	FoundNoPermission = "no_permission"      // its settings may not be read, or not be written
	FoundInactive     = "inactive"           // Travis does not build it
	FoundNotSetUp     = "not_set_up"         // it was not asked for by name, and has nothing of Convox
	FoundPushesOff    = "pushes_off"         // Travis doesn't build pushes
	FoundForks        = "forks"              // pull requests from forks get the private variables
	FoundProof        = CodeProofFailed      // a build could not log in
	FoundUnread       = "unread"             // something beside the variables could not be read

	// About the variables.
	FoundMissingPair     = "missing_pair"     // neither variable is there
	FoundMissingHost     = "missing_host"     // a password without a host
	FoundMissingPassword = "missing_password" // a host without a password
	FoundBranchesOnly    = "branches_only"    // some branches have a pair, the others none
	FoundMixedPair       = "mixed_pair"       // a branch gets host and password from two places
	FoundPublic          = "public"           // logs show the value
	FoundDoubles         = "doubles"          // one name and scope, several variables
	FoundRackURL         = "rack_url"         // RACK_URL is set, and wins over the pair
	FoundAccount         = "account_variable" // the owner's account has a variable of the same name
	FoundOverridden      = "overridden"       // .travis.yml sets it, and wins

	// About .travis.yml.
	FoundUnreadFile    = "yml_unread"       // the file does not parse, or cannot be read
	FoundNoItem        = "yml_secure"       // an encrypted text that Travis does not take for one
	FoundUnnamed       = "yml_encrypted"    // encrypted variables whose names nobody can see
	FoundPlainSecret   = "plain_secret"     // a secret is in the file
	FoundOldSecret     = "committed_secret" // a secret is in a commit
	FoundNoDeploy      = "no_deploy"        // nothing in it deploys with Convox
	FoundNeverDeploys  = "never_deploys"    // builds of the branch don't run the step
	FoundNotBuilt      = "not_built"        // Travis builds no push to the branch
	FoundBrokenCommand = "broken_command"   // Travis makes a command of it that can't work
	FoundUnguarded     = "unguarded"        // every branch or pull request deploys
	FoundPerJob        = "deploys_per_job"  // a build deploys more than once
	FoundUntested      = "before_tests"     // it doesn't wait for the tests, or heed them
	FoundTestsDropped  = "tests_dropped"    // no job runs the script at the root
	FoundNoVariables   = "no_variables"     // a branch deploys, and its builds get no variables
	FoundSameRack      = "same_rack"        // several branches deploy one app to one Rack
	FoundNotPlayed     = "yml_unseen"       // what the file runs out of sight
	FoundHiddenFailure = "hidden_failure"   // the build passes when the deployment fails
	FoundNoWait        = "no_wait"          // the build passes when the release rolls back
	FoundNoClient      = "no_client"        // nothing installs the convox client
	FoundRackMissing   = "rack_missing"     // behind a Console, and no --rack
	FoundRackUnknown   = "rack_unknown"     // the key sees no such Rack
	FoundRackStatus    = "rack_status"      // Console can't reach the Rack
	FoundNoRacks       = "no_racks"         // the key sees no Rack at all

	// About hosts, and the credential that was given.
	FoundStaleHost   = "stale_host"            // no Rack has the host any more
	FoundAnotherHost = "another_host"          // it is not the host that was given
	FoundRefused     = "credential_refused"    // the Rack or Console does not take it
	FoundUnsendable  = "credential_unsendable" // it is right, and no build can use it
	FoundUnproved    = "credential_unproved"   // the Rack or Console could not be asked
	FoundPersonalKey = "personal_key"          // it looks like a person's own key
)

// AuditTravis is what an audit needs of Travis; a travisapi.Client has it. Only
// what reads is used.
type AuditTravis interface {
	Travis
	Expander
	SharesWithForks(context.Context, travisapi.Ref) (bool, error)
	BuildsPushes(context.Context, travisapi.Ref) (bool, error)
	User(context.Context) (travisapi.User, error)
	Owner(context.Context, travisapi.Provider, string) (travisapi.Owner, error)
}

// Searcher lists the Racks of an AWS account; a cfn.Finder is one.
type Searcher interface {
	Regions() []string
	Search(ctx context.Context, regions []string, deliver func(cfn.RegionResult)) (cfn.Summary, error)
}

// Auditor reads what an audit is about. It writes nothing.
type Auditor struct {
	Travis  AuditTravis
	Checker Checker
	// Racks returns what lists Racks. It is called at most once, when a host can
	// be looked up; nil, or an error, leaves that out.
	Racks func(context.Context) (Searcher, error)
}

// AuditRequest is what is audited.
type AuditRequest struct {
	Targets []Target
	// Swept means that the targets are all of an owner's, not asked for by name:
	// one that has nothing of Convox is none to complain of.
	Swept      bool
	Branch     string     // only builds of this branch count; "" is all
	Credential Credential // proved where it has a password; its host is compared
	Rack       string     // ORG/NAME, which the key should see; "" is none
	Known      []Warning  // about the Rack, from looking it up
	Clone      *ClonedFile
	Given      GivenFlags
	Hints      func(error) []string // what a person can do about an error; nil is nothing
	OwnTravis  bool                 // it is not travis-ci.com, whose pages are known

	Read func(done int) // told how many repositories have been read, one at a time; may be nil
}

func (r AuditRequest) hint(err error) string {
	if r.Hints == nil {
		return ""
	}
	return strings.Join(r.Hints(err), "\n")
}

// Audit is what was found.
type Audit struct {
	Repositories []Audited
	Findings     []Finding // those about none in particular first, then by repository, the worst first
	Refused      bool      // the credential was refused
}

// Audited is a repository that was looked at.
type Audited struct {
	Target Target
	ID     int   // 0 where it was not found
	Err    error // why it could not be read; nil also where that is a finding

	Proof   *ProofEvent // the build that logged in; nil where none did
	Unbuilt string      // why no build was asked for, where one was wanted
	// Travis is what Travis makes of the file; nil where the file isn't at hand.
	Travis *Confirmation

	branch  string // the one that a build would be of
	unbuilt string // why such a build must not be
}

// Count is how many findings there are of a severity.
func (a Audit) Count(severity Severity) int {
	n := 0
	for _, finding := range a.Findings {
		if finding.Severity == severity {
			n++
		}
	}
	return n
}

// Errs lists why repositories could not be read.
func (a Audit) Errs() []error {
	var errs []error
	for _, audited := range a.Repositories {
		if audited.Err != nil {
			errs = append(errs, audited.Err)
		}
	}
	return errs
}

// Audit reads, side by side, and judges. It fails when ctx ends, when Travis lets
// nobody in, and when no password can be what was given as one; everything else
// is in the Audit.
func (a Auditor) Audit(ctx context.Context, request AuditRequest) (Audit, error) {
	if err := convox.CheckPassword(request.Credential.Password); err != nil && request.Credential.given() {
		return Audit{}, err
	}
	request.Targets = Distinct(request.Targets)
	read, err := a.read(ctx, request)
	if stopped := context.Cause(ctx); stopped != nil {
		return Audit{}, stopped
	}
	if err != nil {
		return Audit{}, err
	}
	audit := Audit{Findings: read.general(request), Refused: read.login.refused()}
	for _, facts := range read.repositories {
		if err := facts.play(ctx, request.Branch); err != nil {
			return Audit{}, err
		}
		c := &auditCase{repositoryFacts: facts, findings: &findings{of: facts.target}, request: request, login: read.login, racks: read.racks}
		audited := Audited{Target: facts.target, ID: facts.repository.ID, Travis: facts.confirmation, branch: c.built(), unbuilt: c.unbuilt()}
		if facts.err != nil && !isFinding(facts.err) {
			audited.Err = facts.err
		}
		audit.Repositories = append(audit.Repositories, audited)
		c.judge()
		audit.Findings = append(audit.Findings, c.sorted()...)
	}
	return audit, nil
}

// general finds what is about no repository.
func (r auditReading) general(request AuditRequest) []Finding {
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
	of  Target
	all []Finding
}

// add keeps a finding, once.
func (f *findings) add(severity Severity, code, message, hint string) {
	hints := strings.Split(hint, "\n")
	for i := range hints {
		hints[i] = text.Clean(withoutNoLine(hints[i])) // which the others are lines beside
	}
	finding := Finding{Severity: severity, Code: code, Message: withoutNoLine(message), Hint: strings.Join(hints, "\n"), Target: f.of}
	if !slices.Contains(f.all, finding) {
		f.all = append(f.all, finding)
	}
}

// unread notes what could not be read.
func (f *findings) unread(what string, err error, hint string) {
	f.add(SeverityNote, FoundUnread, what+" could not be read: "+err.Error(), hint)
}

// sorted puts the worst first and keeps the order beside that.
func (f *findings) sorted() []Finding {
	slices.SortStableFunc(f.all, bySeverity)
	return f.all
}

func bySeverity(a, b Finding) int {
	rank := []Severity{SeverityError, SeverityWarning, SeverityNote}
	return cmp.Compare(slices.Index(rank, a.Severity), slices.Index(rank, b.Severity))
}
