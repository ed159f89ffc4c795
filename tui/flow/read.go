package flow

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/setup"
	"convox-travis/travisapi"
)

// readStep reads what Travis knows of the repositories that were picked.
func readStep() step {
	return step{id: StepRead, name: "Repository", do: func(f *Flow) *Work { return f.read(false) }}
}

// read reads several repositories with their settings: all that follows is decided
// from that, without another call. The settings of one are read for its plan, so
// that its review shows them as they are then.
func (f *Flow) read(syncs bool) *Work {
	targets := f.answers.targets // also what was left out
	isOne, plan := !f.several(), f.planner(targets)
	user, token, outside := f.result.user, f.token(), f.outside
	words := "reading the settings of " + nameOf(targets)
	if isOne {
		words = "asking Travis about " + nameOf(targets)
	}
	return &Work{Words: words, Run: func(stop setup.Stop, tell Tell) Outcome {
		if syncs {
			tell.Line(Line{Muted, "waiting for Travis to read its list of repositories"})
			if err := outside.sync(stop.Soft, token, user); err != nil {
				return Outcome{Err: err}
			}
		}
		var read setup.Plan
		var outcome Outcome
		if isOne {
			read, outcome = outside.lookUp(stop.Soft, token, targets[0])
		} else {
			read, outcome = plan(stop, func(done int) {
				tell.Progress(Progress{Done: done, Of: len(targets), Words: fmt.Sprintf("%d left", len(targets)-done), Often: true})
			})
		}
		if outcome.Err != nil {
			return outcome
		}
		if i := slices.IndexFunc(read.Repositories, isUnknown); syncs && i >= 0 { // the sync was in vain
			if outcome.To = StepUnknown; isOne { // else the question names them
				outcome.Err = read.Repositories[i].Err
			}
		}
		outcome.Set = func(f *Flow) { f.result.read = &read }
		return outcome
	}}
}

// lookUp asks Travis for one repository. That Travis doesn't know it is in its plan.
func (o Outside) lookUp(ctx context.Context, token secret.String, target setup.Target) (setup.Plan, Outcome) {
	travis, err := o.Travis(token)
	if err != nil {
		return setup.Plan{}, Outcome{Err: err, To: StepSlug}
	}
	repository, err := travis.Repository(ctx, target.Ref())
	plan := setup.RepositoryPlan{Target: target, Repository: repository, Err: err}
	if err != nil && !isUnknown(plan) {
		return setup.Plan{}, Outcome{Err: err, To: fixedAt(err, StepSlug)}
	}
	return setup.Plan{Repositories: []setup.RepositoryPlan{plan}}, Outcome{}
}

// planner returns a function that makes the plan for repositories from the answers
// that there are now. Its Outcome has the error that stops all of them.
func (f *Flow) planner(targets []setup.Target) func(stop setup.Stop, read func(done int)) (setup.Plan, Outcome) {
	request, warnings := f.request(), f.rackWarnings()
	request.Targets = targets
	token, fingerprint, outside := f.token(), f.fingerprint(), f.outside
	back := StepPassword
	if request.Credential.Console {
		back = StepKey
	}
	return func(stop setup.Stop, read func(int)) (setup.Plan, Outcome) {
		request.Read = read
		plan, err := outside.plan(stop.Soft, request, token, fingerprint)
		if err = cmp.Or(err, plan.Ended()); err == nil {
			plan.Warnings = slices.Concat(warnings, plan.Warnings)
			return plan, Outcome{}
		}
		if _, isTravis := problem.Detail[travisapi.Failure](err); isTravis {
			return plan, Outcome{Err: err, To: fixedAt(err, StepRepository)}
		}
		return plan, Outcome{Err: err, To: back}
	}
}

func (o Outside) plan(ctx context.Context, request setup.Request, token secret.String, fingerprint string) (setup.Plan, error) {
	travis, err := o.Travis(token)
	if err != nil {
		return setup.Plan{}, err
	}
	checker, err := o.Checker(fingerprint)
	if err != nil {
		return setup.Plan{}, err
	}
	return setup.MakePlan(ctx, travis, checker, request)
}

// syncPatience is how long a sync may take.
const syncPatience = 3 * time.Minute

// sync lets Travis read its list of repositories, and waits for it.
func (o Outside) sync(ctx context.Context, token secret.String, user travisapi.User) error {
	ctx, cancel := context.WithTimeout(ctx, syncPatience)
	defer cancel()
	travis, err := o.Travis(token)
	if err != nil {
		return err
	}
	if err := travis.Sync(ctx, user); err != nil && !user.Syncing {
		return err
	}
	for user.Syncing = true; user.Syncing; {
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return &problem.Error{Reason: "Travis is still reading", Hints: []string{"try again in a while"}}
		}
		if user, err = travis.User(ctx); err != nil {
			return err
		}
	}
	return nil
}

func isUnknown(r setup.RepositoryPlan) bool {
	return travisapi.Failed(r.Err, travisapi.CodeNotFound)
}

// isInactive reports whether Travis knows a repository and does not build it.
// Where nothing can be written, that does not matter.
func isInactive(r setup.RepositoryPlan) bool {
	return r.Repository.ID > 0 && !r.Repository.Active && (r.Err == nil || setup.IsMixed(r.Err))
}

// readOnes lists the repositories that were read, and for which is reports true.
func (f *Flow) readOnes(is func(setup.RepositoryPlan) bool) []setup.Target {
	if f.result.read == nil {
		return nil
	}
	var targets []setup.Target
	for _, r := range f.result.read.Repositories {
		if is(r) {
			targets = append(targets, r.Target)
		}
	}
	return targets
}

// remedy is what to do about repositories that Travis doesn't know or doesn't build.
type remedy int

const (
	syncTravis remedy = iota + 1
	activate
	keepInactive
	leaveOut
	chooseOthers
)

var remedyOptions = map[remedy]Option{
	syncTravis:   {Label: "Sync Travis, and look again", Note: "takes seconds to minutes"},
	activate:     {Label: "Activate with the rest", Note: "builds begin with the next push"},
	keepInactive: {Label: "Leave it as it is"},
	leaveOut:     {Label: "Leave them out", Note: "nothing is written there"},
	chooseOthers: {Label: "Go back, and choose again"},
}

// askRemedy asks what to do about some of the repositories, whose names complete the
// title.
func (f *Flow) askRemedy(title string, about []setup.Target, why string, offered []remedy, chosen remedy) Question {
	q := Question{Kind: Choice, Title: title + " " + nameOf(about), Reason: []string{why}}
	if f.several() {
		q.Title = fmt.Sprintf("%s %d of the %s", title, len(about), nameOf(f.answers.targets))
		q.Reason = []string{setup.Names(about), why}
	}
	offer(&q, offered, remedyOptions, chosen)
	return q
}

// unknownStep asks what to do about repositories that Travis doesn't know.
func unknownStep() step {
	offered := func(f *Flow) []remedy {
		if len(f.readOnes(isUnknown)) < len(f.answers.targets) {
			return []remedy{syncTravis, chooseOthers, leaveOut}
		}
		return []remedy{syncTravis, chooseOthers}
	}
	return step{
		id: StepUnknown, name: "Repository",
		when: func(f *Flow) bool { return len(f.readOnes(isUnknown)) > 0 },
		ask: func(f *Flow) Question {
			const why = "Travis may not have read your list of repositories lately, or this account has no access."
			return f.askRemedy("Travis does not know", f.readOnes(isUnknown), why, offered(f), f.answers.unknown)
		},
		take: func(f *Flow, v Value) { f.answers.unknown = offered(f)[v.Index] },
		do: func(f *Flow) *Work {
			switch f.answers.unknown {
			case syncTravis:
				return f.read(true)
			case chooseOthers:
				f.answers.unknown = 0
				f.goTo(StepRepository)
			}
			return nil
		},
	}
}

// activateStep asks once about all repositories that Travis doesn't build. It offers
// nothing that would leave no repository to set up.
func activateStep() step {
	offered := func(f *Flow) []remedy {
		isLeft := func(r setup.RepositoryPlan) bool {
			return !isInactive(r) && !(isUnknown(r) && f.answers.unknown == leaveOut)
		}
		switch {
		case !f.several():
			return []remedy{activate, keepInactive}
		case len(f.readOnes(isLeft)) == 0:
			return []remedy{activate, chooseOthers}
		}
		return []remedy{activate, leaveOut, chooseOthers}
	}
	return step{
		id: StepActivate, name: "Repository",
		when: func(f *Flow) bool { return len(f.readOnes(isInactive)) > 0 },
		ask: func(f *Flow) Question {
			const why = "Nothing is activated before the review."
			return f.askRemedy("Travis does not build", f.readOnes(isInactive), why, offered(f), f.answers.inactive)
		},
		take: func(f *Flow, v Value) { f.answers.inactive = offered(f)[v.Index] },
		do: func(f *Flow) *Work {
			if f.answers.inactive == chooseOthers {
				f.goTo(StepRepository)
			}
			return nil
		},
	}
}
