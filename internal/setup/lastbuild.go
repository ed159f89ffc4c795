package setup

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
	FoundNoSuchApp    = "last_build_no_app"      // the app or the Rack is unknown
	FoundCLIFailed    = "last_build_no_client"   // the convox CLI couldn't be downloaded or started
	FoundStopped      = "last_build_stopped"     // Travis ended a job
	FoundBuildFailed  = "last_build_failed"      // a command failed, or the deployment for another reason
	FoundCanceled     = "last_build_canceled"    //
	FoundUnclear      = "last_build_unclear"     // its logs can't be read, or don't say
)

// lastBuild is the newest build of a branch that is over. Its ID is 0 if there is none.
type lastBuild struct {
	travisapi.PastBuild
	branch string
	err    error              // why it couldn't be read
	logs   map[int]joblog.Log // of jobs, by position
	logErr error              // why one of their logs couldn't be read

	text    string // the .travis.yml that it was made of, or "" if unknown
	imports bool   // it was made of other files too, and isn't played
	calls   []build.Call
	outcome build.Outcome
	played  bool      // outcome is what it should have done, and calls what it deploys
	idle    []Finding // why steps of the file don't run for pushes to the branch
}

// mostLogs limits how many logs of a build are read.
const mostLogs = 10

// readLastBuild reads the last build of a branch: of a push, or else of any event. Its
// logs are read, and only what they say of deployments is kept.
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
			return 1 - 2*l.Jobs[i].StageNumber
		}
		return -2 * l.Jobs[i].StageNumber
	}
	slices.SortStableFunc(positions, func(a, b int) int { return cmp.Compare(order(a), order(b)) })
	return positions[:min(len(positions), mostLogs)]
}

// event is what started the build.
func (l *lastBuild) event(repo string) build.Event {
	e := build.Event{Type: build.EventType(l.Event), Repo: repo, Branch: l.Branch, Tag: l.Tag}
	if e.Tag != "" {
		e.Branch = e.Tag
	}
	return e
}

// play plays the build as it was, except that conditions see the settings' variables of
// today. Without the whole config it does nothing. The error is that of ctx.
func (l *lastBuild) play(ctx context.Context, player build.Player, repo string, vars []travisapi.EnvVar) error {
	if l == nil || l.text == "" || l.imports {
		return nil
	}
	file := travisyml.File{Text: l.text}
	config, err := build.Parse(ctx, []byte(l.text))
	if err == nil {
		event := l.event(repo)
		event.Settings, event.SettingsKnown = settingsFor(vars, event.Branch), true
		var outcomes []build.Outcome
		if outcomes, err = outcomesOf(ctx, player, file, config, []build.Event{event}); err == nil {
			l.played, l.outcome = true, outcomes[0]
			l.calls = Builds{Outcomes: outcomes}.deploys(pushed)
			l.idle, _ = Idle(ctx, player, file, build.Target{Repo: repo, Branch: l.Branch})
		}
	}
	return context.Cause(ctx)
}

// lineOf returns the line of a command that failed, or 0 if the file doesn't have it.
func (l *lastBuild) lineOf(failed joblog.Finding) int {
	if !l.played {
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

// result is what became of a build, as far as one of its jobs decides that.
type result struct {
	rank    rank
	job     travisapi.Job
	last    joblog.Finding
	waiting string // the stage that never started because of the job, or ""
}

// rank orders results: of several jobs, the one with the highest rank is reported.
type rank int

const (
	unread     rank = iota
	allowed         // it failed, and was allowed to
	undeployed      // it ended, and nothing deploys
	canceled
	stopped // it ended before it deployed
	skipped
	deployed
	undone // its deployment failed
)

// rankOf ranks a job by its log.
func rankOf(job travisapi.Job, log joblog.Log) rank {
	switch log.Last.Kind {
	case joblog.RolledBack, joblog.Refused, joblog.NoApp, joblog.NoRack, joblog.NoDownload, joblog.NoCLI, joblog.Deployment:
		return undone
	case joblog.Silent, joblog.TooLong, joblog.OutOfTime, joblog.WaitedFor:
		if log.Deploys && !log.Promoted {
			return undone
		}
	}
	switch {
	case log.Promoted:
		return deployed
	case log.Last.Kind == joblog.Skipped:
		return skipped
	case log.Last.Kind == joblog.Canceled:
		return canceled
	case log.Last.Kind != "" && job.AllowFailure:
		return allowed
	case log.Last.Kind != "":
		return stopped
	case log.Deploys && job.State == "passed":
		return deployed
	case log.Ended:
		return undeployed
	}
	return unread
}

// result finds the job that decides.
func (l *lastBuild) result() result {
	var r result
	for i, job := range l.Jobs {
		log, isRead := l.logs[i]
		if !isRead {
			continue
		}
		if rank := rankOf(job, log); rank > r.rank {
			r = result{rank: rank, job: job, last: log.Last}
		}
	}
	if r.rank == stopped || r.rank == canceled {
		for _, job := range l.Jobs {
			if job.StageNumber > r.job.StageNumber && (job.State == "created" || job.State == "canceled") {
				r.waiting = job.Stage
				break
			}
		}
	}
	return r
}

// judgeLastBuild says whether the last build deployed, and why not.
func (c *auditCase) judgeLastBuild() {
	l := c.last
	switch {
	case l == nil:
		return
	case l.err != nil:
		c.add(SeverityWarning, FoundUnclear, "the builds of "+showBranch(l.branch)+" couldn't be read: "+l.err.Error(), c.request.hint(l.err))
		return
	case l.ID == 0:
		c.judgeNoBuild()
		return
	}
	r := l.result()
	severity, found, what, hint := c.explainResult(r)
	message := l.name() + " " + what
	if r.waiting != "" {
		message += ", so stage " + code(r.waiting) + " never started"
	}
	c.add(severity, found, message, hint)
}

// judgeNoBuild says why there may be no build of the branch.
func (c *auditCase) judgeNoBuild() {
	message, hint := "no build of "+showBranch(c.last.branch)+" is over yet", "push a commit to the branch, or name another one"
	switch {
	case !c.repository.Active:
		message, hint = message+": Travis doesn't build the repository", c.activate()
	case c.pushesOff:
		message, hint = message+": Travis doesn't build its pushes", "switch on \"Build pushed branches\" in the repository's settings on Travis"
	}
	c.add(SeverityWarning, FoundNoBuild, message, hint)
}

// name names the build at the start of a sentence.
func (l *lastBuild) name() string {
	of := l.Event + " to " + showBranch(l.Branch)
	switch {
	case l.Tag != "":
		of = "tag " + showBranch(l.Tag)
	case l.Event == string(build.PullRequest):
		of = "a pull request to " + showBranch(l.Branch)
	case l.Event != string(build.Push):
		of = l.Event + " build of " + showBranch(l.Branch)
	}
	return fmt.Sprintf("build %s (%s)", l.Number, strings.Join(slices.DeleteFunc([]string{of, l.shortCommit(), l.State}, func(s string) bool { return s == "" }), ", "))
}

// explainResult says in the words of a finding what became of the build.
func (c *auditCase) explainResult(r result) (severity Severity, found, what, hint string) {
	l := c.last
	job := "job " + r.job.Number
	switch r.rank {
	case deployed:
		what = "deployed, in " + job
		if r.last.Kind != joblog.Promoted && r.last.Kind != "" && r.last.Kind != joblog.Skipped {
			what += ", which failed later"
		}
		if l.played && len(l.calls) == 0 {
			what += "; convox-travis finds no deployment for it in its .travis.yml"
		}
		return SeverityNote, FoundDeployed, what, ""
	case skipped:
		what, hint = c.explainSkip(r.last)
		return SeverityError, FoundSkipped, "deployed nothing: " + what, hint
	case undeployed:
		what, hint = c.explainNoDeployment()
		return SeverityError, FoundNoDeployment, "deployed nothing: " + what, hint
	case canceled:
		return SeverityWarning, FoundCanceled, "was canceled before it deployed", "restart it, or push again"
	case undone, stopped, allowed:
		found, what, hint = c.explainFailure(r)
		return SeverityError, found, what, hint
	}
	return c.explainUnread()
}

// explainUnread is for a build without a log that decides.
func (c *auditCase) explainUnread() (severity Severity, found, what, hint string) {
	l := c.last
	switch {
	case l.State == "canceled":
		return SeverityWarning, FoundCanceled, "was canceled before it deployed", "restart it, or push again"
	case travisapi.Failed(l.logErr, travisapi.CodeDenied):
		what, hint = "may have deployed: the repository's settings don't let this account read its log", "get push access, or change who can see job logs in the repository's settings on Travis"
	case travisapi.Failed(l.logErr, travisapi.CodeNotFound):
		what, hint = "may have deployed: Travis has no log of it", c.seeBuild()
	case l.logErr != nil:
		what, hint = "may have deployed: "+l.logErr.Error(), c.seeBuild()
	default:
		what, hint = "may have deployed: its log doesn't say", c.seeBuild()
	}
	return SeverityWarning, FoundUnclear, what, hint
}

// page is where a person can see a build or a job, "" if unknown.
func (c *auditCase) page(kind string, id int) string {
	if c.request.OwnTravis {
		return ""
	}
	return fmt.Sprintf("https://app.travis-ci.com/%s/%s/%s/%d", c.target.provider(), c.target.Slug, kind, id)
}

func (c *auditCase) seeBuild() string {
	if page := c.page("builds", c.last.ID); page != "" {
		return "look at it: " + page
	}
	return "look at it on Travis"
}

func (c *auditCase) seeLog(job travisapi.Job) string {
	if page := c.page("jobs", job.ID); page != "" {
		return "look at its log: " + page
	}
	return "look at its log on Travis"
}

// skipHints say what helps if the file doesn't.
var skipHints = map[joblog.Reason]string{
	joblog.PullRequest: "merge it: Travis deploys pushes only",
	joblog.Repository:  "correct `repo` under `on` of the deployment, or delete it",
	joblog.Branch:      "name the branch under `on` of the deployment",
	joblog.Runtime:     "correct the version under `on` of the deployment, or delete it",
	joblog.Condition:   "correct `condition` under `on` of the deployment: https://docs.travis-ci.com/user/deployment/#conditional-releases-with-on",
	joblog.Tag:         "push a tag, or delete `tags` under `on` of the deployment",
}

// explainSkip says why Travis skipped a deployment.
func (c *auditCase) explainSkip(last joblog.Finding) (what, hint string) {
	provider := "a deployment"
	if last.Provider == "script" || last.Provider == "convox" {
		provider = "its " + last.Provider + " deployment"
	}
	what = "Travis skipped " + provider
	if last.Reason != "" {
		what += ", because " + string(last.Reason)
	}
	if last.Reason == joblog.PullRequest {
		return what, skipHints[last.Reason]
	}
	because, hint := c.whyIdle()
	return what + because, cmp.Or(hint, skipHints[last.Reason], c.seeBuild())
}

// explainNoDeployment says why nothing in a build deployed.
func (c *auditCase) explainNoDeployment() (what, hint string) {
	l := c.last
	what = "no job had a deployment"
	because, hint := c.whyIdle()
	switch {
	case because != "":
	case l.text == "" || l.imports:
		because = "; its .travis.yml, with what that imports, isn't known"
	default:
		because = "; its .travis.yml runs no convox deploy"
	}
	return what + because, cmp.Or(hint, c.yml("to add a step", build.Call{}))
}

// whyIdle says what the .travis.yml of the build has to do with a deployment that didn't
// run, as the end of a sentence, and how to fix it. Travis is right about the past, so
// it says where the played build differs.
func (c *auditCase) whyIdle() (because, hint string) {
	l := c.last
	switch {
	case len(l.calls) > 0:
		because = fmt.Sprintf("; as convox-travis reads its .travis.yml, line %d deploys, so trust the log", l.calls[0].Line)
	case len(l.idle) > 0:
		because, hint = "; in its .travis.yml, "+l.idle[0].Message, l.idle[0].Hint
	}
	if line := c.deploysNow(); line > 0 {
		hint = fmt.Sprintf("commit and push .travis.yml, if you haven't: as it is now, line %d deploys %s", line, showBranch(l.branch))
	}
	return because, hint
}

// deploysNow returns the line that deploys the branch in the clone's .travis.yml, if that
// differs from the build's; otherwise 0.
func (c *auditCase) deploysNow() int {
	if c.file == nil || c.file.played == nil || c.file.played.err != nil || c.last.text == "" || c.file.text == c.last.text {
		return 0
	}
	for _, step := range c.file.played.steps {
		if len(step.in(pushed)) > 0 {
			return step.line
		}
	}
	return 0
}

// explainFailure says why a job ended before it deployed, or without that.
func (c *auditCase) explainFailure(r result) (found, what, hint string) {
	call, place := c.last.deploy()
	lead := "job " + r.job.Number + " "
	app, rack := "the app", "the Rack"
	if isPlain(call.App) {
		app = "app " + Shortened(call.App)
	}
	if isPlain(call.Rack) {
		rack = "Rack " + Shortened(call.Rack)
	}
	silent := "print a line every few minutes while a command is silent: https://docs.travis-ci.com/user/common-build-problems/"
	if r.rank == undone {
		silent = c.yml("delete the step and let the wizard write one that prints a line every few minutes", call)
	}
	switch r.last.Kind {
	case joblog.RolledBack:
		return FoundRolledBack, "was rolled back: " + rack + " couldn't start the new release of " + app + place, "look for the reason with `" + text.Command(slices.Concat([]string{"convox", "logs"}, convoxFlags(call))...) + "`"
	case joblog.Refused:
		return FoundLoginFailed, "couldn't log in: the Rack or Console refused the login of " + lead + place, c.write("to write the variables again", "")
	case joblog.NoApp:
		return FoundNoSuchApp, "deployed nothing: " + rack + " has no " + app + place, "correct --app, or run `" + text.Command(slices.Concat([]string{"convox", "apps", "create"}, convoxFlags(call))...) + "`"
	case joblog.NoRack:
		return FoundNoSuchApp, "deployed nothing: the convox CLI didn't find " + rack + place, "correct --rack: ORG/NAME behind a Console, none for a Rack directly"
	case joblog.NoDownload:
		return FoundCLIFailed, "deployed nothing: " + lead + "couldn't download the convox CLI" + place, "correct its address (https://docs.convox.com/installation/cli/), or restart the build"
	case joblog.NoCLI:
		return FoundCLIFailed, "deployed nothing: " + lead + "couldn't start the convox CLI" + place, "install it before it is used, for the job's architecture: https://docs.convox.com/installation/cli/"
	case joblog.Silent:
		return FoundStopped, "was stopped: " + lead + "printed nothing for " + r.last.Time + place, silent
	case joblog.WaitedFor:
		return FoundStopped, "was stopped: travis_wait ended a command of " + lead + "after " + r.last.Time, "give travis_wait more minutes, or make the command faster"
	case joblog.TooLong:
		return FoundStopped, "was stopped: the log of " + lead + "exceeded Travis's limit", "print less"
	case joblog.OutOfTime:
		return FoundStopped, "was stopped: " + lead + "exceeded Travis's time limit", "split the job: https://docs.travis-ci.com/user/customizing-the-build/#build-timeouts"
	case joblog.Command:
		command := "a command"
		if line := c.last.lineOf(r.last); line > 0 {
			command = fmt.Sprintf("the command on line %d", line)
		}
		return FoundBuildFailed, fmt.Sprintf("failed before it deployed: in %s%s of `%s` exited with %s", lead, command, r.last.Phase, r.last.Status), c.seeLog(r.job)
	}
	return FoundBuildFailed, "deployed nothing: the deployment of " + lead + "failed" + place, c.seeLog(r.job)
}

// deploy returns a deploy that the build should have run, and its place, to be appended.
func (l *lastBuild) deploy() (call build.Call, place string) {
	if len(l.calls) == 0 {
		return build.Call{}, ""
	}
	return l.calls[0], fmt.Sprintf(" (line %d)", l.calls[0].Line)
}

// convoxFlags are the flags of a command about what is deployed.
func convoxFlags(call build.Call) (flags []string) {
	if isPlain(call.App) {
		flags = append(flags, "--app", call.App)
	}
	if isPlain(call.Rack) {
		flags = append(flags, "--rack", call.Rack)
	}
	return flags
}

// shortCommit is the start of the commit's SHA, as git shows it, or "" if it isn't one.
func (l *lastBuild) shortCommit() string {
	short := l.Commit[:min(len(l.Commit), 7)]
	if strings.Trim(short, "0123456789abcdef") != "" {
		return ""
	}
	return short
}

// AuditedBuild names a build.
type AuditedBuild struct{ Number, State, Event, Commit string }

func (l *lastBuild) audited() *AuditedBuild {
	if l == nil || l.ID == 0 {
		return nil
	}
	return &AuditedBuild{l.Number, l.State, l.Event, l.shortCommit()}
}
