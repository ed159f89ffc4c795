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
	jobs    []job
	seen    map[*yaml.Node]bool
	deploys []Deploy
	scripts bool
	left    int // bytes that may still be followed, and of what is repeated
	again   int
}

// steps finds them, each once: a part that other parts repeat with an alias is
// counted where it stands first.
func (d *Document) steps() *steps {
	s := &steps{Document: d, seen: make(map[*yaml.Node]bool), left: mostWork, again: mostWork}
	if d.root == nil {
		return s
	}
	s.jobs = d.jobs()
	s.scope(job{node: d.root, top: true})
	for _, j := range s.jobs {
		if j.node != nil {
			s.scope(j)
		}
	}
	slices.SortStableFunc(s.deploys, func(a, b Deploy) int { return cmp.Compare(a.Line, b.Line) })
	return s
}

func (d *Document) deploys() []Deploy { return d.steps().deploys }

// scope looks through the phases of a job, or of the top of the file, which every
// job runs that has none of its own. One walk goes through them all: what is
// installed, or set, is there for what comes after.
func (s *steps) scope(of job) {
	w := newWalk()
	w.left = s.left
	for _, phase := range lifecycle {
		own := items(lookup(of.node, phase))
		if len(own) == 0 && of.node != s.root {
			s.inherit(w, phase)
			continue
		}
		in := s.known(of, phase)
		for _, step := range own {
			first := !s.seen[step]
			s.seen[step] = true
			from := len(w.deploys)
			if phase == "deploy" && step.Kind == yaml.MappingNode {
				if first {
					s.provider(w, of, step, in)
				}
				continue
			}
			in = w.run(step.Value, in, 0)
			if step.Kind == yaml.ScalarNode && first {
				s.note(of, phase, step, w.deploys[from:])
			}
		}
	}
	s.scripts = s.scripts || len(w.called) > 0
	s.left = w.left
}

// inherit takes into account what a job runs from the top of the file.
func (s *steps) inherit(w *walk, phase string) {
	for _, step := range items(lookup(s.root, phase)) {
		if s.again -= len(step.Value) + 1; step.Kind == yaml.ScalarNode && s.again > 0 {
			w.left += len(step.Value) + 1
			w.run(step.Value, 0, 0)
		}
	}
}

// note keeps what deploys in a step.
func (s *steps) note(of job, phase string, step *yaml.Node, all []found) {
	for _, f := range all {
		f.line = lineIn(step, f.line)
		deploy := f.deploy(of, phase)
		deploy.PerJob = of.top && f.guard&someJobs == 0 && s.runs(phase, nil) > 1
		deploy.FailureHidden = f.hidden || slices.Contains(hides, phase)
		s.deploys = append(s.deploys, deploy)
	}
}

// provider reads an item of deploy: Travis has a provider for Convox, and one for
// scripts. It runs neither for a pull request, and without a branch named only on
// the default one
// (https://github.com/travis-ci/travis-build/blob/master/lib/travis/build/addons/deploy/script.rb).
func (s *steps) provider(w *walk, of job, step *yaml.Node, in guard) {
	on := lookup(step, "on", "true", "if")
	in |= noPull | ons(w, on)
	var all []found
	if firstValue(lookup(step, "provider")) == "convox" {
		all = []found{{line: step.Line, guard: in, app: firstValue(lookup(step, "app")), rack: firstValue(lookup(step, "rack")), installed: true}}
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
	for _, f := range all {
		deploy := f.deploy(of, "deploy")
		deploy.PerJob = of.top && f.guard&someJobs == 0 && s.runs("deploy", on) > 1
		deploy.FailureHidden = f.hidden || firstValue(lookup(step, "allow_failure")) == "true"
		s.deploys = append(s.deploys, deploy)
	}
}

// lineIn is where a line of a node's text stands in the file, if the text keeps
// its lines.
func lineIn(step *yaml.Node, line int) int {
	if step.Style&yaml.LiteralStyle == 0 {
		return step.Line
	}
	return step.Line + line + 1
}

func (f found) deploy(of job, phase string) Deploy {
	return Deploy{
		Line: f.line, Place: of.prefix() + phase, App: f.app, Rack: f.rack,
		Branch: f.guard&chosen != 0, NoPullRequests: f.guard&noPull != 0,
		Installs: f.installed,
	}
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
