package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"convox-travis/internal/build"
	"convox-travis/internal/joblog"
	"convox-travis/internal/text"
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

// judgeLastBuild says whether the last build deployed, and why not. It quotes nothing of
// a log.
func (c *repositoryCase) judgeLastBuild() {
	l := c.last
	switch {
	case l == nil:
		return
	case l.err != nil:
		c.add(SeverityWarning, FoundUnclear, "the builds of "+text.Quote(l.branch)+" couldn't be read: "+l.err.Error(), c.request.hint(l.err))
		return
	case l.ID == 0:
		c.judgeNoBuild()
		return
	}
	r := l.result()
	severity, found, what, hint := c.explain(r)
	message := l.name() + " " + what
	if r.waiting != "" {
		message += ", so stage " + code(r.waiting) + " never started"
	}
	if isPast := r.rank == deployed || r.rank == undone; isPast && l.outcome != nil && len(l.calls) == 0 {
		message += "; convox-travis finds no deployment for it in its .travis.yml"
	}
	c.add(severity, found, text.Clean(message), hint)
}

// judgeNoBuild says why there may be no build of the branch.
func (c *repositoryCase) judgeNoBuild() {
	message, hint := "no build of "+text.Quote(c.last.branch)+" has finished yet", "push a commit to the branch, or name another one"
	switch {
	case !c.repository.Active:
		message, hint = message+": Travis doesn't build the repository", c.activate()
	case c.pushesOff:
		message, hint = message+": Travis doesn't build its pushes", buildPushes
	}
	c.add(SeverityWarning, FoundNoBuild, message, hint)
}

// name names the build at the start of a sentence.
func (l *lastBuild) name() string {
	of := l.Event + " build of " + text.Quote(l.Branch)
	switch {
	case l.Tag != "":
		of = "tag " + text.Quote(l.Tag)
	case l.Event == string(build.Push):
		of = "push to " + text.Quote(l.Branch)
	case l.Event == string(build.PullRequest):
		of = "a pull request to " + text.Quote(l.Branch)
	}
	if l.Commit != "" {
		of += ", " + l.Commit
	}
	return fmt.Sprintf("build %s (%s, %s)", l.Number, of, l.State)
}

// look is a hint to look at the build, or at one of its jobs.
func (c *repositoryCase) look(kind string, id int) string {
	if c.request.OwnTravis {
		return "look at it on Travis"
	}
	return fmt.Sprintf("look at it: %s/%s/%d", pageOf(c.target), kind, id)
}

// explain says in the words of a finding what the result is.
func (c *repositoryCase) explain(r result) (severity Severity, found, what, hint string) {
	l := c.last
	switch r.rank {
	case deployed:
		what = "deployed, in job " + r.job.Number
		if r.last.Kind != "" && r.last.Kind != joblog.Promoted && r.last.Kind != joblog.Skipped {
			what += ", which failed later"
		}
		return SeverityNote, FoundDeployed, what, ""
	case skipped:
		what, hint = c.explainSkip(r.last)
		return SeverityError, FoundSkipped, "deployed nothing: " + what, hint
	case undeployed:
		what, hint = c.explainNoDeployment()
		return SeverityError, FoundNoDeployment, "deployed nothing: " + what, hint
	case undone, stopped, allowed:
		if r.last.Kind == joblog.Canceled {
			return SeverityWarning, FoundCanceled, "was canceled before it deployed", "restart it, or push again"
		}
		found, what, hint = c.explainFailure(r)
		return SeverityError, found, what, hint
	}
	why, hint := "its log doesn't say", c.look("builds", l.ID)
	switch {
	case travisapi.Failed(l.logErr, travisapi.CodeDenied):
		why, hint = "the repository's settings don't let this account read its log", "get push access, or change who can see job logs in the repository's settings on Travis"
	case travisapi.Failed(l.logErr, travisapi.CodeNotFound):
		why = "Travis has no log of a job"
	case l.logErr != nil:
		why = l.logErr.Error()
	case len(l.logs) < len(l.Jobs):
		why = fmt.Sprintf("only %d of its %d logs were read", len(l.logs), len(l.Jobs))
	}
	return SeverityWarning, FoundUnclear, "may have deployed: " + why, hint
}

// skipHints say what helps if the file doesn't.
var skipHints = map[joblog.Reason]string{
	joblog.Repository: "correct `repo` under `on` of the deployment, or delete it",
	joblog.Branch:     "name the branch under `on` of the deployment",
	joblog.Runtime:    "correct the version under `on` of the deployment, or delete it",
	joblog.Condition:  "correct `condition` under `on` of the deployment: https://docs.travis-ci.com/user/deployment/#conditional-releases-with-on",
	joblog.Tag:        "push a tag, or delete `tags` under `on` of the deployment",
}

// explainSkip says why Travis skipped a deployment.
func (c *repositoryCase) explainSkip(last joblog.Finding) (what, hint string) {
	what = "Travis skipped a deployment"
	if last.Provider == "script" || last.Provider == "convox" {
		what = "Travis skipped its " + last.Provider + " deployment"
	}
	if last.Reason != "" {
		what += ", because " + string(last.Reason)
	}
	if last.Reason == joblog.PullRequest {
		return what, "merge it: Travis deploys no pull request"
	}
	because, hint := c.whyIdle()
	return what + because, cmp.Or(hint, skipHints[last.Reason], c.look("builds", c.last.ID))
}

// explainNoDeployment says why nothing in a build deployed.
func (c *repositoryCase) explainNoDeployment() (what, hint string) {
	because, hint := c.whyIdle()
	switch {
	case because != "":
	case c.last.outcome == nil:
		because = "; its .travis.yml, with what that imports, isn't known"
	default:
		because = "; its .travis.yml runs no convox deploy"
	}
	return "no job had a deployment" + because, cmp.Or(hint, c.yml("to add a step", build.Call{}))
}

// whyIdle says what the .travis.yml of the build has to do with a deployment that didn't
// run, as the end of a sentence, and how to fix it. Travis is right about the past, so
// it says where the played build differs.
func (c *repositoryCase) whyIdle() (because, hint string) {
	l := c.last
	switch {
	case len(l.calls) > 0:
		because = fmt.Sprintf("; as convox-travis reads its .travis.yml, line %d deploys, so trust the log", l.calls[0].Line)
	case len(l.idle) > 0:
		because, hint = "; in its .travis.yml, "+l.idle[0].Message, l.idle[0].Hint
	}
	if c.file == nil || c.file.playErr != nil || l.text == "" || c.file.source.Text == l.text {
		return because, hint
	}
	for _, step := range c.file.steps {
		if len(step.in(pushed)) > 0 {
			return because, fmt.Sprintf("commit and push .travis.yml, if you haven't: as it is now, line %d deploys %s", step.line, text.Quote(l.branch))
		}
	}
	return because, hint
}

// failures are the findings about what a log says. A word in braces is replaced: {flags} by
// the convox CLI's for the app and the Rack, and {line} by the place of the deployment.
var failures = map[joblog.Kind]struct{ found, what, hint string }{
	joblog.RolledBack: {FoundRolledBack, "was rolled back: {rack} couldn't start the new release of {app}{line}", "look for the reason with `convox logs{flags}`"},
	joblog.NoApp:      {FoundNoTarget, "deployed nothing: {rack} doesn't have {app}{line}", "correct --app, or run `convox apps create{flags}`"},
	joblog.NoRack:     {FoundNoTarget, "deployed nothing: the convox CLI didn't find {rack}{line}", "correct --rack: ORG/NAME behind a Console, none for a Rack directly"},
	joblog.NoDownload: {FoundCLIFailed, "deployed nothing: {job} couldn't download the convox CLI{line}", "correct its address (" + cliPage + "), or restart the build"},
	joblog.NoCLI:      {FoundCLIFailed, "deployed nothing: {job} couldn't start the convox CLI{line}", "install it before it is used, for the job's architecture: " + cliPage},
	joblog.Silent:     {FoundStopped, "was stopped: {job} printed nothing for {time}", "print a line every few minutes: https://docs.travis-ci.com/user/common-build-problems/"},
	joblog.WaitedFor:  {FoundStopped, "was stopped: travis_wait ended a command of {job} after {time}", "give travis_wait more minutes, or make the command faster"},
	joblog.TooLong:    {FoundStopped, "was stopped: the log of {job} exceeded Travis's limit", "print less"},
	joblog.OutOfTime:  {FoundStopped, "was stopped: {job} exceeded Travis's time limit", "split the job: https://docs.travis-ci.com/user/customizing-the-build/#build-timeouts"},
	joblog.Refused:    {FoundLoginFailed, "couldn't log in: the Rack or Console refused the login of {job}{line}", ""},
	joblog.Command:    {FoundBuildFailed, "failed before it deployed: in {job}, {command} exited with {status}", ""},
	joblog.Deployment: {FoundBuildFailed, "deployed nothing: the deployment of {job} failed{line}", ""},
}

const cliPage = "https://docs.convox.com/installation/cli/"

// explainFailure says why a job ended before it deployed, or its deployment failed.
func (c *repositoryCase) explainFailure(r result) (found, what, hint string) {
	app, rack, line, flags := "the app", "the Rack", "", ""
	var call build.Call
	if len(c.last.calls) > 0 {
		call = c.last.calls[0]
		line = fmt.Sprintf(" (line %d)", call.Line)
	}
	if isPlain(call.App) {
		app, flags = "app "+Shortened(call.App), " --app "+text.Command(call.App)
	}
	if isPlain(call.Rack) {
		rack, flags = "Rack "+Shortened(call.Rack), flags+" --rack "+text.Command(call.Rack)
	}
	command := "a command of " + code(r.last.Phase)
	if line := c.last.lineOf(r.last); line > 0 {
		command = fmt.Sprintf("the command on line %d (%s)", line, code(r.last.Phase))
	}
	words := strings.NewReplacer("{job}", "job "+r.job.Number, "{app}", app, "{rack}", rack, "{line}", line, "{flags}", flags,
		"{time}", r.last.Time, "{command}", command, "{status}", r.last.Status)
	failure := failures[r.last.Kind]
	what, hint = words.Replace(failure.what), words.Replace(failure.hint)
	switch {
	case r.last.Kind == joblog.Silent && r.rank == undone:
		what += " while it deployed" + line
		if hint = c.look("jobs", r.job.ID); c.last.outcome != nil {
			if flags, ok := stepFlags(call, c.last.outcome.Played...); ok {
				hint = c.yml("delete the step, and write one that prints a line every few minutes", call, flags...)
			}
		}
	case r.last.Kind == joblog.Refused:
		hint = c.write("to write the variables again", "")
	case hint == "":
		hint = c.look("jobs", r.job.ID)
	}
	return failure.found, what, hint
}
