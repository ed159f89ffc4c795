package travisyml

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"convox-travis/internal/build"
)

// attempt is the step at one place, and what builds do with it.
type attempt struct {
	Change
	refusal *Refusal
	verdict verdict
}

// try judges a change whose job needs the convox CLI with a suffix.
func (a *addition) try(change Change, refusal *Refusal, suffix string) attempt {
	if refusal != nil {
		return attempt{refusal: refusal, verdict: otherwise}
	}
	verdict := a.judge(&change, suffix)
	return attempt{Change: change, verdict: verdict}
}

// tryRoot tries the step at the top of the file, if a push has one job, and no job
// deploys in a stage of its own.
func (a *addition) tryRoot() attempt {
	jobs := a.push().Build.Jobs
	if len(jobs) != 1 || clientSuffix(jobs[0].Arch) == noClient || len(a.deployStages()) > 0 {
		return attempt{verdict: otherwise}
	}
	suffix := clientSuffix(jobs[0].Arch)
	url := a.step.client(suffix)
	key, lines := DeployScript, asItem(a.step.scripted(url))
	if a.step.Form == AfterSuccess {
		key, lines = AfterSuccess, asItem(a.step.guarded(url))
	}
	change, refusal := a.document.addUnder(key.String(), lines, a.step.appended(url))
	return a.try(change, refusal, suffix)
}

// findJob tries the step as a job: in a stage that has deploys, then in one at the end.
// Without the variables of other jobs, it may escape what the file excludes or allows to
// fail.
func (a *addition) findJob() (found attempt) {
	for _, stage := range append(a.deployStages(), a.newStage()) {
		lines, suffix := a.jobLines(stage)
		found = a.tryJob(lines, suffix)
		if found.verdict != accepted && a.config.Root.Get("env").Get("jobs") != nil {
			if bare := a.tryJob(slices.Insert(lines, 2, "env: []"), suffix); bare.verdict == accepted {
				return bare
			}
		}
		if found.verdict == accepted {
			break
		}
	}
	return found
}

// tryJob tries a job, then, where it would replace the only one, a job for that one too.
func (a *addition) tryJob(lines []string, suffix string) attempt {
	change, refusal := a.document.addJob(asItem(lines))
	tried := a.try(change, refusal, suffix)
	if tried.verdict == lostJob && len(a.push().Build.Jobs) == 1 {
		change, refusal = a.document.addJob(append(asItem([]string{"stage: " + firstStage}), asItem(lines)...))
		tried = a.try(change, refusal, suffix)
	}
	return tried
}

// deployStages are the stages in which a job deploys with Convox.
func (a *addition) deployStages() []string {
	var names []string
	for _, outcome := range a.outcomes {
		for i, job := range outcome.Build.Jobs {
			isDeploy := slices.ContainsFunc(outcome.Played[i].Calls, func(call build.Call) bool { return call.Deploys && call.Phase != "after_success" })
			known := slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, job.Stage) })
			if isDeploy && !known && appPattern.MatchString(job.Stage) && !strings.EqualFold(job.Stage, firstStage) {
				names = append(names, job.Stage)
			}
		}
	}
	return names
}

func (a *addition) newStage() string {
	taken := map[string]bool{firstStage: true}
	root := a.config.Root
	for _, stage := range root.Get("stages").List() {
		taken[nameOf(stage.Get("name"))] = true
	}
	for _, list := range []string{"include", "exclude", "allow_failures"} {
		for _, job := range root.Get("jobs").Get(list).List() {
			taken[nameOf(job.Get("stage"))] = true
		}
	}
	for n, name := 2, "deploy"; ; n++ {
		if !taken[name] {
			return name
		}
		if name = "convox deploy"; taken[name] {
			name = fmt.Sprintf("convox deploy %d", n)
		}
	}
}

// nameOf returns a stage in the form in which Travis compares it.
func nameOf(stage *build.Node) string {
	if stage == nil {
		return ""
	}
	return stageKey(stage.Text)
}

const firstStage = "test" // that of jobs without one

// phases run in every job unless it overrides them.
var phases = []string{"before_install", "install", "before_script", "script", "before_cache", "after_success", "after_failure", "after_script"}

// jobLines writes a job that only deploys: on Linux, in a language that needs nothing,
// without what it would inherit from the top of the file. If after_success is skipped, so
// are deployments.
func (a *addition) jobLines(stage string) (lines []string, suffix string) {
	root := a.config.Root
	lines = []string{"stage: " + stage, "if: " + a.condition(), "language: generic"}
	if systems := root.Get("os").Texts(); !slices.Equal(systems, []string{"linux"}) {
		lines = append(lines, "os: linux")
	}
	if archs := root.Get("arch").Texts(); len(archs) > 0 {
		suffix = clientSuffix(archs[0])
		if suffix == noClient || suffix != "" && slices.ContainsFunc(archs, func(arch string) bool { return clientSuffix(arch) == "" }) {
			suffix = ""
			lines = append(lines, "arch: amd64")
		}
	}
	for _, phase := range phases {
		isSet := root.Get(phase) != nil
		if phase == "after_success" {
			isSet = isSet || root.Get("deploy") != nil || root.Get("addons").Get("deploy") != nil
		}
		switch {
		case phase == "script":
			lines = append(lines, "script:", "  - |")
			lines = append(lines, indented(a.step.command(a.step.client(suffix)), 4)...)
		case isSet:
			lines = append(lines, phase+": skip")
		}
	}
	return lines, suffix
}

// condition is true for builds of the branch except pull requests, whose branch is their target.
func (a *addition) condition() string {
	var types []string
	for i, outcome := range a.outcomes[:kinds] {
		if a.wants(i) {
			types = append(types, string(outcome.Event.Type))
		}
	}
	condition := `branch = "` + a.step.Branch + `" AND type `
	switch len(types) {
	case 1:
		return condition + "= " + types[0]
	case 2:
		return condition + "IN (" + strings.Join(types, ", ") + ")"
	}
	return condition + "!= pull_request"
}

// addUnder adds an item to a list at the top, or text to a text block.
func (d *Document) addUnder(name string, lines []string, text map[string][]string) (Change, *Refusal) {
	p := d.whole()
	var edits []edit
	var why refusalReason
	found, ok := p.find(name)
	switch {
	case !ok && hasMerged(d.root, name):
		why = reasonAlias
	case !ok:
		edits, why = d.addKey(p, d.nested(name, lines))
	case name == AfterSuccess.String() && isSkipped(found.value):
		why = reasonSkip
	case name == AfterSuccess.String() && isBlock(found.value) && isOpen(found.value.Value):
		why = reasonOpen
	case name == AfterSuccess.String() && isBlock(found.value):
		edits, why = d.addText(found, text)
	case name == DeployScript.String() && found.value.Kind == scalarKind && !isEmptyNode(found.value):
		why = reasonShape
	default:
		edits, why = d.addItem(found, lines)
	}
	change, done := d.splice(name, edits)
	if done {
		return change, nil
	}
	if ok {
		return Change{}, &Refusal{Reason: reason(why, edits), Place: name, Line: found.key.Line, Lines: lines}
	}
	return Change{}, &Refusal{Reason: reason(why, edits), Place: name, Lines: d.nested(name, lines)}
}

// isOpen reports whether Bash would join a following line to a text.
func isOpen(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasSuffix(text, "&&") || strings.HasSuffix(text, "|") || strings.HasSuffix(text, "\\")
}

// addJob adds jobs where Travis reads the list of jobs. If both matrix and jobs exist, it
// only reads matrix
// (https://github.com/travis-ci/travis-yml/blob/master/lib/travis/yml/schema/def/jobs.rb).
func (d *Document) addJob(lines []string) (Change, *Refusal) {
	jobs, found := d.whole().find("matrix", "jobs")
	name := "jobs.include"
	if found {
		name = keyName(jobs.key) + ".include"
	}
	edits, why := d.addToJobs(jobs, found, lines)
	if why == "" {
		if change, done := d.splice(name, edits); done {
			return change, nil
		}
	}
	refusal := &Refusal{Reason: reason(why, edits), Place: name, Lines: lines}
	switch include, listed := jobs.find("include"); {
	case !found:
		refusal.Lines = d.nestedJob(lines)
	case listed:
		refusal.Line = include.key.Line
	default:
		refusal.Line = jobs.key.Line
	}
	return Change{}, refusal
}

func (d *Document) addToJobs(jobs place, found bool, lines []string) ([]edit, refusalReason) {
	if !found {
		if hasMerged(d.root, "jobs", "matrix") {
			return nil, reasonAlias
		}
		return d.addKey(d.whole(), d.nestedJob(lines))
	}
	if jobs.value.Kind == yaml.SequenceNode { // Travis reads it as jobs.include
		return d.addItem(jobs, lines)
	}
	include, found := jobs.find("include")
	if found {
		return d.addItem(include, lines)
	}
	if jobs.value.Kind == yaml.MappingNode && hasMerged(jobs.value, "include") {
		return nil, reasonAlias
	}
	return d.addKey(jobs, d.nested("include", lines))
}

func (d *Document) nestedJob(lines []string) []string {
	return append([]string{"jobs:"}, indented(d.nested("include", lines), d.keyIndent())...)
}
