package travisyml

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"convox-travis/internal/build"
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
	Name   string // "" for an encrypted one, except those of AddSecure
	Line   int    // counted from 1
	Scope  Scope
	Secure bool
	Value  secret.String // of a variable that isn't encrypted
}

// Inspect returns what the document sets and exposes, or nothing if Travis can't read it.
func (d *Document) Inspect() Report {
	config, err := build.Parse(context.Background(), []byte(d.text))
	if err != nil {
		return Report{}
	}
	var r Report
	env := config.Root.Get("env")
	d.addVariables(&r, env.Get("global"), Global)
	d.addVariables(&r, env.Get("jobs"), Job)
	for _, job := range config.Root.Get("jobs").Get("include").List() {
		d.addVariables(&r, job.Get("env"), Job)
	}
	r.addCommands(config)
	slices.SortStableFunc(r.Variables, func(a, b Variable) int { return cmp.Compare(a.Line, b.Line) })
	slices.SortStableFunc(r.Secrets, func(a, b Secret) int { return cmp.Compare(a.Line, b.Line) })
	return r
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

// addVariables adds the variables of env as Travis reads it. If a mapping has other keys
// beside an encrypted text, Travis makes a variable of that name.
func (d *Document) addVariables(r *Report, env *build.Node, scope Scope) {
	for _, item := range env.List() {
		if item.Secure {
			r.addVariable(Variable{Name: d.ourName(item.Line), Line: item.Line, Scope: scope, Secure: true})
		}
		for _, f := range item.Fields {
			value, expands := unquote(f.Value.Text)
			r.addVariable(Variable{Name: f.Key, Line: f.Line, Scope: scope, Secure: f.Value.Secure, Value: secret.New(value)})
			r.addSecret(f.Key, clearPart(value, expands), f.Line)
		}
	}
}

// addVariable adds a variable, once if several parts of the file repeat it.
func (r *Report) addVariable(v Variable) {
	isSame := func(other Variable) bool {
		return other.Name == v.Name && other.Line == v.Line && other.Value.Equal(v.Value)
	}
	if !slices.ContainsFunc(r.Variables, isSame) {
		r.Variables = append(r.Variables, v)
	}
}

// unquote removes a value's quotes like a shell. It expands if it has a "$" with a special
// meaning: the file doesn't have its whole value.
func unquote(value string) (text string, expands bool) {
	var b strings.Builder
	var quote rune
	escaped := false
	for _, r := range value {
		switch {
		case escaped:
			b.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped = true
		case r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		default:
			expands = expands || quote != '\'' && (r == '$' || r == '`')
			b.WriteRune(r)
		}
	}
	return b.String(), expands
}
