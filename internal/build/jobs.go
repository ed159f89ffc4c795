package build

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// MostJobs is how many jobs Travis accepts in a build
// (https://docs.travis-ci.com/user/build-matrix/).
const MostJobs = 200

const mostPlayed = 1000

// mostExpanded limits the jobs before conditions and exclusions.
const mostExpanded = 20_000

const mostCompared = 1 << 20

// mostFields limits the values of all jobs together.
const mostFields = 1 << 20

// mostText limits the bytes in the variables of all jobs together.
const mostText = 16 << 20

// Build returns what an event makes of the file, which it doesn't change.
//
// A condition on something the event doesn't say counts as true, and Unseen names it.
// Jobs are in the order in which Travis numbers them: by stage, with those that may fail
// last.
func (c *Config) Build(ctx context.Context, event Event) (build *Build, err error) {
	defer catch(&err)
	if c.answer != nil && c.answer.isFor(c.Root, event) {
		made := *c.answer.build
		return &made, nil
	}
	e := c.expansion(ctx, &event)
	if reason := e.refusal(); reason != "" {
		e.build.Reason, e.build.LeftOut = reason, true
		return e.build, nil
	}
	e.run()
	return e.build, nil
}

func (c *Config) expansion(ctx context.Context, event *Event) *expansion {
	return &expansion{
		ctx: ctx, root: c.Root, event: event, ids: newIdentities(), trees: make(map[*Node]*expression),
		seen: make(map[Unseen]bool), build: new(Build),
	}
}

// expansion makes the jobs of a build, in the same steps as travis-yml
// (https://github.com/travis-ci/travis-yml, lib/travis/yml/matrix.rb, then
// lib/travis/yml/configs).
type expansion struct {
	ctx      context.Context
	root     *Node
	event    *Event
	axes     []string     // from the file
	global   []*Node      // variables of all jobs
	isGlobal map[int]bool // by identity
	ids      *identities
	trees    map[*Node]*expression // by condition; nil if it can't be parsed
	jobs     []*Node
	build    *Build
	seen     map[Unseen]bool // the build's jobs

	dropped string // why the last job was dropped
}

// importedFile is Unseen where a file imports another one.
const importedFile = "the imported file"

func (e *expansion) run() {
	e.global = e.root.Get("env").Get("global").List()
	for _, step := range []func(){e.expand, e.inherit, e.exclude, e.supported, e.unique, e.filter, e.stage, e.refuseTooMany, e.finish} {
		step()
	}
	for _, imported := range e.root.Get("import").List() {
		e.noteUnseen(importedFile, imported.Line)
	}
	if len(e.jobs) == 0 {
		e.build.Reason = e.dropped
		if e.build.Reason == "" {
			e.build.Reason = "no job is left"
		}
	}
}

func (e *expansion) noteUnseen(what string, line int) {
	unseen := Unseen{What: what, Line: line}
	if !e.seen[unseen] {
		e.seen[unseen] = true
		e.build.Unseen = append(e.build.Unseen, unseen)
	}
}

// accepts evaluates a condition. A value that isn't a text isn't one.
func (e *expansion) accepts(condition, job *Node) bool {
	if condition.isBlank() || condition.Kind != Text || e.ctx.Err() != nil {
		return true
	}
	tree, isParsed := e.trees[condition]
	if !isParsed {
		tree = parseCondition(condition.Text)
		e.trees[condition] = tree
	}
	if tree == nil {
		return false
	}
	evaluation := evaluation{ctx: e.ctx, event: e.event, job: job}
	accepted, unseen := evaluation.accept(tree)
	for _, what := range unseen {
		e.noteUnseen(what, condition.Line)
	}
	return accepted
}

func (e *expansion) each(do func(i int, job *Node)) {
	for i, job := range e.jobs {
		if i%16 == 0 {
			checkContext(e.ctx)
		}
		do(i, job)
	}
	checkContext(e.ctx)
}

func (e *expansion) keepJobs(holds func(job *Node) bool) {
	var kept []*Node
	e.each(func(_ int, job *Node) {
		if holds(job) {
			kept = append(kept, job)
		}
	})
	e.jobs = kept
}

// limit stops if there are more than most of something, such as "20,000 jobs".
func limit(count, most int, what string) {
	if count > most {
		panic(stop{fmt.Errorf("%w: more than %d %s", errTooLarge, most, what)})
	}
}

// expand multiplies the axes and adds the included jobs. A single expanded job with one
// value per axis is dropped if jobs are included. Without any job, there is one with the
// shared keys.
func (e *expansion) expand() {
	language, systems := e.root.Get("language").text(), e.root.Get("os").Texts()
	expanded := []*Node{{Kind: Mapping, Line: e.root.Line}}
	for _, key := range axes {
		values := e.axis(key)
		if len(values) == 0 || !supportsKey(key, language, systems) {
			continue
		}
		e.axes = append(e.axes, key)
		limit(len(expanded)*len(values), mostExpanded, "jobs")
		var product []*Node
		for _, job := range expanded {
			for _, value := range values {
				product = append(product, job.with(key, value))
			}
		}
		expanded = product
	}
	included := e.included()
	limit(len(expanded)+len(included), mostExpanded, "jobs")
	if len(expanded) == 1 && len(included) > 0 {
		expanded = nil
	}
	e.jobs = append(expanded, included...)
}

// axis returns the values of an axis. env without jobs has one, which sets nothing.
func (e *expansion) axis(key string) []*Node {
	value := e.root.Get(key)
	if key == "env" && value != nil {
		if jobs := value.Get("jobs"); !jobs.isBlank() {
			return jobs.Items
		}
		return []*Node{{Kind: List, Line: value.Line}}
	}
	return value.List()
}

// included returns the included jobs. One without a stage gets that of the job before it.
func (e *expansion) included() []*Node {
	var jobs []*Node
	var stage *Node
	for _, job := range e.root.Get("jobs").Get("include").List() {
		if own := job.Get("stage"); own != nil {
			stage = own
		} else if stage != nil {
			job = job.with("stage", stage)
		}
		jobs = append(jobs, job)
	}
	return jobs
}

// rootOnly are the keys that no job inherits.
var rootOnly = []string{"jobs", "import", "stages", "notifications", "version", "allow_failure", "global_env", "merge_mode"}

// inherit gives each job the root's keys that aren't axes, the first value of each axis
// except env, and its variables. An included job without env gets the first value of that
// axis, after the global variables.
func (e *expansion) inherit() {
	shared := e.root.keep(func(f Field) bool { return !slices.Contains(rootOnly, f.Key) && !slices.Contains(axes, f.Key) })
	var firsts []Field
	for _, key := range e.axes {
		if key != "env" {
			value := e.root.Get(key)
			firsts = append(firsts, Field{Key: key, Line: value.Line, Value: e.axis(key)[0]})
		}
	}
	shared = shared.withAll(firsts)
	if len(e.jobs) == 0 {
		e.jobs = []*Node{{Kind: Mapping, Line: e.root.Line}}
	}
	first := e.root.Get("env").Get("jobs").List()
	limit(len(e.jobs)*(len(shared.Fields)+len(e.global)), mostFields, "values in all jobs")
	e.each(func(i int, job *Node) {
		env := job.Get("env")
		variables := env.List()
		if env == nil && len(first) > 0 {
			variables = first[:1]
		}
		line := job.Line
		job = shared.withAll(job.Fields)
		job.Line = line
		if env != nil || len(first) > 0 || len(e.global) > 0 {
			all := &Node{Kind: List, Line: line, Items: e.distinct(e.global, variables)}
			job = job.with("env", all)
		}
		e.jobs[i] = job
	})
}

func (e *expansion) distinct(lists ...[]*Node) []*Node {
	var joined []*Node
	seen := make(map[int]bool)
	for _, item := range slices.Concat(lists...) {
		if id := e.ids.of(item); !seen[id] {
			seen[id] = true
			joined = append(joined, item)
		}
	}
	return joined
}

// supported drops the keys of a job that its language or system doesn't support.
func (e *expansion) supported() {
	e.each(func(_ int, job *Node) {
		language, systems := job.Get("language").text(), job.Get("os").Texts()
		job.Fields = job.keep(func(f Field) bool {
			isForeign := f.Key == "os" && language == "objective-c" && slices.Contains([]string{"linux", "windows", "freebsd"}, f.Value.Text)
			return supportsKey(f.Key, language, systems) && !isForeign
		}).Fields
	})
}

func (e *expansion) unique() {
	seen := make(map[int]bool)
	e.keepJobs(func(job *Node) bool {
		id := e.ids.of(job)
		isNew := !seen[id]
		seen[id] = true
		return isNew
	})
}

// refuseTooMany drops all jobs if there are more than Travis accepts.
func (e *expansion) refuseTooMany() {
	if count := len(e.jobs); count > mostPlayed {
		e.dropped = tooManyJobs(count)
		e.jobs = nil
	}
}

func tooManyJobs(count int) string {
	return fmt.Sprintf("Travis refuses builds of more than %d jobs, and this one has %d", MostJobs, count)
}

func (e *expansion) filter() {
	e.keepJobs(func(job *Node) bool {
		condition := job.Get("if")
		if e.accepts(condition, job) {
			return true
		}
		e.dropped = fmt.Sprintf("`if` on line %d is false, so the job is left out", condition.Line)
		return false
	})
}

type entry struct {
	line      int
	condition *Node
	branch    string  // of allow_failures
	fields    []Field // but those
	env       *Node   // or nil
	own       []int   // the variables of env that aren't global
}

func (e *expansion) entries(list string) []entry {
	var entries []entry
	for _, item := range e.root.Get("jobs").Get(list).List() {
		made := entry{line: item.Line, condition: item.Get("if"), env: item.Get("env")}
		for _, f := range item.Fields {
			switch {
			case f.Key == "branch" && list == "allow_failures":
				made.branch = f.Value.Text
			case f.Key != "if" && f.Key != "env":
				made.fields = append(made.fields, f)
			}
		}
		made.own = e.withoutGlobal(made.env)
		entries = append(entries, made)
	}
	return entries
}

func (e *expansion) withoutGlobal(env *Node) []int {
	if e.isGlobal == nil {
		e.isGlobal = make(map[int]bool)
		for _, item := range e.global {
			e.isGlobal[e.ids.of(item)] = true
		}
	}
	var own []int
	for _, item := range env.List() {
		if id := e.ids.of(item); !e.isGlobal[id] {
			own = append(own, id)
		}
	}
	return own
}

// exclude drops the jobs that match an entry of jobs.exclude on every key that it has
// (lib/travis/yml/matrix/exclude.rb).
func (e *expansion) exclude() {
	entries := e.entries("exclude")
	if len(entries) == 0 {
		return
	}
	limit(len(e.jobs)*len(entries), mostCompared, "comparisons with jobs.exclude")
	e.keepJobs(func(job *Node) bool {
		own := e.withoutGlobal(job.Get("env"))
		for i := range entries {
			if e.excludes(&entries[i], job, own) && e.accepts(entries[i].condition, job) {
				e.dropped = fmt.Sprintf("`jobs.exclude` on line %d leaves the job out", entries[i].line)
				return false
			}
		}
		return true
	})
}

// hasFields reports whether a job has the keys and values of an entry, apart from env.
func (e *expansion) hasFields(entry *entry, job *Node) bool {
	return !slices.ContainsFunc(entry.fields, func(f Field) bool { return e.ids.of(job.Get(f.Key)) != e.ids.of(f.Value) })
}

// excludes takes a list of one item for the item, and a job without a stage for one of
// the default stage. It wants a job's variables to be those of the entry, in that order.
func (e *expansion) excludes(entry *entry, job *Node, variables []int) bool {
	for _, f := range entry.fields {
		own := job.Get(f.Key)
		isDefault := f.Key == "stage" && own == nil && strings.EqualFold(f.Value.Text, defaultStage)
		if !isDefault && e.ids.ofValue(own) != e.ids.ofValue(f.Value) {
			return false
		}
	}
	return entry.env == nil || job.Get("env") != nil &&
		slices.EqualFunc(entry.env.List(), variables, func(item *Node, id int) bool { return e.ids.of(item) == id })
}

// allowsFailure wants additional variables of the entry to be global
// (lib/travis/yml/configs/allow_failures.rb).
func (e *expansion) allowsFailure(entry *entry, job *Node, variables []int) bool {
	return e.hasFields(entry, job) && (entry.branch == "" || entry.branch == e.event.Branch) && (entry.env == nil || job.Get("env") != nil &&
		!slices.ContainsFunc(entry.own, func(id int) bool { return !slices.Contains(variables, id) }))
}
