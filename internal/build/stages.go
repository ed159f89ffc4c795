package build

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// defaultStage is the stage of jobs without one, as soon as any stage exists.
const defaultStage = "test"

// pages are branches that Travis doesn't build by default
// (https://docs.travis-ci.com/user/customizing-the-build/#building-specific-branches).
var pages = regexp.MustCompile(`(?i)gh[-_]pages`)

// refusal returns why Travis builds nothing for an event, or "".
func (e *expansion) refusal() string {
	if condition := e.root.Get("if"); condition != nil {
		env := e.root.Get("env")
		all := &Node{Kind: List, Items: e.distinct(env.Get("global").List(), env.Get("jobs").List())}
		job := &Node{Kind: Mapping, Fields: []Field{{Key: "env", Value: all}}}
		if !e.accepts(condition, job) {
			if e.trees[condition] == nil {
				return fmt.Sprintf("`if` on line %d can't be parsed, so it is false", condition.Line)
			}
			return fmt.Sprintf("`if` on line %d is false", condition.Line)
		}
	}
	return e.branchRefusal()
}

// branchRefusal judges a pull request by its target, a tag by its name.
func (e *expansion) branchRefusal() string {
	branches, branch := e.root.Get("branches"), e.event.Branch
	only, except := branches.Get("only"), branches.Get("except")
	if only != nil {
		for _, pattern := range only.Items {
			if e.matchesBranch(pattern, branch) {
				return ""
			}
		}
		return fmt.Sprintf("`branches.only` on line %d leaves %s out", branches.LineOf("only"), branch)
	}
	if e.event.Type == Push && pages.MatchString(branch) {
		return "Travis builds no branch for GitHub Pages, unless `branches.only` names it"
	}
	for _, pattern := range except.List() {
		if e.matchesBranch(pattern, branch) {
			return fmt.Sprintf("`branches.except` on line %d leaves %s out", pattern.Line, branch)
		}
	}
	return ""
}

// matchesBranch takes a pattern between slashes as a regular expression.
func (e *expansion) matchesBranch(pattern *Node, branch string) bool {
	inner, opened := strings.CutPrefix(pattern.Text, "/")
	inner, closed := strings.CutSuffix(inner, "/")
	if !opened || !closed {
		return pattern.Text == branch
	}
	found := matches(inner, branch)
	if found == unknown {
		e.noteUnseen("a branch pattern that takes too long", pattern.Line)
	}
	return found != no
}

// matches matches a Ruby regular expression anywhere in a text, where ^ and $ match at
// every line. It is unknown for an expression that takes too long, and false for one that
// can't be compiled, as in Travis.
func matches(pattern, text string) truth {
	compiled, err := regexp2.Compile(rubyEscapes.Replace(pattern), regexp2.Multiline)
	if err != nil {
		return no
	}
	compiled.MatchTimeout = 50 * time.Millisecond
	found, err := compiled.MatchString(text)
	if err != nil {
		return unknown
	}
	return truthOf(found)
}

var rubyEscapes = strings.NewReplacer(`\\`, `\\`, `\h`, `[0-9a-fA-F]`)

// stage gives each job a stage, if there are any, and drops the jobs of stages whose
// condition is false (lib/travis/yml/configs/stages.rb).
func (e *expansion) stage() {
	stages := e.root.Get("stages").List()
	name := defaultStage
	any := len(stages) > 0
	isDefault := func(text string) bool {
		if strings.EqualFold(text, defaultStage) && name == defaultStage {
			name = text
		}
		return text != ""
	}
	for _, stage := range stages {
		isDefault(stage.Get("name").text())
	}
	for _, job := range e.jobs {
		any = isDefault(job.Get("stage").text()) || any
	}
	if !any {
		return
	}
	conditions := make(map[string]*Node)
	for _, stage := range stages {
		key := strings.ToLower(stage.Get("name").text())
		if _, known := conditions[key]; !known {
			conditions[key] = stage.Get("if")
		}
	}
	e.each(func(i int, job *Node) {
		if own := job.Get("stage").text(); own != "" {
			name = own
			return
		}
		e.jobs[i] = job.with("stage", &Node{Kind: Text, Text: name, Line: job.Line})
	})
	// A stage runs if its condition is true for any of its jobs.
	runs := make(map[string]bool)
	e.each(func(_ int, job *Node) {
		key := strings.ToLower(job.Get("stage").Text)
		if !runs[key] {
			runs[key] = e.accepts(conditions[key], job)
		}
	})
	e.keepJobs(func(job *Node) bool {
		stage := job.Get("stage").Text
		key := strings.ToLower(stage)
		if !runs[key] {
			e.dropped = fmt.Sprintf("`if` on line %d is false, so stage %q is left out", conditions[key].line(), stage)
		}
		return runs[key]
	})
}

// finish decides which jobs may fail, and sorts and numbers the jobs.
func (e *expansion) finish() {
	order := make(map[string]int)
	place := func(name string) int {
		key := strings.ToLower(name)
		if _, known := order[key]; !known {
			order[key] = len(order)
		}
		return order[key]
	}
	for _, stage := range e.root.Get("stages").List() {
		place(stage.Get("name").text())
	}
	allowed := make(map[*Node]bool)
	failures := e.entries("allow_failures")
	e.each(func(_ int, job *Node) {
		place(job.Get("stage").text())
		may := isTrue(job.Get("allow_failure"))
		variables := e.withoutGlobal(job.Get("env"))
		for i := 0; i < len(failures) && !may; i++ {
			entry := &failures[i]
			may = e.allowsFailure(entry, job, variables) && e.accepts(entry.condition, job)
		}
		allowed[job] = may
	})
	rank := func(job *Node) int {
		stage := job.Get("stage").text()
		if stage == "" {
			return 0 // without stages, Travis keeps the order
		}
		rank := 2 * place(stage)
		if allowed[job] {
			rank++
		}
		return rank
	}
	slices.SortStableFunc(e.jobs, func(a, b *Node) int { return rank(a) - rank(b) })
	e.unique() // jobs that are equal now that they have a stage
	bytes := 0
	e.each(func(i int, job *Node) {
		made := jobOf(job, i, allowed[job], &bytes)
		made.Imports = isSet(e.root.Get("import"))
		e.build.Jobs = append(e.build.Jobs, made)
	})
}

// jobOf reads a job's keys, and counts the bytes of its variables.
func jobOf(config *Node, i int, allowFailure bool, bytes *int) Job {
	return Job{
		Number:       fmt.Sprintf("1.%d", i+1),
		Stage:        config.Get("stage").text(),
		Name:         config.Get("name").text(),
		OS:           config.Get("os").text(),
		Arch:         config.Get("arch").text(),
		Dist:         config.Get("dist").text(),
		Language:     config.Get("language").text(),
		Env:          environment(config.Get("env"), bytes),
		AllowFailure: allowFailure,
		Config:       config,
	}
}

func environment(env *Node, bytes *int) []string {
	const secure = "[secure]"
	var list []string
	for _, set := range env.List() {
		if set.Secure {
			list = append(list, secure)
		}
		for _, f := range set.Fields {
			value := f.Value.Text
			if f.Value.Secure {
				value = secure
			}
			*bytes += len(f.Key) + 1 + len(value)
			limit(*bytes, mostText, "bytes of variables")
			list = append(list, f.Key+"="+value)
		}
	}
	return list
}

// StagesOf returns the position of each job's stage, counted from 0. Travis compares the
// names of stages case-insensitively.
func StagesOf(jobs []Job) []int {
	var names []string
	places := make([]int, len(jobs))
	for i, job := range jobs {
		name := strings.ToLower(strings.TrimSpace(job.Stage))
		places[i] = slices.Index(names, name)
		if places[i] < 0 {
			places[i] = len(names)
			names = append(names, name)
		}
	}
	return places
}
