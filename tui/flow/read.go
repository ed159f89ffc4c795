package flow

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"convox-travis/internal/connect"
	"convox-travis/internal/problem"
	"convox-travis/internal/text"
	"convox-travis/travisapi"
)

var readStep = step{name: "Repository", do: func(f *Flow) *Work { return f.read(false) }}

// read reads several repositories with their settings: all that follows is decided
// from that, without another call. The settings of one are read for its plan, so
// that its review shows them as they are then. Where syncs, Travis reads its list of
// repositories first.
func (f *Flow) read(syncs bool) *Work {
	targets := f.answers.targets // also what was left out
	isOne, plan := !f.several(), f.planner(targets)
	user := f.result.user
	words := "reading the Travis settings of " + nameOf(targets)
	if isOne {
		words = "asking Travis about " + nameOf(targets)
	}
	return f.travisWork(words, func(stop connect.Stop, travis Travis, tell Tell) Outcome {
		if syncs {
			tell.Line(Line{Muted, "waiting until Travis has read your list of repositories"})
			if err := syncRepositories(stop.Soft, travis, user); err != nil {
				return Outcome{Err: err}
			}
		}
		var read connect.Plan
		var outcome Outcome
		if isOne {
			read, outcome = lookUp(stop.Soft, travis, targets[0])
		} else {
			read, outcome = plan(stop, travis, func(done int) {
				tell.Progress(Progress{Done: done, Of: len(targets), Words: fmt.Sprintf("%d left", len(targets)-done), Often: true})
			})
		}
		if outcome.Err != nil {
			return outcome
		}
		if i := slices.IndexFunc(read.Repositories, isUnknown); syncs && i >= 0 {
			if outcome.To = StepUnknown; isOne { // else the question names them
				outcome.Err = read.Repositories[i].Err
			}
		}
		outcome.Set = func(f *Flow) { f.result.read = &read }
		return outcome
	})
}

// lookUp asks Travis for one repository. That Travis doesn't know it is in its plan.
func lookUp(ctx context.Context, travis Travis, target connect.Target) (connect.Plan, Outcome) {
	repository, err := travis.Repository(ctx, target.Ref())
	plan := connect.RepositoryPlan{Target: target, Repository: repository, Err: err}
	if err != nil && !isUnknown(plan) {
		return connect.Plan{}, Outcome{Err: err, To: fixedAt(err, StepSlug)}
	}
	return connect.Plan{Repositories: []connect.RepositoryPlan{plan}}, Outcome{}
}

// planner returns a function that plans repositories with the answers as they are now.
func (f *Flow) planner(targets []connect.Target) func(stop connect.Stop, travis Travis, read func(done int)) (connect.Plan, Outcome) {
	request, warnings := f.request(), []connect.Warning(nil)
	request.Targets = targets
	if rack, isFound := f.pickedRack(); isFound && byRack(f) {
		warnings = connect.RackWarnings(rack)
	}
	fingerprint, newChecker, back := f.fingerprint(), f.outside.Checker, StepPassword
	if request.Credential.Console {
		back = StepKey
	}
	return func(stop connect.Stop, travis Travis, read func(int)) (plan connect.Plan, _ Outcome) {
		request.Read = read
		checker, err := newChecker(fingerprint)
		if err == nil {
			plan, err = connect.MakePlan(stop.Soft, travis, checker, request)
		}
		if err = cmp.Or(err, plan.Ended()); err == nil {
			plan.Warnings = slices.Concat(warnings, plan.Warnings)
			return plan, Outcome{}
		}
		if _, isTravis := problem.Detail[travisapi.Failure](err); isTravis {
			back = fixedAt(err, StepRepository)
		}
		return plan, Outcome{Err: err, To: back}
	}
}

const syncPatience = 3 * time.Minute

// syncRepositories lets Travis read its list of repositories, and waits for it.
func syncRepositories(ctx context.Context, travis Travis, user travisapi.User) (err error) {
	ctx, cancel := context.WithTimeout(ctx, syncPatience)
	defer cancel()
	if err := travis.Sync(ctx, user); err != nil && !user.Syncing {
		return err
	}
	for user.Syncing = true; user.Syncing; {
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return &problem.Error{Reason: "Travis is still syncing", Hints: []string{"retry in a few minutes"}}
		}
		if user, err = travis.User(ctx); err != nil {
			return err
		}
	}
	return nil
}

func isUnknown(r connect.RepositoryPlan) bool {
	return travisapi.Failed(r.Err, travisapi.CodeNotFound)
}

// isInactive reports whether Travis doesn't build a repository that can be written.
func isInactive(r connect.RepositoryPlan) bool {
	return r.Repository.ID > 0 && !r.Repository.Active && r.Skipped == "" && (r.Err == nil || connect.IsMixed(r.Err))
}

func (f *Flow) readTargets(is func(connect.RepositoryPlan) bool) []connect.Target {
	if f.result.read == nil {
		return nil
	}
	var targets []connect.Target
	for _, r := range f.result.read.Repositories {
		if is(r) {
			targets = append(targets, r.Target)
		}
	}
	return targets
}

func (f *Flow) isLeftOut(r connect.RepositoryPlan) bool {
	return isUnknown(r) && f.answers.unknown == leaveOut ||
		isInactive(r) && f.answers.inactive == leaveOut ||
		slices.Contains(f.answers.leftOut, r.Target)
}

type remedy int

const (
	leaveOut remedy = iota + 1
	syncTravis
	activate
	keepInactive
)

var chooseOthers = Option{Label: "Go back and choose again", do: func(f *Flow) *Work { return f.goTo(StepRepository) }}

// leavingOut is the option that drops the repositories for which is reports true, if others remain.
func (f *Flow) leavingOut(is func(connect.RepositoryPlan) bool, option Option) []Option {
	isRest := func(r connect.RepositoryPlan) bool { return !is(r) && !f.isLeftOut(r) }
	if len(f.readTargets(isRest)) == 0 {
		return nil
	}
	about := f.readTargets(is)
	option.Label, option.Note = fmt.Sprintf("Leave these %d out", len(about)), "continue with the rest"
	if len(about) == 1 {
		option.Label = "Leave " + nameOf(about) + " out"
	}
	return []Option{option}
}

func (f *Flow) subjectOf(about []connect.Target) string {
	if !f.several() || len(about) == 1 {
		return nameOf(about)
	}
	return fmt.Sprintf("%d of the %s", len(about), nameOf(f.answers.targets))
}

// reasonLines is the reason, with the names where the title only counts them.
func reasonLines(about []connect.Target, why string) []string {
	if len(about) == 1 {
		return []string{why}
	}
	return []string{connect.Names(about), why}
}

// firstErrors are the first errors, and how many more there are, in three lines at most.
func firstErrors(errs []error) []string {
	const few = 2
	var lines []string
	for i, err := range errs {
		if i == few && len(errs) > few+1 {
			return append(lines, fmt.Sprintf("and %d more", len(errs)-few))
		}
		lines = append(lines, sentence(err.Error()))
	}
	return lines
}

var unknownStep = step{
	id: StepUnknown, name: "Repository",
	when: func(f *Flow) bool { return len(f.readTargets(isUnknown)) > 0 },
	ask: func(f *Flow) Question {
		about, answer := f.readTargets(isUnknown), f.answers.unknown
		why := "Travis hasn't read your list of repositories lately, or this account has no access."
		if answer == syncTravis {
			why = "Travis has just read your list of repositories. Check the name, or use an account that has access."
		}
		sync := func(f *Flow) *Work {
			f.answers.unknown = syncTravis
			return f.read(true)
		}
		leave := func(f *Flow) *Work {
			f.answers.unknown = leaveOut
			return nil
		}
		return Question{
			Kind: Choice, Title: "Travis can't find " + f.subjectOf(about) + ". What next?", Reason: reasonLines(about, why),
			Options: append([]Option{
				{Label: "Sync Travis and look again", Note: "takes seconds to minutes", chosen: answer == syncTravis, do: sync},
				chooseOthers,
			}, f.leavingOut(isUnknown, Option{chosen: answer == leaveOut, do: leave})...),
		}
	},
}

var activateStep = step{
	id: StepActivate, name: "Repository",
	when: func(f *Flow) bool { return len(f.readTargets(isInactive)) > 0 },
	ask: func(f *Flow) Question {
		about := f.readTargets(isInactive)
		const why = "Inactive repositories don't build. Nothing changes before the review."
		q := Question{Kind: Choice, Title: "Activate " + f.subjectOf(about) + " on Travis?", Reason: reasonLines(about, why)}
		answer := func(r remedy, label, note string) Option {
			return Option{Label: label, Note: note, chosen: f.answers.inactive == r, do: func(f *Flow) *Work {
				f.answers.inactive = r
				return nil
			}}
		}
		q.Options = []Option{answer(activate, "Activate on Travis", "builds start with the next push")}
		if f.several() {
			q.Options = append(append(q.Options, f.leavingOut(isInactive, answer(leaveOut, "", ""))...), chooseOthers)
		} else {
			q.Options = append(q.Options, answer(keepInactive, "Keep it inactive", "write the variables only"))
		}
		return q
	},
}

var mixedStep = step{
	id: StepMixed, name: "Review",
	when: func(f *Flow) bool { return len(f.mixed()) > 0 },
	ask: func(f *Flow) Question {
		var mixed []connect.Target
		var errs []error
		for _, r := range f.mixed() {
			mixed, errs = append(mixed, r.Target), append(errs, r.Err)
		}
		isMixed := func(r connect.RepositoryPlan) bool { return slices.Contains(mixed, r.Target) }
		leave := func(f *Flow) *Work {
			f.answers.leftOut = mixed
			return f.plan()
		}
		allow := func(f *Flow) *Work {
			f.answers.allowMixed = true
			return f.plan()
		}
		q := Question{
			Kind: Choice, Title: "May another host get the new password?", Reason: firstErrors(errs), Guarded: true,
			Options: append(f.leavingOut(isMixed, Option{do: leave}),
				Option{Label: "Go back", Note: "and pick one branch that gets the variables", do: func(f *Flow) *Work { return f.goTo(StepBranch) }},
				Option{Label: "Yes, send it there too", do: allow},
			),
		}
		for _, hint := range ProblemOf(errs[0]).Do {
			q.Help = append(q.Help, sentence(text.Capitalize(hint)))
		}
		return q
	},
}
