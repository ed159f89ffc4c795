package travisyml

import (
	"cmp"
	"slices"

	"convox-travis/internal/secret"
)

// Report is what a .travis.yml does, as far as it concerns deploying with
// Convox. What the file imports, and what a script of the repository does, is
// not in it.
type Report struct {
	// Deploys are the steps that deploy with Convox, in the order of the file.
	Deploys []Deploy
	// Several is whether the build has several jobs, and Why what makes them,
	// such as "rvm has 3 values".
	Several bool
	Why     []string
	// Variables are those that the file sets, in the order of the file. They win
	// over what is in the repository's settings.
	Variables []Variable
	// Imports is whether the file takes in others
	// (https://docs.travis-ci.com/user/build-config-imports/).
	Imports bool
	// OwnScripts are the commands that call a script of the repository, or another
	// program that runs what the file does not show, each once.
	OwnScripts []string
	// Secrets are the passwords for Convox that the file has in clear text, in its
	// order.
	Secrets []Secret
}

// Deploy is a step that deploys with Convox.
type Deploy struct {
	Line  int    // counted from 1
	Place string // such as "after_success" or "jobs.include[2].deploy"
	App   string // what --app says, or ""
	Rack  string // what --rack says, or ""
	// Branch is whether it runs on chosen branches alone, and NoPullRequests
	// whether it is left out of the builds of pull requests.
	Branch         bool
	NoPullRequests bool
	// PerJob is whether it runs in each of several jobs.
	PerJob bool
	// FailureHidden is whether the build passes when it fails.
	FailureHidden bool
	// Installs is whether a command before it, or it itself, installs the client.
	Installs bool
	// Client is the generation of the one that is downloaded before it, 0 where
	// that is unknown, and Waits whether it fails when the release rolls back.
	Client Generation
	Waits  bool
	// Host and Password are whether the file itself gives it CONVOX_HOST and
	// CONVOX_PASSWORD, wherever it runs.
	Host, Password bool
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

// Inspect tells what the document does.
func (d *Document) Inspect() Report {
	m, steps, variables := d.matrix(), d.steps(), d.variables()
	clear := d.clearText(variables)
	report := Report{
		Deploys:    steps.deploys(),
		Several:    m.several(),
		Why:        m.why,
		Variables:  append(variables, clear.set...),
		Imports:    lookup(d.root, "import") != nil,
		OwnScripts: steps.scripts(),
		Secrets:    clear.secrets,
	}
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
