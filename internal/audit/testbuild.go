package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/clock"
	"convox-travis/internal/connect"
	"convox-travis/internal/problem"
	"convox-travis/internal/text"
	"convox-travis/travisapi"
)

// Builder starts builds; a travisapi.Client implements it.
type Builder interface {
	StartBuild(context.Context, travisapi.Ref, travisapi.BuildOptions) (travisapi.BuildRequest, error)
	BuildRequest(context.Context, travisapi.Ref, int) (travisapi.BuildRequest, error)
	Build(context.Context, int) (travisapi.Build, error)
}

// TestBuilder verifies variables where they are used: in a build that only logs in.
type TestBuilder struct {
	Builder Builder
	Tell    func(TestBuildEvent) // gets each new state, one call at a time; may be nil

	Pause    time.Duration // between two checks; 3 seconds
	Patience time.Duration // for a build to finish; 30 minutes
}

// TestBuildRequest says which variables a test build uses.
type TestBuildRequest struct {
	Target  connect.Target
	Ref     travisapi.Ref
	Branch  string // whose variables are used, also to test those of all branches
	Console bool
	Rack    string // ORG/NAME, behind a Console
	Hosted  bool   // on travis-ci.com, whose pages are known
}

// TestBuildEvent is a state of the build.
type TestBuildEvent struct {
	State string // cleaned
	Page  string // of the build, or ""
}

// CodeTestBuildFailed marks the Error for a build that couldn't log in.
const CodeTestBuildFailed = "proof_failed"

// codeTestBuildUnknown marks the Error for a build without a clear result.
const codeTestBuildUnknown = "proof_unknown"

// Run starts one build, waits for its end, and returns its last state. The error is nil
// exactly if the build passed, and a problem.Error with CodeTestBuildFailed exactly if its
// login failed. If it is asked to stop, the build continues. Other errors are those of
// travisapi, or a problem.Error.
func (p TestBuilder) Run(stop connect.Stop, request TestBuildRequest) (TestBuildEvent, error) {
	started, err := p.Builder.StartBuild(stop.Soft, request.Ref, travisapi.BuildOptions{
		Branch: request.Branch, Message: "convox-travis: do the new variables log in?", Config: request.config(),
	})
	if err != nil {
		return TestBuildEvent{}, err
	}
	build, err := p.follow(stop, request, started.ID)
	if err == nil && build.State != "passed" {
		err = request.notPassed(build)
	}
	return TestBuildEvent{State: build.State, Page: request.page(build)}, err
}

// config is a build without a clone that runs one command, which fails if the login does;
// "convox racks" wouldn't. Problems before it, in install, make the build errored instead
// of failed (https://docs.travis-ci.com/user/job-lifecycle/#breaking-the-build).
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
func (p TestBuilder) follow(stop connect.Stop, request TestBuildRequest, id int) (travisapi.Build, error) {
	started, last := time.Now(), TestBuildEvent{}
	var build travisapi.Build
	for {
		event, err := TestBuildEvent{State: "waiting for Travis to accept the request"}, error(nil)
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
		if event != last && p.Tell != nil {
			p.Tell(event)
		}
		last = event
		if build.IsOver() {
			return build, nil
		}
		if time.Since(started) >= cmp.Or(p.Patience, 30*time.Minute) {
			return build, request.unfinished(build, errTestBuildTooLong)
		}
		if err := (clock.System{}).Sleep(stop.Soft, cmp.Or(p.Pause, 3*time.Second)); err != nil {
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
			Code: codeTestBuildUnknown, Object: request.Target.String(), Reason: "Travis rejected the test build, so nothing was verified",
			Hints: []string{"check Requests on the repository's Travis page for the reason: often there are no credits left"},
		}
	case len(read.Builds) == 0:
		return travisapi.Build{}, nil
	}
	return read.Builds[0], nil
}

var errTestBuildTooLong = &problem.Error{Code: "timeout", Reason: "it takes too long"}

// unfinished is the error for a build that continues although nobody waits for it.
func (r TestBuildRequest) unfinished(build travisapi.Build, cause error) error {
	if problem.Code(cause) == codeTestBuildUnknown {
		return cause
	}
	return &problem.Error{
		Code: codeTestBuildUnknown, Cause: cause, Action: fmt.Sprintf("%s: the test build was started, and its result is unknown", r.Target),
		Hints: r.look("the build continues: ", build),
	}
}

// notPassed is the error for a build that ended: with CodeTestBuildFailed, or without
// saying anything about the variables.
func (r TestBuildRequest) notPassed(build travisapi.Build) error {
	code, hint := codeTestBuildUnknown, "run this again"
	means := ", which verifies nothing: Travis couldn't run it to its end, or the convox CLI couldn't be downloaded"
	switch build.State {
	case "failed":
		code, means = CodeTestBuildFailed, ": it couldn't log in with the variables that are set"
		hint = "make the host reachable for Travis's machines: a private API or an IP allowlist blocks them"
	case "canceled":
		means = ", which verifies nothing: someone canceled it before it finished"
	}
	return &problem.Error{
		Code: code, Object: r.Target.String(), Reason: "the test build is " + build.State + means,
		Hints: append(r.look("check its log for the reason: ", build), hint),
	}
}

// look is a hint with the build's page, if known.
func (r TestBuildRequest) look(lead string, build travisapi.Build) []string {
	if page := r.page(build); page != "" {
		return []string{lead + page}
	}
	return nil
}

// page is where a person can see the build, "" if unknown.
func (r TestBuildRequest) page(build travisapi.Build) string {
	if !r.Hosted || build.ID == 0 {
		return ""
	}
	return fmt.Sprintf("%s/builds/%d", pageOf(r.Target), build.ID)
}

// pageOf is a repository's page on travis-ci.com.
func pageOf(target connect.Target) string {
	return "https://app.travis-ci.com/" + string(cmp.Or(target.Provider, travisapi.GitHub)) + "/" + target.Slug
}

// RunTestBuilds runs a test build for each repository that could be read, one after the
// other. A failed login is a finding, FoundTestBuild; why one couldn't be run or followed
// is the repository's Err. If it is known that a build wouldn't log in, none is started.
// If it is asked to stop, it ends with that Error; a running build continues.
func (r *Report) RunTestBuilds(stop connect.Stop, request Request, builder TestBuilder) error {
	for i := range r.Repositories {
		audited := &r.Repositories[i]
		if audited.Err != nil || audited.ID == 0 {
			continue
		}
		if audited.Unbuilt = audited.unbuilt; audited.Unbuilt != "" {
			continue
		}
		event, err := builder.Run(stop, TestBuildRequest{
			Target: audited.Target, Ref: audited.ref, Branch: audited.branch,
			Console: request.Credential.Console, Rack: request.Rack, Hosted: !request.OwnTravis,
		})
		if stopped := context.Cause(stop.Soft); stopped != nil && err != nil {
			return err
		}
		switch {
		case err == nil:
			audited.TestBuild = &event
		case problem.Code(err) != CodeTestBuildFailed:
			audited.Err = err
		default:
			f := &findings{of: audited.Target}
			f.add(SeverityError, FoundTestBuild, problem.Of(err).Reason, strings.Join(problem.Of(err).Hints, "\n"))
			r.Findings = append(r.Findings, f.all...)
			r.sort()
		}
	}
	return nil
}

// sort sorts the findings again after one was added late.
func (r *Report) sort() {
	order := make(map[connect.Target]int)
	for i, audited := range r.Repositories {
		order[audited.Target] = i + 1
	}
	slices.SortStableFunc(r.Findings, func(x, y Finding) int {
		return cmp.Or(cmp.Compare(order[x.Target], order[y.Target]), compareSeverity(x, y))
	})
}

// noTestBuildReason says why a test build would verify nothing, or send a password to a
// host it may not be for; or returns "". A test build replaces the .travis.yml, and the
// variables that it sets.
func (c *repositoryCase) noTestBuildReason() string {
	branch := c.branch(c.request.Branch)
	host, password := c.originOf(connect.HostName, branch), c.originOf(connect.PasswordName, branch)
	switch {
	case c.err != nil:
		return "its settings couldn't be read"
	case host == ofFile || password == ofFile:
		return "the variables are in the file, and a test build doesn't use it: the next build of a push shows whether they log in"
	case host == nowhere || password == nowhere:
		return "the variables aren't set" + c.forBranch(branch)
	case host == ofBranch && password != ofBranch && !c.sameHost(branch):
		return "branch " + text.Quote(branch) + " has a " + connect.HostName + " of its own and no password: the build would send that host the password of " + password.name()
	case host != password && !(host == ofBranch && c.sameHost(branch)):
		return connect.HostName + " and " + connect.PasswordName + " aren't from the same place" + c.forBranch(branch)
	case c.isOverridden(branch):
		return connect.OverrideName + " is set" + connect.OverrideEffect
	case !c.repository.Active:
		return "Travis doesn't build the repository"
	}
	return ""
}

// forBranch names the branch, if another one has other variables.
func (c *repositoryCase) forBranch(branch string) string {
	if len(connect.BranchesOf(c.vars)) == 0 {
		return ""
	}
	return " for branch " + text.Quote(branch) + ", which would be built"
}

// isOverridden reports whether builds of a branch have something that the convox CLI uses
// instead of the variables.
func (c *repositoryCase) isOverridden(branch string) bool {
	return len(c.file.sets(connect.OverrideName))+len(connect.InScope(c.vars, connect.OverrideName, ""))+len(connect.InScope(c.vars, connect.OverrideName, branch)) > 0 || c.accountSets(connect.OverrideName)
}
