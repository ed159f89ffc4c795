package travisyml

import (
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"convox-travis/internal/secret"
)

// Report is what a .travis.yml sets and exposes.
type Report struct {
	// Variables are those that the file sets, in its order. They win over those in the
	// repository's settings.
	Variables []Variable
	// Secrets are the passwords for Convox that the file has in clear text, in its order.
	Secrets []Secret
}

// Scope is where a variable applies.
type Scope string

// The scopes.
const (
	Global Scope = "global" // in every job
	Job    Scope = "job"    // in some jobs
	// Command is the scope of a variable that a command sets, for itself or for those
	// after it.
	Command Scope = "command"
)

// Variable is a variable that the file sets.
type Variable struct {
	Name   string // "" for an encrypted one, save those of this program
	Line   int    // counted from 1
	Scope  Scope
	Secure bool
	Ours   bool          // added by AddSecure
	Value  secret.String // of a variable that isn't encrypted
	// password is the one for Convox that the value has in clear text.
	password secret.String
}

// Inspect returns what the document sets and exposes.
func (d *Document) Inspect() Report {
	variables := d.variables()
	clear := d.clearText(variables)
	report := Report{Variables: append(variables, clear.set...), Secrets: clear.secrets}
	slices.SortStableFunc(report.Variables, func(a, b Variable) int { return cmp.Compare(a.Line, b.Line) })
	slices.SortStableFunc(report.Secrets, func(a, b Secret) int { return cmp.Compare(a.Line, b.Line) })
	return report
}

// Sets returns the variables with a name.
func (r Report) Sets(name string) []Variable {
	var all []Variable
	for _, v := range r.Variables {
		if v.Name == name {
			all = append(all, v)
		}
	}
	return all
}

// variables lists what the file sets, at its top and in its jobs.
func (d *Document) variables() []Variable {
	if d.root == nil {
		return nil
	}
	var all []Variable
	seen := make(map[*yaml.Node]bool)
	for _, job := range append([]*yaml.Node{d.root}, jobsOf(d.root)...) {
		env := lookup(job, "env")
		global := lookup(env, "global")
		of := Global
		if job != d.root {
			of = Job
		}
		for _, entry := range items(global) {
			all = append(all, d.entry(entry, entry == global, of, seen)...)
		}
		for _, entry := range envJobs(env) {
			all = append(all, d.entry(entry, entry == env || entry == lookup(env, "jobs", "matrix"), Job, seen)...)
		}
	}
	slices.SortStableFunc(all, func(a, b Variable) int { return cmp.Compare(a.Line, b.Line) })
	return all
}

// entry reads one entry of env: assignments as in a shell, a mapping of names to values,
// or an encrypted text. If the entry is the whole value rather than an item of a list,
// Travis doesn't treat an encrypted text among other keys as one, but as a variable with
// that name.
func (d *Document) entry(node *yaml.Node, isBare bool, of Scope, seen map[*yaml.Node]bool) []Variable {
	if seen[node] {
		return nil
	}
	seen[node] = true
	var all []Variable
	switch node.Kind {
	case yaml.ScalarNode:
		for _, pair := range assignments(node.Value) {
			all = append(all, plain(pair.name, pair.value, pair.expands, node.Line, of))
		}
	case yaml.MappingNode:
		pairs := mappingEntries(node)
		for _, pair := range pairs {
			key, value := pair.key, pair.value
			if seen[key] { // merged in elsewhere too
				continue
			}
			seen[key] = true
			switch {
			case key.Value == "secure" && isBare && len(pairs) > 1:
				all = append(all, Variable{Name: key.Value, Line: key.Line, Scope: of})
			case key.Value == "secure":
				name := d.ourName(node)
				all = append(all, Variable{Name: name, Ours: name != "", Line: key.Line, Scope: of, Secure: true})
			case lookup(value, "secure") != nil:
				all = append(all, Variable{Name: key.Value, Line: key.Line, Scope: of, Secure: true})
			case value.Kind == yaml.ScalarNode:
				all = append(all, plain(key.Value, value.Value, strings.Contains(value.Value, "$"), key.Line, of))
			}
		}
	}
	return all
}

func plain(name, value string, expands bool, line int, of Scope) Variable {
	return Variable{Name: name, Line: line, Scope: of, Value: secret.New(value), password: secret.New(passwordIn(name, clearPart(value, expands)))}
}

// assignment is NAME=VALUE in a shell. One that expands has a "$" with a special meaning:
// the file doesn't have its whole value.
type assignment struct {
	name, value string
	expands     bool
}

// assignments parses "A=1 B='x y'" like Travis, which is like a shell without expansion.
// It skips words that assign nothing.
func assignments(text string) []assignment {
	var all []assignment
	for _, word := range words(text) {
		if name, value, found := strings.Cut(word.text, "="); found && namePattern.MatchString(name) {
			all = append(all, assignment{name, value, word.expands})
		}
	}
	return all
}

type word struct {
	text    string
	expands bool
}

// words splits a text like a shell, and removes the quotes.
func words(text string) []word {
	var all []word
	var current strings.Builder
	var quote rune
	var inside, escaped, expands bool
	end := func() {
		if inside {
			all = append(all, word{current.String(), expands})
		}
		current.Reset()
		inside, expands = false, false
	}
	for _, r := range text {
		switch {
		case escaped:
			current.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped, inside = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, inside = r, true
		case quote == 0 && (r == ' ' || r == '\t' || r == '\n'):
			end()
		default:
			expands = expands || quote != '\'' && (r == '$' || r == '`')
			current.WriteRune(r)
			inside = true
		}
	}
	end()
	return all
}

// envJobs are the entries of env that each make a job. A mapping of only variables is
// one.
func envJobs(env *yaml.Node) []*yaml.Node {
	if env == nil || env.Kind != yaml.MappingNode {
		return items(env)
	}
	if jobs := lookup(env, "jobs", "matrix"); jobs != nil {
		return items(jobs)
	}
	if lookup(env, "global") != nil || len(env.Content) == 0 {
		return nil
	}
	return []*yaml.Node{env}
}
