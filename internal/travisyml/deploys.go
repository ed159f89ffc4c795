package travisyml

import (
	"cmp"
	"slices"

	"go.yaml.in/yaml/v3"
)

// lifecycle is the order of a job's phases
// (https://docs.travis-ci.com/user/job-lifecycle/).
var lifecycle = []string{
	"before_install", "install", "before_script", "script", "before_cache",
	"after_success", "after_failure", "before_deploy", "deploy", "after_deploy", "after_script",
}

// hides are the phases whose failure does not fail the build.
var hides = []string{"before_cache", "after_success", "after_failure", "after_deploy", "after_script"}

// steps are the commands of a file that concern deploying with Convox.
type steps struct {
	*Document
	jobs  []job
	noted map[*yaml.Node][]*noted
	all   []*noted
	byJob map[string]bool // variables that jobs set

	expanded []combination
	running  map[string]*runners // by a phase of the top
	shared   map[string][]*yaml.Node
	fails    map[*yaml.Node]bool
	called   []string
	left     int // bytes that may still be followed, and of what is repeated
	again    int
}

// steps finds them, each once: a part that other parts repeat with an alias is
// told where it stands first, as it is in all of them.
func (d *Document) steps() *steps {
	s := &steps{Document: d, noted: make(map[*yaml.Node][]*noted), byJob: make(map[string]bool), fails: make(map[*yaml.Node]bool), left: mostWork, again: mostWork,
		running: make(map[string]*runners), shared: make(map[string][]*yaml.Node)}
	if d.root == nil {
		return s
	}
	for _, v := range d.variables() {
		s.byJob[v.Name] = s.byJob[v.Name] || v.Scope == Job && v.Name != ""
	}
	s.jobs = d.jobs()
	s.scope(job{node: d.root, top: true})
	for _, j := range s.jobs {
		if j.node != nil {
			s.scope(j)
		}
	}
	return s
}

// deploys are the steps that deploy, in the order of the file.
func (s *steps) deploys() []Deploy {
	var all []Deploy
	for _, n := range s.all {
		all = append(all, n.told())
	}
	slices.SortStableFunc(all, func(a, b Deploy) int { return cmp.Compare(a.Line, b.Line) })
	return all
}

// scope looks through the phases of a job, or of the top of the file, which every
// job runs that has none of its own. One walk goes through them all: what is
// installed, or set, is there for what comes after.
func (s *steps) scope(of job) {
	w := newWalk()
	w.left = s.left
	var set guard
	for _, phase := range lifecycle {
		own := items(lookup(of.node, phase))
		if len(own) == 0 && of.node != s.root {
			set |= s.inherit(w, phase, set) & given
			continue
		}
		known := s.known(of, phase) | s.around(w, of, phase)
		in := known | set
		for _, step := range own {
			from := len(w.deploys)
			if phase == "deploy" && step.Kind == yaml.MappingNode {
				s.provider(w, of, step, in)
				continue
			}
			if in = w.run(step.Value, in, 0); step.Kind == yaml.ScalarNode {
				s.note(of, phase, step, w.deploys[from:])
			}
		}
		set |= in & given &^ known
	}
	s.called = append(s.called, w.called...)
	s.left = w.left
}

// inherit takes into account what a job runs from the top of the file.
func (s *steps) inherit(w *walk, phase string, in guard) guard {
	for _, step := range s.atTop(phase) {
		if s.again -= len(step.Value) + aStep; s.again <= 0 {
			break
		}
		if step.Kind == yaml.ScalarNode {
			w.left += len(step.Value) + 1
			in = w.run(step.Value, in, 0)
		}
	}
	return in
}

// atTop lists the steps of a phase at the top of the file. It is asked for once
// per job.
func (s *steps) atTop(phase string) []*yaml.Node {
	steps, known := s.shared[phase]
	if !known {
		steps = items(lookup(s.root, phase))
		s.shared[phase] = steps
	}
	return steps
}

// note keeps what deploys in a step.
func (s *steps) note(of job, phase string, step *yaml.Node, all []found) {
	for i := range all {
		all[i].line = lineIn(step, all[i].line)
	}
	u := use{of: of, phase: phase, hidden: slices.Contains(hides, phase)}
	if providers := s.providersOf(of); isAround(phase) && len(providers) == 1 {
		u.on = onOf(providers[0])
	}
	s.keep(u, step, all)
}

// provider reads an item of deploy: Travis has a provider for Convox, and one for
// scripts. It runs neither for a pull request, and without a branch named only on
// the default one
// (https://github.com/travis-ci/travis-build/blob/master/lib/travis/build/addons/deploy/script.rb).
func (s *steps) provider(w *walk, of job, step *yaml.Node, in guard) {
	on := onOf(step)
	in |= noPull | ons(w, on)
	var all []found
	if firstValue(lookup(step, "provider")) == "convox" {
		if lookup(step, "password") != nil {
			in |= given
		}
		all = []found{{line: step.Line, guard: in, app: firstValue(lookup(step, "app")), rack: firstValue(lookup(step, "rack")), installed: true, waits: true}}
	} else {
		for _, script := range items(lookup(step, "script")) {
			from := len(w.deploys)
			in = w.run(script.Value, in, 0)
			for _, f := range w.deploys[from:] {
				f.line = lineIn(script, f.line)
				all = append(all, f)
			}
		}
	}
	s.keep(use{of: of, phase: "deploy", on: on, hidden: firstValue(lookup(step, "allow_failure")) == "true"}, step, all)
}

// onOf are the conditions of an item of deploy.
func onOf(step *yaml.Node) *yaml.Node { return lookup(step, "on", "true", "if") }

// providersOf are the items of deploy of a job.
func (s *steps) providersOf(of job) []*yaml.Node {
	if own := lookup(of.node, "deploy"); own != nil {
		return items(own)
	}
	return s.atTop("deploy")
}

// isAround reports whether a phase is one that Travis runs with each item of
// deploy, within its conditions
// (https://github.com/travis-ci/travis-build/blob/master/lib/travis/build/addons/deploy/script.rb).
func isAround(phase string) bool { return phase == "before_deploy" || phase == "after_deploy" }

// around is what is known in such a phase.
func (s *steps) around(w *walk, of job, phase string) guard {
	if !isAround(phase) {
		return 0
	}
	providers := s.providersOf(of)
	known := guard(nowhere)
	for _, provider := range providers {
		known &= ons(w, onOf(provider))
	}
	if len(providers) == 0 {
		known = 0
	}
	return noPull | known
}

// lineIn is where a line of a node's text stands in the file, if the text keeps
// its lines.
func lineIn(step *yaml.Node, line int) int {
	if step.Style&yaml.LiteralStyle == 0 {
		return step.Line
	}
	return step.Line + line + 1
}

// ons is what is known by the conditions of an item of deploy
// (https://docs.travis-ci.com/user/deployment/#conditional-releases-with-on).
func ons(w *walk, on *yaml.Node) guard {
	var known guard
	if firstValue(lookup(on, "all_branches")) != "true" || firstValue(lookup(on, "tags")) == "true" {
		known |= chosen
	}
	for _, condition := range items(lookup(on, "condition")) {
		tokens := tokensOf("[[ " + condition.Value + " ]]")
		known |= w.tested(testWords(tokens)).yes
	}
	return known
}
