package build

import (
	"fmt"
	"slices"
	"strings"
)

// entry is an item of jobs.exclude or jobs.allow_failures.
type entry struct {
	line      int
	condition *Node
	fields    []Field // but if and env
	env       *Node   // or nil
	own       []int   // the variables of env that aren't global
}

func (e *expansion) entries(list string) []entry {
	var entries []entry
	for _, item := range e.root.Get("jobs").Get(list).wrapped() {
		made := entry{line: item.Line, condition: item.Get("if"), env: item.Get("env")}
		for _, f := range item.Fields {
			if f.Key != "if" && f.Key != "env" {
				made.fields = append(made.fields, f)
			}
		}
		made.own = e.withoutGlobal(made.env)
		entries = append(entries, made)
	}
	return entries
}

// candidate is a job that entries are compared with.
type candidate struct {
	job *Node
	env *Node // or nil
	own []int // its variables that aren't global
}

func (e *expansion) candidate(job *Node) candidate {
	env := job.Get("env")
	return candidate{job: job, env: env, own: e.withoutGlobal(env)}
}

// withoutGlobal returns the identities of variables that aren't global.
func (e *expansion) withoutGlobal(env *Node) []int {
	if e.isGlobal == nil {
		e.isGlobal = make(map[int]bool)
		for _, item := range e.global {
			e.isGlobal[e.ids.of(item)] = true
		}
	}
	var own []int
	for _, item := range env.wrapped() {
		if id := e.ids.of(item); !e.isGlobal[id] {
			own = append(own, id)
		}
	}
	return own
}

// exclude drops the jobs that match an entry of jobs.exclude on every key that it has
// (lib/travis/yml/matrix/exclude.rb).
func (e *expansion) exclude() error {
	entries := e.entries("exclude")
	if len(entries) == 0 {
		return nil
	}
	if len(e.jobs)*len(entries) > mostCompared {
		return fmt.Errorf("%w: %d entries of jobs.exclude for %d jobs", errTooLarge, len(entries), len(e.jobs))
	}
	return e.keepJobs(func(job *Node) bool {
		candidate := e.candidate(job)
		for i := range entries {
			if e.excludes(&entries[i], candidate) && e.accepts(entries[i].condition, job) {
				e.dropped = fmt.Sprintf("`jobs.exclude` on line %d leaves the job out", entries[i].line)
				return false
			}
		}
		return true
	})
}

func (e *expansion) excludes(entry *entry, c candidate) bool {
	for _, f := range entry.fields {
		own := c.job.Get(f.Key)
		if f.Key == "stage" && own == nil && strings.EqualFold(f.Value.Text, defaultStage) {
			continue
		}
		if e.ids.ofValue(own) != e.ids.ofValue(f.Value) {
			return false
		}
	}
	if entry.env == nil {
		return true
	}
	// The job's variables must be those of the entry, in that order.
	if c.env == nil || len(c.own) != len(entry.env.wrapped()) {
		return false
	}
	for i, item := range entry.env.wrapped() {
		if e.ids.of(item) != c.own[i] {
			return false
		}
	}
	return true
}

// allowsFailure reports whether a job matches an entry of jobs.allow_failures on every
// key that it has (lib/travis/yml/configs/allow_failures.rb).
func (e *expansion) allowsFailure(entry *entry, c candidate) bool {
	for _, f := range entry.fields {
		if f.Key == "branch" {
			if f.Value.Text != e.event.Branch {
				return false
			}
			continue
		}
		if own := c.job.Get(f.Key); own == nil || e.ids.of(own) != e.ids.of(f.Value) {
			return false
		}
	}
	if entry.env == nil {
		return true
	}
	// Additional variables of the entry must be global.
	return c.env != nil && !slices.ContainsFunc(entry.own, func(id int) bool { return !slices.Contains(c.own, id) })
}
