// Package setup decides: what would change in a repository's Travis settings
// and what is wrong with it (Plan), and how to write the pair so that it is
// whole or the report says exactly what is not (Apply, Remove). It knows no
// screen, asks nothing and prints nothing; what it needs of the outside it is
// given through small interfaces, so that every fault can be played to it.
//
// It rests on the settings of Travis API v3
// (https://developer.travis-ci.com/resource/env_var) and on what the convox
// client reads in a build (https://docs.convox.com/).
//
// Next room: internal/reset, which decides about a Rack's password.
package setup

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/travisapi"
)

// The pair. HostName is always written first, so that a new password never
// meets an old host.
const (
	HostName     = "CONVOX_HOST"
	PasswordName = "CONVOX_PASSWORD"
)

// overrideName is read by the convox client before the pair.
const overrideName = "RACK_URL"

// Travis is what setup needs of Travis; a travisapi.Client has it.
type Travis interface {
	Repository(context.Context, travisapi.Ref) (travisapi.Repository, error)
	Activate(Stop, travisapi.Ref) (travisapi.Repository, error)
	EnvVars(context.Context, travisapi.Ref) ([]travisapi.EnvVar, error)
	CreateEnvVar(Stop, travisapi.Ref, travisapi.NewEnvVar) (travisapi.EnvVar, error)
	UpdateEnvVar(Stop, travisapi.Ref, string, travisapi.EnvVarChange) (travisapi.EnvVar, error)
	DeleteEnvVar(Stop, travisapi.Ref, string) error
}

// Checker proves a credential; a convox.Checker is one.
type Checker interface {
	Rack(context.Context, convox.Host, secret.String) (convox.Login, error)
	Console(context.Context, convox.Host, secret.String) (convox.Login, error)
}

// Credential is what a build logs in with.
type Credential struct {
	Host     convox.Host
	Password secret.String // a Rack's password, or a deploy key of Console
	Console  bool          // whether Host is a Console
	Source   convox.Source // where the password was found
}

// Verify logs in with the credential. The error of one that was found somewhere and is
// refused says where.
func (c Credential) Verify(ctx context.Context, checker Checker) (convox.Login, error) {
	verify := checker.Rack
	if c.Console {
		verify = checker.Console
	}
	login, err := verify(ctx, c.Host, c.Password)
	return login, convox.NameSource(err, c.Source)
}

// Accepted is a credential that its host accepted, and what the login showed. The
// zero value covers no credential.
type Accepted struct {
	Credential Credential
	Login      convox.Login
}

// covers reports whether this very credential was accepted, by this very host.
func (a Accepted) covers(c Credential) bool {
	return a.Credential.Host == c.Host && a.Credential.Console == c.Console && a.Credential.Password.Equal(c.Password) && !c.Host.IsZero()
}

// Target names a repository as it was asked for.
type Target struct {
	Provider travisapi.Provider
	Slug     string
}

// String is OWNER/NAME, with the provider before it where it is not GitHub.
func (t Target) String() string {
	if t.Provider == travisapi.GitHub || t.Provider == "" {
		return t.Slug
	}
	return string(t.Provider) + " " + t.Slug
}

// Ref names the repository by its slug, while its number is not known.
func (t Target) Ref() travisapi.Ref {
	if t.Provider == "" {
		return travisapi.BySlug(travisapi.GitHub, t.Slug)
	}
	return travisapi.BySlug(t.Provider, t.Slug)
}

// Warning is something the person should know; it stops nothing.
type Warning struct {
	Code    string
	Target  Target // the repository that it is about; zero is the whole run
	Message string // what, without the repository
	Hint    string
}

// String says it, and of which repository.
func (w Warning) String() string {
	if w.Target == (Target{}) {
		return w.Message
	}
	return w.Target.String() + ": " + w.Message
}

// The codes of Errors that callers tell apart.
const (
	CodeMixedPair  = "mixed_pair"          // needs a confirmation: Request.AllowMixed
	CodeUnsendable = "password_unsendable" // the convox client cannot send it
	CodeStopped    = "stopped"             // ended before it was done, because of another's error or a stop
	CodeNotBegun   = "not_begun"           // nothing was tried here, because of another's error or a stop
)

// IsMixed reports whether err asks for the confirmation that Request.AllowMixed
// gives.
func IsMixed(err error) bool {
	return problem.Code(err) == CodeMixedPair
}

// inScope returns the variables called name of one scope: a branch, or all
// branches when branch is "". The last one wins in a build.
func inScope(vars []travisapi.EnvVar, name, branch string) []travisapi.EnvVar {
	var found []travisapi.EnvVar
	for _, v := range vars {
		if v.Name == name && v.Branch == branch {
			found = append(found, v)
		}
	}
	return found
}

// lastInScope returns the one that wins, and the others, which never count.
func lastInScope(vars []travisapi.EnvVar, name, branch string) (last travisapi.EnvVar, others []travisapi.EnvVar, found bool) {
	all := inScope(vars, name, branch)
	if len(all) == 0 {
		return travisapi.EnvVar{}, nil, false
	}
	return all[len(all)-1], all[:len(all)-1], true
}

// branchesOf lists, sorted, the branches that have a variable of the pair of
// their own.
func branchesOf(vars []travisapi.EnvVar) []string {
	branches := map[string]bool{}
	for _, v := range vars {
		if (v.Name == HostName || v.Name == PasswordName) && v.Branch != "" {
			branches[v.Branch] = true
		}
	}
	return slices.Sorted(maps.Keys(branches))
}

// crossing tells how a pair for all branches would meet the variables that
// branches have of their own. In a build of a branch its own variables win
// (https://docs.travis-ci.com/user/environment-variables/).
type crossing struct {
	mixed        []string // own host, no own password: the new password would go to another host
	passwordOnly []string // own password, no own host: that password would go to the new host
}

func crossings(vars []travisapi.EnvVar, branch string, host convox.Host) crossing {
	var c crossing
	if branch != "" {
		return c // a branch's own pair is used by that branch alone
	}
	for _, b := range branchesOf(vars) {
		own, _, hasHost := lastInScope(vars, HostName, b)
		_, _, hasPassword := lastInScope(vars, PasswordName, b)
		switch {
		case hasHost && !hasPassword && !isHost(own, host):
			c.mixed = append(c.mixed, b)
		case hasPassword && !hasHost:
			c.passwordOnly = append(c.passwordOnly, b)
		}
	}
	return c
}

// isHost reports whether v is known to hold host: only a public value can be
// read.
func isHost(v travisapi.EnvVar, host convox.Host) bool {
	if v.Value.IsEmpty() {
		return false
	}
	read, err := convox.ParseHost(v.Value.Reveal())
	return err == nil && read == host
}

// Group is a warning and the repositories that it is about; none where it is
// about the whole run.
type Group struct {
	Warning
	Targets []Target
}

// Grouped puts those warnings together that say the same of several
// repositories, in the order in which they first come.
func Grouped(warnings []Warning) []Group {
	var groups []Group
	places := map[Warning]int{}
	for _, w := range warnings {
		same := w
		same.Target = Target{}
		place, there := places[same]
		if !there {
			place = len(groups)
			places[same] = place
			groups = append(groups, Group{Warning: w})
		}
		if w.Target != (Target{}) {
			groups[place].Targets = append(groups[place].Targets, w.Target)
		}
	}
	return groups
}

// String says it, and of which repositories.
func (g Group) String() string {
	if len(g.Targets) < 2 {
		return g.Warning.String()
	}
	return fmt.Sprintf("%d repositories (%s): %s", len(g.Targets), Names(g.Targets), g.Message)
}

// Names lists repositories in a line: of many the first few, and how many more.
func Names(targets []Target) string {
	names := make([]string, len(targets))
	for i, target := range targets {
		names[i] = target.String()
	}
	return listed(names)
}

// listed joins the first of several words, and says how many more there are.
func listed(list []string) string {
	const few = 4
	if len(list) > few {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:few], ", "), len(list)-few)
	}
	return strings.Join(list, ", ")
}
