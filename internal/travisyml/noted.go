package travisyml

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// noted is a step that deploys, and where it is used: an alias repeats it.
type noted struct {
	Deploy
	jobs map[string]bool // by their places
	runs map[string]int  // how many jobs run it, by the conditions of those for a chosen branch
}

// use is where a step is used.
type use struct {
	of     job
	phase  string
	on     *yaml.Node // of an item of deploy
	hidden bool
}

// keep notes what deploys in a step, or takes another use of it into account.
func (s *steps) keep(u use, step *yaml.Node, all []found) {
	before := s.noted[step]
	for i, f := range all {
		if u.of.top && f.guard&someJobs != 0 {
			f.guard |= s.runners(u.phase).gives
		}
		deploy := f.deploy(u.of, u.phase)
		deploy.FailureHidden = f.hidden || u.hidden || s.hidesFailure(u.of, u.phase)
		if i >= len(before) {
			n := &noted{Deploy: deploy, jobs: make(map[string]bool), runs: make(map[string]int)}
			before = append(before, n)
			s.all = append(s.all, n)
		}
		before[i].also(deploy)
		s.count(before[i], u, f)
	}
	s.noted[step] = before
}

// count adds the jobs in which a use runs. Those with conditions of their own for
// branches are not in one build.
func (s *steps) count(n *noted, u use, f found) {
	if n.jobs[u.of.place] || f.guard&someJobs != 0 || s.isOfJob(f) {
		return
	}
	n.jobs[u.of.place] = true
	switch {
	case u.of.top:
		n.runs[""] += s.runs(u.phase, u.on)
	case !s.isOn(u.of.node, u.on):
	case u.of.guard&chosen != 0:
		n.runs[u.of.when]++
	default:
		n.runs[""]++
	}
}

// isOfJob reports whether a step deploys what its job names.
func (s *steps) isOfJob(f found) bool {
	return slices.ContainsFunc(variablePattern().FindAllStringSubmatch(f.app+" "+f.rack, -1), func(found []string) bool { return s.byJob[found[1]+found[2]] })
}

// also makes of a step what it is in two uses. The place is that of the one where
// less is known.
func (n *noted) also(d Deploy) {
	if n.Branch && !d.Branch || n.NoPullRequests && !d.NoPullRequests {
		n.Place = d.Place
	}
	n.Branch, n.NoPullRequests = n.Branch && d.Branch, n.NoPullRequests && d.NoPullRequests
	n.Waits = n.Waits && d.Waits
	n.Installs, n.FailureHidden = n.Installs && d.Installs, n.FailureHidden || d.FailureHidden
	n.Host, n.Password = n.Host && d.Host, n.Password && d.Password
}

func (n *noted) told() Deploy {
	most := 0
	for when, runs := range n.runs {
		if when != "" {
			most = max(most, runs)
		}
	}
	deploy := n.Deploy
	deploy.PerJob = n.runs[""]+most > 1
	return deploy
}

func (f found) deploy(of job, phase string) Deploy {
	return Deploy{
		Line: f.line, Place: of.prefix() + phase, App: f.app, Rack: f.rack,
		Branch: f.guard&chosen != 0, NoPullRequests: f.guard&noPull != 0,
		Installs: f.installed, Client: f.client, Waits: f.waits, Host: f.guard&withHost != 0, Password: f.guard&withPassword != 0,
	}
}
