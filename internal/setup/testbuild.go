package setup

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/clock"
	"convox-travis/internal/problem"
	"convox-travis/travisapi"
)

// Builder starts builds; a travisapi.Client does.
type Builder interface {
	StartBuild(context.Context, travisapi.Ref, travisapi.BuildWish) (travisapi.BuildRequest, error)
	BuildRequest(context.Context, travisapi.Ref, int) (travisapi.BuildRequest, error)
	Build(context.Context, int) (travisapi.Build, error)
}

// TestBuilder proves a pair where it counts: in a build, which only logs in.
type TestBuilder struct {
	Builder Builder
	Clock   clock.Clock
	Tell    func(TestBuildEvent) // told of each new state, one at a time; may be nil

	Pause    time.Duration // between two looks; 3 seconds
	Patience time.Duration // for a build to be over; 30 minutes
}

// TestBuildRequest says which pair is to be proved.
type TestBuildRequest struct {
	Target  Target
	Ref     travisapi.Ref
	Branch  string // whose variables are used; also of a pair for all branches
	Console bool
	Rack    string // ORG/NAME, behind a Console
	Hosted  bool   // on travis-ci.com, whose pages are known
}

// TestBuildEvent is a state of the build.
type TestBuildEvent struct {
	State string // cleaned
	Page  string // of the build, or ""
}

// CodeTestBuildFailed marks the Error for a build that did not log in.
const CodeTestBuildFailed = "proof_failed"

// codeTestBuildUnknown marks the Error for a build that told nothing.
const codeTestBuildUnknown = "proof_unknown"

// Run starts one build and waits for its end. It is no error exactly when the
// build passed, and a problem.Error of CodeProofFailed exactly when its login failed.
// When it is asked to stop, the build goes on. The other errors are those of
// travisapi, or a problem.Error.
func (p TestBuilder) Run(stop Stop, request TestBuildRequest) error {
	started, err := p.Builder.StartBuild(stop.Soft, request.Ref, travisapi.BuildWish{
		Branch: request.Branch, Message: "convox-travis: do the new variables log in?", Config: request.config(),
	})
	if err != nil {
		return err
	}
	build, err := p.follow(stop, request, started.ID)
	if err != nil {
		return err
	}
	switch build.State {
	case "passed":
		return nil
	case "failed":
		return request.failed(build)
	case "canceled":
		return request.inconclusive(build, "someone canceled it before it told anything")
	}
	return request.inconclusive(build, "Travis could not run it to its end, or the convox client could not be fetched")
}

// config is a build that clones nothing and runs one command, which fails when
// the login does; "convox racks" would not. What goes wrong before it, in install,
// makes the build errored and not failed
// (https://docs.travis-ci.com/user/job-lifecycle/#breaking-the-build).
func (r TestBuildRequest) config() map[string]any {
	client, script := "https://download.convox.com/cli/linux/convox", `"$HOME/convox" rack`
	if r.Console {
		client = "https://github.com/convox/convox/releases/latest/download/convox-linux"
		script += " --rack " + shellescape.Quote(r.Rack)
	}
	return map[string]any{
		"language": "minimal", "os": "linux", "git": map[string]any{"clone": false},
		"install": fmt.Sprintf(`curl -fsSL %s -o "$HOME/convox" && chmod +x "$HOME/convox"`, client), "script": script,
	}
}

// follow reads the build's state until it is over.
func (p TestBuilder) follow(stop Stop, request TestBuildRequest, id int) (travisapi.Build, error) {
	ticks := p.clock()
	begun, told := ticks.Now(), TestBuildEvent{}
	var build travisapi.Build
	for {
		event, err := TestBuildEvent{State: "waiting for Travis to take the request"}, error(nil)
		if build.ID == 0 {
			build, err = p.build(stop.Soft, request, id)
		} else {
			build, err = p.Builder.Build(stop.Soft, build.ID)
		}
		if err != nil {
			return build, request.unfinished(build, err)
		}
		if build.ID > 0 {
			event = TestBuildEvent{State: build.State, Page: request.page(build)}
		}
		if event != told && p.Tell != nil {
			p.Tell(event)
		}
		told = event
		if build.IsOver() {
			return build, nil
		}
		if ticks.Now().Sub(begun) >= p.patience() {
			return build, request.unfinished(build, errProofTooLong)
		}
		if err := ticks.Sleep(stop.Soft, p.pause()); err != nil {
			return build, request.unfinished(build, err)
		}
	}
}

// build returns the build of a request, with the number 0 while there is none.
func (p TestBuilder) build(ctx context.Context, request TestBuildRequest, id int) (travisapi.Build, error) {
	read, err := p.Builder.BuildRequest(ctx, request.Ref, id)
	switch {
	case err != nil:
		return travisapi.Build{}, err
	case read.Result == "rejected":
		return travisapi.Build{}, &problem.Error{
			Code: codeTestBuildUnknown, Object: request.Target.String(), Reason: "Travis rejected the build, so nothing was proved",
			Hints: []string{"the repository's Travis page, Requests, says why: often there are no credits left"},
		}
	case len(read.Builds) == 0:
		return travisapi.Build{}, nil
	}
	return read.Builds[0], nil
}

var errProofTooLong = &problem.Error{Code: "timeout", Reason: "it takes too long"}

// unfinished is a build that goes on without anybody waiting.
func (r TestBuildRequest) unfinished(build travisapi.Build, cause error) error {
	if problem.Code(cause) == codeTestBuildUnknown {
		return cause
	}
	err := &problem.Error{Code: codeTestBuildUnknown, Cause: cause, Action: fmt.Sprintf("%s: the build was started, and its end was not seen", r.Target)}
	if page := r.page(build); page != "" {
		err.Hints = []string{"it goes on: " + page}
	}
	return err
}

// inconclusive is a build that is over and says nothing about the pair.
func (r TestBuildRequest) inconclusive(build travisapi.Build, why string) error {
	err := &problem.Error{
		Code:   codeTestBuildUnknown,
		Object: r.Target.String(), Reason: fmt.Sprintf("the build is %s, which proves nothing: %s", build.State, why),
		Hints: []string{"run this again"},
	}
	if page := r.page(build); page != "" {
		err.Hints = append([]string{"its log says why: " + page}, err.Hints...)
	}
	return err
}

func (r TestBuildRequest) failed(build travisapi.Build) error {
	err := &problem.Error{
		Code:   CodeTestBuildFailed,
		Object: r.Target.String(), Reason: fmt.Sprintf("the build is %s: it could not log in with what is set", build.State),
		Hints: []string{"Travis's machines have to reach the host: a private API or a white list keeps them out"},
	}
	if page := r.page(build); page != "" {
		err.Hints = append([]string{"its log says why: " + page}, err.Hints...)
	}
	return err
}

// page is where a person sees the build, "" where that is not known.
func (r TestBuildRequest) page(build travisapi.Build) string {
	if !r.Hosted || build.ID == 0 {
		return ""
	}
	return fmt.Sprintf("https://app.travis-ci.com/%s/%s/builds/%d", r.Target.provider(), r.Target.Slug, build.ID)
}

func (p TestBuilder) clock() clock.Clock {
	return cmp.Or[clock.Clock](p.Clock, clock.System{})
}

func (p TestBuilder) pause() time.Duration {
	return cmp.Or(p.Pause, 3*time.Second)
}

func (p TestBuilder) patience() time.Duration {
	return cmp.Or(p.Patience, 30*time.Minute)
}

// TestBuildTravis is what an audit needs to have builds prove what is set.
type TestBuildTravis interface {
	Builder
	Repository(context.Context, travisapi.Ref) (travisapi.Repository, error)
}

// RunTestBuilds has a build of each repository that could be read log in with what is
// set, one after the other. A build that does not is a finding, FoundProof; why
// one could not be run or followed is the repository's Err. Where it is known
// that it would not log in, none is asked for. When it is asked to stop it ends
// with that Error; the build that runs then goes on.
func (a *Audit) RunTestBuilds(stop Stop, travis TestBuildTravis, request AuditRequest, prover TestBuilder, hosted bool) error {
	tell := prover.Tell
	for i := range a.Repositories {
		audited := &a.Repositories[i]
		if audited.Err != nil || audited.ID == 0 {
			continue
		}
		if audited.Unbuilt = audited.unbuilt; audited.Unbuilt != "" {
			continue
		}
		var last TestBuildEvent
		prover.Builder, prover.Tell = travis, func(e TestBuildEvent) {
			last = e
			if tell != nil {
				tell(e)
			}
		}
		err := runTestBuild(stop, travis, request, prover, *audited, hosted)
		if stopped := context.Cause(stop.Soft); stopped != nil && err != nil {
			return err
		}
		switch {
		case err == nil:
			audited.Proof = &last
		case problem.Code(err) != CodeTestBuildFailed:
			audited.Err = err
		default:
			f := &findings{of: audited.Target}
			f.add(SeverityError, FoundTestBuild, problem.Of(err).Reason, strings.Join(problem.Of(err).Hints, "\n"))
			a.Findings = append(a.Findings, f.all...)
			a.sort()
		}
	}
	return nil
}

// sort puts the findings in their order again, when one has come late.
func (a *Audit) sort() {
	order := make(map[Target]int)
	for i, audited := range a.Repositories {
		order[audited.Target] = i + 1
	}
	slices.SortStableFunc(a.Findings, func(x, y Finding) int {
		return cmp.Or(cmp.Compare(order[x.Target], order[y.Target]), compareSeverity(x, y))
	})
}

// testBranch is the branch that a build proves the pair of.
func (c *auditCase) testBranch() string {
	return cmp.Or(c.request.Branch, c.repository.DefaultBranch, "main")
}

// noTestBuildReason is why a build of a repository would prove nothing, or send a password
// to a host that it may not be for; or "". What such a build runs takes the place
// of the .travis.yml, and what that sets is gone.
func (c *auditCase) noTestBuildReason() string {
	branch := c.testBranch()
	host, password := c.originOf(HostName, branch), c.originOf(PasswordName, branch)
	switch {
	case c.err != nil:
		return "its settings could not be read"
	case host == ofFile || password == ofFile:
		return "the pair is in the file, and such a build does without it: the next build of a push shows whether it logs in"
	case host == nowhere || password == nowhere:
		return "the pair is not set" + c.forBranch(branch)
	case host == ofBranch && password != ofBranch && !c.sameHost(branch):
		return "branch " + showBranch(branch) + " has a " + HostName + " of its own and no password: the build would send that host the password of " + password.name()
	case host != password && !(host == ofBranch && c.sameHost(branch)):
		return HostName + " and " + PasswordName + " are not from one place" + c.forBranch(branch)
	case c.isOverridden(branch):
		return overrideName + " is set" + ignoresPair
	case !c.repository.Active:
		return "Travis does not build the repository"
	}
	return ""
}

// forBranch says for which branch, where another one's pair is another.
func (c *auditCase) forBranch(branch string) string {
	if len(branchesOf(c.vars)) == 0 {
		return ""
	}
	return " for branch " + showBranch(branch) + ", which would be built"
}

// isOverridden reports whether builds of a branch get what the convox client takes
// before the pair.
func (c *auditCase) isOverridden(branch string) bool {
	return len(c.file.sets(overrideName))+len(inScope(c.vars, overrideName, ""))+len(inScope(c.vars, overrideName, branch)) > 0 ||
		slices.ContainsFunc(c.account, func(v travisapi.AccountEnvVar) bool { return v.Name == overrideName })
}

func runTestBuild(stop Stop, travis TestBuildTravis, request AuditRequest, prover TestBuilder, audited Audited, hosted bool) error {
	ref := travisapi.ByID(audited.ID)
	repository, err := travis.Repository(stop.Soft, ref)
	if err != nil {
		return err
	}
	return prover.Run(stop, TestBuildRequest{
		Target: audited.Target, Ref: repository.Ref(), Branch: audited.branch,
		Console: request.Credential.Console, Rack: request.Rack, Hosted: hosted,
	})
}
