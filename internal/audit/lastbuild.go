package audit

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"convox-travis/internal/build"
	"convox-travis/internal/joblog"
	"convox-travis/internal/travisyml"
	"convox-travis/travisapi"
)

// BuildHistory is what finding out why a build didn't deploy needs from Travis; a
// travisapi.Client implements it.
type BuildHistory interface {
	LastBuild(ctx context.Context, repository travisapi.Ref, branch string, events ...string) (travisapi.PastBuild, error)
	Files(context.Context, travisapi.Ref, travisapi.PastBuild) ([]travisapi.BuildFile, error)
	Log(context.Context, travisapi.Job) ([]byte, error)
}

// The codes of findings about the last build, one of which each repository gets.
const (
	FoundDeployed     = "last_build_deployed"
	FoundNoBuild      = "last_build_missing"     // there is none
	FoundSkipped      = "last_build_skipped"     // Travis skipped the deployment
	FoundNoDeployment = "last_build_no_deploy"   // it had none
	FoundRolledBack   = "last_build_rolled_back" // the Rack did that
	FoundLoginFailed  = "last_build_login"       // the Rack or Console refused it
	FoundNoTarget     = "last_build_no_target"   // the app or the Rack is unknown
	FoundCLIFailed    = "last_build_no_client"   // the convox CLI couldn't be downloaded or started
	FoundStopped      = "last_build_stopped"     // Travis ended a job
	FoundBuildFailed  = "last_build_failed"      // a command failed, or the deployment for another reason
	FoundCanceled     = "last_build_canceled"    // somebody did that
	FoundUnclear      = "last_build_unclear"     // its logs can't be read, or don't say
)

// lastBuild is the newest build of a branch that is over. Its ID is 0 if there is none.
type lastBuild struct {
	travisapi.PastBuild
	branch string
	err    error              // why it couldn't be read
	logs   map[int]joblog.Log // of jobs, by position
	logErr error              // why one of their logs couldn't be read

	text    string         // the .travis.yml that it was made of, or "" if unknown
	imports bool           // it was made of other files too, and isn't played
	outcome *build.Outcome // what it should have done; nil if it wasn't played
	calls   []build.Call   // what it should have deployed
	idle    []Finding      // why steps of the file don't run for pushes to the branch
}

// mostLogs limits how many logs of a build are read.
const mostLogs = 20

// readLastBuild reads the last build of a branch: of a push, or else of any event. Its
// logs are read, and only what they say of deployments is stored.
func readLastBuild(ctx context.Context, travis BuildHistory, repository travisapi.Ref, branch string) *lastBuild {
	l := &lastBuild{branch: branch, logs: make(map[int]joblog.Log)}
	if l.PastBuild, l.err = travis.LastBuild(ctx, repository, branch, string(build.Push)); l.err == nil && l.ID == 0 {
		l.PastBuild, l.err = travis.LastBuild(ctx, repository, branch)
	}
	if l.err != nil || l.ID == 0 {
		return l
	}
	files, _ := travis.Files(ctx, repository, l.PastBuild) // without them, only lines are missing
	l.imports = len(files) > 1
	for _, file := range files {
		if l.text == "" && (file.Source == travisyml.FileName || strings.Contains(file.Source, ":"+travisyml.FileName+"@")) {
			l.text = file.Text
		}
	}
	for _, i := range l.started() {
		log, err := travis.Log(ctx, l.Jobs[i])
		if err != nil {
			l.logErr = cmp.Or(l.logErr, err)
			continue
		}
		l.logs[i] = joblog.Read(log)
	}
	return l
}

// readErr returns why something couldn't be read, or nil.
func (l *lastBuild) readErr() error {
	if l == nil {
		return nil
	}
	return cmp.Or(l.err, l.logErr)
}

// started returns the positions of the jobs whose logs are read. Those of later stages,
// which usually deploy, and those that didn't pass come first.
func (l *lastBuild) started() []int {
	var positions []int
	for i, job := range l.Jobs {
		if job.State != "created" {
			positions = append(positions, i)
		}
	}
	order := func(i int) int {
		if l.Jobs[i].State == "passed" {
			return 2*l.Jobs[i].Stage.Number - 1
		}
		return 2 * l.Jobs[i].Stage.Number
	}
	slices.SortStableFunc(positions, func(a, b int) int { return cmp.Compare(order(b), order(a)) })
	return positions[:min(len(positions), mostLogs)]
}

// play plays the build as it was, except that conditions see the settings' variables of
// today. Without the whole config it does nothing. The error is that of ctx.
func (l *lastBuild) play(ctx context.Context, player build.Player, repo string, vars []travisapi.EnvVar) error {
	if l == nil || l.text == "" || l.imports {
		return nil
	}
	builds := Builds{Target: build.Target{Repo: repo, Branch: l.Branch}, player: player, source: travisyml.File{Text: l.text}}
	var err error
	if builds.config, err = build.Parse(ctx, []byte(l.text)); err != nil {
		return context.Cause(ctx)
	}
	event := build.Event{
		Type: build.EventType(l.Event), Repo: repo, Branch: l.Branch, Tag: l.Tag,
		Settings: settingsFor(vars, l.Branch), SettingsKnown: true,
	}
	past := builds
	if err := past.play(ctx, []build.Event{event}); err == nil {
		l.outcome, l.calls = &past.Outcomes[0], past.deploys(pushed)
		l.idle, _ = builds.Idle(ctx)
	}
	return context.Cause(ctx)
}

// lineOf returns the line of a command that failed, or 0 if the file doesn't have it.
func (l *lastBuild) lineOf(failed joblog.Finding) int {
	if l.outcome == nil {
		return 0
	}
	for _, job := range l.outcome.Build.Jobs {
		for _, step := range build.ScriptOf(job, l.outcome.Event).Steps {
			rows := strings.Split(strings.TrimSpace(step.Command.Bash), "\n")
			if step.Phase == failed.Phase && strings.TrimSpace(rows[len(rows)-1]) == failed.Command {
				return step.Command.Line
			}
		}
	}
	return 0
}

// result is the result of a build, as far as one of its jobs decides it.
type result struct {
	rank    rank
	job     travisapi.Job
	last    joblog.Finding
	waiting string // the stage that never started because of the job, or ""
}

// rank orders results: of several jobs, the one with the highest rank is reported.
type rank int

const (
	unclear    rank = iota
	allowed         // it failed, and was allowed to
	undeployed      // it ended, and nothing deploys
	stopped         // it ended before it deployed
	skipped
	deployed
	undone // its deployment failed
)

// rank ranks a job by its log. A command that may deploy has done so if the played build
// deploys.
func (l *lastBuild) rank(job travisapi.Job, log joblog.Log) rank {
	isQuiet := log.Last.Kind == "" && job.State == "passed"
	switch log.Last.Kind {
	case joblog.RolledBack, joblog.Refused, joblog.NoApp, joblog.NoRack, joblog.NoDownload, joblog.NoCLI, joblog.Deployment:
		return undone
	case joblog.Silent, joblog.TooLong, joblog.OutOfTime, joblog.WaitedFor:
		if (log.Deploys || log.Shown) && !log.Promoted {
			return undone
		}
	}
	switch {
	case log.Promoted, isQuiet && (log.Deploys || log.Shown && len(l.calls) > 0):
		return deployed
	case isQuiet && log.Shown && l.outcome == nil:
		return unclear
	case log.Last.Kind == joblog.Skipped:
		return skipped
	case log.Last.Kind != "" && job.AllowFailure:
		return allowed
	case log.Last.Kind != "":
		return stopped
	case log.Ended && job.State == "passed":
		return undeployed
	}
	return unclear
}

// result finds the job that decides.
func (l *lastBuild) result() (r result) {
	for i, job := range l.Jobs {
		if rank := l.rank(job, l.logs[i]); rank > r.rank {
			r = result{rank: rank, job: job, last: l.logs[i].Last}
		}
	}
	switch {
	case r.rank == undeployed && len(l.logs) < len(l.Jobs): // another job may have deployed
		r.rank = unclear
	case r.rank == unclear && l.State == "canceled":
		return result{rank: stopped, last: joblog.Finding{Kind: joblog.Canceled}}
	case r.rank == stopped:
		for _, job := range l.Jobs {
			if job.Stage.Number > r.job.Stage.Number && (job.State == "created" || job.State == "canceled") {
				r.waiting = job.Stage.Name
				break
			}
		}
	}
	return r
}
