package travisyml

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// job is a job that is listed, or without a node all those that the keys make
// which multiply.
type job struct {
	node  *yaml.Node
	place string
	guard guard  // by its own condition and that of its stage, and by its env
	some  guard  // what env gives to some of them
	when  string // the conditions
	top   bool   // it is no job, but the top of the file
}

// prefix goes before the name of a phase.
func (j job) prefix() string {
	if j.place == "" {
		return ""
	}
	return j.place + "."
}

// jobs are those of a build. A listed one is in the stage that it names, or else
// in that of the one before it
// (https://docs.travis-ci.com/user/build-stages/#naming-your-build-stages).
func (d *Document) jobs() []job {
	listed := jobsOf(d.root)
	conditions := make(map[string]string)
	for _, stage := range items(lookup(d.root, "stages")) {
		if stage.Kind == yaml.MappingNode {
			conditions[stageKey(firstValue(lookup(stage, "name")))] = firstValue(lookup(stage, "if"))
		}
	}
	env := lookup(d.root, "env")
	global := givenBy(items(lookup(env, "global")), union)
	entries := envJobs(env)
	var all []job
	if m := d.matrix(); m.expanded > 1 || len(listed) == 0 {
		when := conditions[firstStage]
		all = append(all, job{guard: ifs(when) | global | givenBy(entries, meet), some: global | givenBy(entries, union), when: when})
	}
	stage := firstStage
	for _, l := range listed {
		if named := firstValue(lookup(l.node, "stage")); named != "" {
			stage = stageKey(named)
		}
		has := global | givenBy(entries[:min(1, len(entries))], union)
		if own := lookup(l.node, "env"); own != nil {
			has = global | givenBy(append(items(lookup(own, "global")), envJobs(own)...), union)
		}
		of, its := conditions[stage], firstValue(lookup(l.node, "if"))
		all = append(all, job{node: l.node, place: l.place, guard: ifs(of) | ifs(its) | has, some: has, when: strings.TrimSpace(of + "\n" + its)})
	}
	return all
}

func union(a, b guard) guard { return a | b }
func meet(a, b guard) guard  { return a & b }

// givenBy is what entries of env give, together or each of them.
func givenBy(entries []*yaml.Node, together func(a, b guard) guard) guard {
	var all guard
	for i, entry := range entries {
		var has guard
		for _, name := range namesSet(entry) {
			has |= gives[name]
		}
		if all = together(all, has); i == 0 {
			all = has
		}
	}
	return all
}

// namesSet are the variables that an entry of env sets.
func namesSet(entry *yaml.Node) []string {
	var all []string
	for _, assignment := range assignments(entry.Value) {
		all = append(all, assignment.name)
	}
	for _, pair := range pairsOf(entry) {
		all = append(all, pair.key.Value)
	}
	return all
}

func stageKey(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// runners are the jobs that run a phase of the top of the file, and what holds for
// them all. They are the same for each of its steps, so they are found once.
type runners struct {
	jobs    []job
	gives   guard // what env gives to some of them
	guard   guard // what is known of each of them
	mayFail bool  // all of them may
	count   int   // of the jobs of a build
}

func (s *steps) runners(phase string) *runners {
	if r := s.running[phase]; r != nil {
		return r
	}
	r := &runners{}
	for _, j := range s.jobs {
		if j.node != nil && lookup(j.node, phase) != nil {
			continue
		}
		if len(r.jobs) == 0 {
			r.guard, r.mayFail = nowhere, true
		}
		r.jobs = append(r.jobs, j)
		r.gives |= j.some
		r.guard &= j.guard
		r.mayFail = r.mayFail && s.mayFail(j)
		if j.node == nil {
			r.count += len(s.combinations())
		} else {
			r.count++
		}
	}
	s.running[phase] = r
	return r
}

// known is what is known of all that get to a phase.
func (s *steps) known(of job, phase string) guard {
	known := of.guard
	if of.top {
		if runners := s.runners(phase); len(runners.jobs) > 0 {
			known = runners.guard
		}
	}
	return known | ifs(firstValue(lookup(s.root, "if"))) | onlyBranches(lookup(s.root, "branches", "branch"))
}

// onlyBranches is what the key branches tells: a list of those that are left out
// chooses none (https://docs.travis-ci.com/user/customizing-the-build/#safelisting-or-blocklisting-branches).
func onlyBranches(branches *yaml.Node) guard {
	if branches != nil && branches.Kind == yaml.MappingNode {
		branches = lookup(branches, "only")
	}
	only := items(branches)
	every := slices.ContainsFunc(only, func(b *yaml.Node) bool { return strings.Trim(b.Value, "/^$") == ".*" })
	if len(only) == 0 || every {
		return 0
	}
	return chosen
}

// runs counts the jobs that run a phase of the top of the file; on are the
// conditions of an item of deploy, which can name a version of the language.
func (s *steps) runs(phase string, on *yaml.Node) int {
	runners := s.runners(phase)
	namesVersion := func(axis string) bool { return version(on, axis) != "" }
	if !slices.ContainsFunc(axesOf(s.root), namesVersion) {
		return runners.count
	}
	n := 0
	for _, runner := range runners.jobs {
		switch {
		case runner.node == nil:
			n += s.expandedOn(on)
		case s.isOn(runner.node, on):
			n++
		}
	}
	return n
}

func (s *steps) isOn(job, on *yaml.Node) bool {
	for _, axis := range axesOf(s.root) {
		has := firstValue(lookup(job, namesOf(axis)...))
		if has == "" {
			has = firstValue(lookup(s.root, namesOf(axis)...))
		}
		if wanted := version(on, axis); wanted != "" && wanted != has {
			return false
		}
	}
	return true
}

// version is the one of a language that on names, or "".
func version(on *yaml.Node, axis string) string {
	if axis == "os" || axis == "arch" || on == nil || on.Kind != yaml.MappingNode {
		return ""
	}
	return firstValue(lookup(on, append(namesOf(axis), axis)...))
}
