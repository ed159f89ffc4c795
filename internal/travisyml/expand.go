package travisyml

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// combination is a job of the keys that multiply: a value of each of them.
type combination map[string]*yaml.Node

// mostCombinations are as many as Travis lets a build have
// (https://docs.travis-ci.com/user/build-matrix/).
const mostCombinations = 200

// expandedOn counts the jobs of the keys that multiply which on lets through.
func (s *steps) expandedOn(on *yaml.Node) int {
	n := 0
	for _, job := range s.combinations() {
		meets := true
		for axis, has := range job {
			wanted := version(on, axis)
			meets = meets && (wanted == "" || wanted == has.Value)
		}
		if meets {
			n++
		}
	}
	return n
}

// combinations are those that jobs.exclude does not leave out
// (https://docs.travis-ci.com/user/build-matrix/#excluding-jobs).
func (s *steps) combinations() []combination {
	if s.expanded == nil {
		s.expanded = s.expand()
	}
	return s.expanded
}

func (s *steps) expand() []combination {
	jobs := []combination{{}}
	multiply := func(key string, values []*yaml.Node) {
		if len(values) == 0 {
			return
		}
		values = values[:min(len(values), max(1, mostCombinations/len(jobs)))]
		var more []combination
		for _, job := range jobs {
			for _, value := range values {
				with := combination{key: value}
				for other, its := range job {
					with[other] = its
				}
				more = append(more, with)
			}
		}
		jobs = more
	}
	multiply("env", envJobs(lookup(s.root, "env")))
	for _, axis := range axesOf(s.root) {
		multiply(axis, items(lookup(s.root, namesOf(axis)...)))
	}
	excludes := items(lookup(lookup(s.root, s.jobsKey()), "exclude"))
	return slices.DeleteFunc(jobs, func(job combination) bool {
		return slices.ContainsFunc(excludes, func(entry *yaml.Node) bool { return s.isLike(job, entry) })
	})
}

// isLike reports whether a job surely is what an entry of jobs.exclude, or of
// jobs.allow_failures, describes.
func (s *steps) isLike(job combination, entry *yaml.Node) bool {
	pairs := pairsOf(entry)
	for _, pair := range pairs {
		name := axisOf(keyName(pair.key))
		has := job[name]
		if has == nil {
			has = lookup(s.root, namesOf(name)...)
		}
		switch {
		case has == nil:
			return false
		case name == "env":
			if !slices.Equal(texts(has), texts(pair.value)) {
				return false
			}
		case !strings.EqualFold(firstValue(has), firstValue(pair.value)):
			return false
		}
	}
	return len(pairs) > 0
}

// axisOf is the name that a key goes by which has others.
func axisOf(key string) string {
	for axis, names := range otherNames {
		if slices.Contains(names, key) {
			return axis
		}
	}
	return key
}

// texts are the variables of env, in order of their names.
func texts(env *yaml.Node) []string {
	var all []string
	for _, entry := range items(env) {
		for _, assignment := range assignments(entry.Value) {
			all = append(all, assignment.name+"="+assignment.value)
		}
		for _, pair := range pairsOf(entry) {
			all = append(all, pair.key.Value+"="+pair.value.Value)
		}
	}
	slices.Sort(all)
	return all
}

// mayFail reports whether a listed job is one of jobs.allow_failures: the build
// passes when it fails
// (https://docs.travis-ci.com/user/build-matrix/).
func (s *steps) mayFail(of job) bool {
	may, known := s.fails[of.node]
	if !known && of.node != nil {
		may = s.isAllowed(of)
		s.fails[of.node] = may
	}
	return may
}

func (s *steps) isAllowed(of job) bool {
	has := make(combination)
	for _, pair := range pairsOf(of.node) {
		name := axisOf(keyName(pair.key))
		has[name] = pair.value
	}
	entries := items(lookup(lookup(s.root, s.jobsKey()), "allow_failures"))
	return slices.ContainsFunc(entries, func(entry *yaml.Node) bool { return s.isLike(has, entry) })
}

// hidesFailure reports whether all jobs that run a phase may fail.
func (s *steps) hidesFailure(of job, phase string) bool {
	if !of.top {
		return s.mayFail(of)
	}
	return s.runners(phase).mayFail
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
