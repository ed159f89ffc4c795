package travisyml

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// addStage adds the step as a last stage with one job, which does nothing else.
// It goes where the file lists its jobs. Travis moves what is under matrix to
// jobs; a file that has both is given it where the jobs are
// (https://github.com/travis-ci/travis-yml/blob/master/lib/travis/yml/schema/def/jobs.rb).
// Before are jobs to list before it: the build's lone job, which Travis drops as
// soon as one is listed, listed too with nothing of its own.
func (d *Document) addStage(step Step, before []string) (Change, *Refusal) {
	job, why := d.stageJob(step)
	lines := append(before, asItem(job)...)
	jobs, found := d.whole().find(d.jobsKey())
	name := "jobs.include"
	if found {
		name = keyName(jobs.key) + ".include"
	}
	edits, closed := d.addJob(jobs, found, lines)
	if why == "" {
		why = closed
	}
	if why == "" {
		if change, done := d.splice(name, edits); done {
			return change, nil
		}
	}
	refusal := &Refusal{Reason: d.reason(why), Place: name, Lines: lines}
	d.pasteJob(refusal, jobs, found, lines)
	return Change{}, d.bracketed(refusal)
}

// addJob adds a job to the list of jobs, wherever a file has it.
func (d *Document) addJob(jobs place, found bool, lines []string) ([]edit, refused) {
	if !found {
		if lookup(d.root, "jobs", "matrix") != nil {
			return nil, reasonAlias
		}
		return d.addKey(d.whole(), d.nestedJob(lines))
	}
	if jobs.value.Kind == yaml.SequenceNode { // Travis takes it for jobs.include
		return d.addItem(jobs, lines)
	}
	include, found := jobs.find("include")
	if found {
		return d.addItem(include, lines)
	}
	if jobs.value.Kind == yaml.MappingNode && lookup(jobs.value, "include") != nil {
		return nil, reasonAlias
	}
	return d.addKey(jobs, d.nested("include", lines))
}

func (d *Document) nestedJob(lines []string) []string {
	return append([]string{"jobs:"}, indented(d.nested("include", lines), d.keyIndent())...)
}

// pasteJob says where a person can write a job, and what: an item where there is
// a list in lines, else the key anew.
func (d *Document) pasteJob(refusal *Refusal, jobs place, found bool, lines []string) {
	if !found {
		refusal.Lines = d.nestedJob(lines)
		for _, key := range []string{"matrix", "jobs"} {
			if merged := lookup(d.root, key); merged != nil {
				refusal.Lines, _ = d.pastedJobs(key, withoutAnchors(clone(merged)), lines)
			}
		}
		return
	}
	refusal.Line = jobs.key.Line
	inLines := func(p place) bool { return p.value.Kind == yaml.SequenceNode && !isFlow(p.value) }
	include, listed := jobs.find("include")
	switch {
	case inLines(jobs):
	case listed && !isFlow(jobs.value):
		refusal.Line = include.key.Line
		if !inLines(include) {
			refusal.Lines, refusal.Replace = d.pastedList(include.key.Value, include.value, lines)
		}
	case jobs.value.Kind == yaml.MappingNode && !isFlow(jobs.value) && lookup(jobs.value, "include") == nil:
		refusal.Place, refusal.Lines = keyName(jobs.key), d.nested("include", lines)
	default:
		refusal.Place = keyName(jobs.key)
		refusal.Lines, refusal.Replace = d.pastedJobs(jobs.key.Value, jobs.value, lines)
	}
	if len(refusal.Lines) == 0 { // another part of the file repeats it
		refusal.Lines = lines
	}
}

// jobsKey is the key under which a file lists its jobs.
func (d *Document) jobsKey() string {
	key := "jobs"
	for _, name := range []string{"matrix", "jobs"} {
		if p, found := d.whole().find(name); found {
			if p.value.Kind == yaml.SequenceNode || lookup(p.value, "include") != nil {
				return name
			}
			if name == "matrix" {
				key = name
			}
		}
	}
	return key
}

// phases run in every job that does not say otherwise.
var phases = []string{"before_install", "install", "before_script", "script", "after_success", "after_failure", "after_script"}

// stageJob writes the job of the last stage: on Linux, with a language that
// needs nothing, and with everything skipped that it would get from the top of
// the file. A deploy at the top would be its own too, so there the step is its
// deploy, whatever form was asked for.
func (d *Document) stageJob(step Step) ([]string, refused) {
	lines := []string{
		"stage: " + d.stageName(),
		`if: branch = "` + step.Branch + `" AND type = push`,
		"language: generic",
	}
	job := map[string]string{"language": "generic"}
	if lookup(d.root, "os") != nil || !runsLinux(d.root) {
		lines = append(lines, "os: linux")
		job["os"] = "linux"
	}
	arch := architecture(d.root)
	if lookup(d.root, "arch") != nil && arch != "arm64" {
		arch = "amd64"
		lines = append(lines, "arch: amd64")
		job["arch"] = arch
	}
	kept, ok := d.keptFromExclude(job)
	why := refused("")
	if !ok {
		why = reasonExclude
	}
	lines = append(lines, kept...)

	url, _ := d.clientFor(step, nil)
	if arch == "arm64" {
		url += arm64Suffix
	}
	deploys := step.Form == DeployScript || lookup(d.root, "deploy") != nil
	for _, phase := range phases {
		switch {
		case phase == "script" && deploys, phase == "install", phase != "script" && lookup(d.root, phase) != nil:
			lines = append(lines, phase+": skip")
		case phase == "script":
			lines = append(lines, "script:", "  - |")
			lines = append(lines, indented(step.command(url), 4)...)
		}
	}
	if deploys {
		for _, phase := range []string{"before_deploy", "after_deploy"} {
			if lookup(d.root, phase) != nil {
				lines = append(lines, phase+": skip")
			}
		}
		lines = append(lines, "deploy:")
		lines = append(lines, indented(asItem(step.scripted(url)), 2)...)
	}
	return lines, why
}

const firstStage = "test" // that of jobs which name none

// stageName is a name that no stage of the file has, so that the stage is a new
// one, behind the others.
func (d *Document) stageName() string {
	taken := map[string]bool{firstStage: true}
	for _, stage := range items(lookup(d.root, "stages")) {
		taken[strings.ToLower(stage.Value)] = true
		taken[strings.ToLower(firstValue(lookup(stage, "name")))] = true
	}
	for _, job := range jobsOf(d.root) {
		taken[strings.ToLower(firstValue(lookup(job.node, "stage")))] = true
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

// keptFromExclude returns lines that keep a job out of jobs.exclude. A listed
// job takes the first value of each key that multiplies, and one that matches
// an entry in all its keys is left out, listed or not
// (https://github.com/travis-ci/travis-yml/blob/master/lib/travis/yml/matrix.rb).
func (d *Document) keptFromExclude(job map[string]string) (lines []string, ok bool) {
	for _, axis := range axesOf(d.root) {
		if _, set := job[axis]; !set {
			job[axis] = firstValue(lookup(d.root, namesOf(axis)...))
		}
	}
	for _, name := range []string{"dist", "sudo", "osx_image"} {
		if _, set := job[name]; !set {
			job[name] = firstValue(lookup(d.root, name))
		}
	}
	excludes := items(lookup(lookup(d.root, d.jobsKey()), "exclude"))
	for range len(excludes) + 1 {
		matching := slices.IndexFunc(excludes, func(entry *yaml.Node) bool { return matches(entry, job) })
		if matching < 0 {
			return lines, true
		}
		line, dodged := d.dodge(excludes, job)
		if !dodged {
			return nil, false
		}
		lines = append(lines, line)
	}
	return nil, false
}

// dodge gives the job another value of one key, with which no entry matches.
func (d *Document) dodge(excludes []*yaml.Node, job map[string]string) (line string, ok bool) {
	for _, axis := range axesOf(d.root) {
		was := job[axis]
		if axis == "os" || axis == "arch" {
			continue
		}
		for _, value := range items(lookup(d.root, namesOf(axis)...)) {
			job[axis] = value.Value
			if !slices.ContainsFunc(excludes, func(entry *yaml.Node) bool { return matches(entry, job) }) && appPattern.MatchString(value.Value) {
				return axis + `: "` + value.Value + `"`, true
			}
		}
		job[axis] = was
	}
	return "", false
}

// matches reports whether an entry of jobs.exclude may match a job. Of env and
// of conditions it supposes so.
func matches(entry *yaml.Node, job map[string]string) bool {
	if entry.Kind != yaml.MappingNode || len(entry.Content) == 0 {
		return false
	}
	for i := 0; i+1 < len(entry.Content); i += 2 {
		name := keyName(entry.Content[i])
		for axis, names := range otherNames {
			if slices.Contains(names, name) {
				name = axis
			}
		}
		has, known := job[name]
		if name == "env" || name == "if" || !known {
			continue
		}
		if !strings.EqualFold(firstValue(entry.Content[i+1]), has) {
			return false
		}
	}
	return true
}
