package travisyml

import (
	"cmp"
	"slices"

	"convox-travis/internal/secret"
)

// Report is what a .travis.yml sets and gives away.
type Report struct {
	// Variables are those that the file sets, in its order. They win over what is in
	// the repository's settings.
	Variables []Variable
	// Secrets are the passwords for Convox that the file has in clear text, in its
	// order.
	Secrets []Secret
}

// Scope is where a variable counts.
type Scope string

// The scopes.
const (
	Global Scope = "global" // in every job
	Job    Scope = "job"    // in some
	// Command is that of a variable which a command sets, for itself or for those
	// after it.
	Command Scope = "command"
)

// Variable is a variable that the file sets.
type Variable struct {
	Name   string // "" for an encrypted one, save those of this program
	Line   int    // counted from 1
	Scope  Scope
	Secure bool
	Ours   bool          // put there by AddSecure
	Value  secret.String // of one that is not encrypted
	// password is the one for Convox that the value has in clear text.
	password secret.String
}

// Inspect returns what the document sets and gives away.
func (d *Document) Inspect() Report {
	variables := d.variables()
	clear := d.clearText(variables)
	report := Report{Variables: append(variables, clear.set...), Secrets: clear.secrets}
	slices.SortStableFunc(report.Variables, func(a, b Variable) int { return cmp.Compare(a.Line, b.Line) })
	slices.SortStableFunc(report.Secrets, func(a, b Secret) int { return cmp.Compare(a.Line, b.Line) })
	return report
}

// Sets returns the variables of a name.
func (r Report) Sets(name string) []Variable {
	var all []Variable
	for _, v := range r.Variables {
		if v.Name == name {
			all = append(all, v)
		}
	}
	return all
}
