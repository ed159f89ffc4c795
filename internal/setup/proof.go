package setup

import (
	"cmp"
	"context"
	"fmt"
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

// Prover proves a pair where it counts: in a build, which only logs in.
type Prover struct {
	Builder Builder
	Clock   clock.Clock
	Tell    func(ProofEvent) // told of each new state, one at a time; may be nil

	Pause    time.Duration // between two looks; 3 seconds
	Patience time.Duration // for a build to be over; 30 minutes
}

// ProofRequest says which pair is to be proved.
type ProofRequest struct {
	Target  Target
	Ref     travisapi.Ref
	Branch  string // whose variables are used; also of a pair for all branches
	Console bool
	Rack    string // ORG/NAME, behind a Console
	Hosted  bool   // on travis-ci.com, whose pages are known
}

// ProofEvent is a state of the build.
type ProofEvent struct {
	State string // cleaned
	Page  string // of the build, or ""
}

// CodeProofFailed marks the Error for a build that did not log in.
const CodeProofFailed = "proof_failed"

// codeProofUnknown marks the Error for a build that told nothing.
const codeProofUnknown = "proof_unknown"

// Prove starts one build and waits for its end. It is no error exactly when the
// build passed, and a problem.Error of CodeProofFailed exactly when its login failed.
// When it is asked to stop, the build goes on. The other errors are those of
// travisapi, or a problem.Error.
func (p Prover) Prove(stop Stop, request ProofRequest) error {
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
		return request.unknown(build, "someone canceled it before it told anything")
	}
	return request.unknown(build, "Travis could not run it to its end, or the convox client could not be fetched")
}

// config is a build that clones nothing and runs one command, which fails when
// the login does; "convox racks" would not. What goes wrong before it, in install,
// makes the build errored and not failed
// (https://docs.travis-ci.com/user/job-lifecycle/#breaking-the-build).
func (r ProofRequest) config() map[string]any {
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
func (p Prover) follow(stop Stop, request ProofRequest, id int) (travisapi.Build, error) {
	ticks := p.clock()
	begun, told := ticks.Now(), ProofEvent{}
	var build travisapi.Build
	for {
		event, err := ProofEvent{State: "waiting for Travis to take the request"}, error(nil)
		if build.ID == 0 {
			build, err = p.build(stop.Soft, request, id)
		} else {
			build, err = p.Builder.Build(stop.Soft, build.ID)
		}
		if err != nil {
			return build, request.unfollowed(build, err)
		}
		if build.ID > 0 {
			event = ProofEvent{State: build.State, Page: request.page(build)}
		}
		if event != told && p.Tell != nil {
			p.Tell(event)
		}
		told = event
		if build.IsOver() {
			return build, nil
		}
		if ticks.Now().Sub(begun) >= p.patience() {
			return build, request.unfollowed(build, errProofTooLong)
		}
		if err := ticks.Sleep(stop.Soft, p.pause()); err != nil {
			return build, request.unfollowed(build, err)
		}
	}
}

// build returns the build of a request, with the number 0 while there is none.
func (p Prover) build(ctx context.Context, request ProofRequest, id int) (travisapi.Build, error) {
	read, err := p.Builder.BuildRequest(ctx, request.Ref, id)
	switch {
	case err != nil:
		return travisapi.Build{}, err
	case read.Result == "rejected":
		return travisapi.Build{}, &problem.Error{
			Code: codeProofUnknown, Object: request.Target.String(), Reason: "Travis rejected the build, so nothing was proved",
			Hints: []string{"the repository's Travis page, Requests, says why: often there are no credits left"},
		}
	case len(read.Builds) == 0:
		return travisapi.Build{}, nil
	}
	return read.Builds[0], nil
}

var errProofTooLong = &problem.Error{Code: "timeout", Reason: "it takes too long"}

// unfollowed is a build that goes on without anybody waiting.
func (r ProofRequest) unfollowed(build travisapi.Build, cause error) error {
	if problem.Code(cause) == codeProofUnknown {
		return cause
	}
	err := &problem.Error{Code: codeProofUnknown, Cause: cause, Action: fmt.Sprintf("%s: the build was started, and its end was not seen", r.Target)}
	if page := r.page(build); page != "" {
		err.Hints = []string{"it goes on: " + page}
	}
	return err
}

// unknown is a build that is over and says nothing about the pair.
func (r ProofRequest) unknown(build travisapi.Build, why string) error {
	err := &problem.Error{
		Code:   codeProofUnknown,
		Object: r.Target.String(), Reason: fmt.Sprintf("the build is %s, which proves nothing: %s", build.State, why),
		Hints: []string{"run this again"},
	}
	if page := r.page(build); page != "" {
		err.Hints = append([]string{"its log says why: " + page}, err.Hints...)
	}
	return err
}

func (r ProofRequest) failed(build travisapi.Build) error {
	err := &problem.Error{
		Code:   CodeProofFailed,
		Object: r.Target.String(), Reason: fmt.Sprintf("the build is %s: it could not log in with what is set", build.State),
		Hints: []string{"Travis's machines have to reach the host: a private API or a white list keeps them out"},
	}
	if page := r.page(build); page != "" {
		err.Hints = append([]string{"its log says why: " + page}, err.Hints...)
	}
	return err
}

// page is where a person sees the build, "" where that is not known.
func (r ProofRequest) page(build travisapi.Build) string {
	if !r.Hosted || build.ID == 0 {
		return ""
	}
	return fmt.Sprintf("https://app.travis-ci.com/%s/%s/builds/%d", r.Target.provider(), r.Target.Slug, build.ID)
}

func (p Prover) clock() clock.Clock {
	return cmp.Or[clock.Clock](p.Clock, clock.System{})
}

func (p Prover) pause() time.Duration {
	return cmp.Or(p.Pause, 3*time.Second)
}

func (p Prover) patience() time.Duration {
	return cmp.Or(p.Patience, 30*time.Minute)
}
