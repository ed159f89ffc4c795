// Package connect gives repositories on Travis their two variables, CONVOX_HOST and
// CONVOX_PASSWORD: what would change (Plan), how to write them so that both are set or the
// report says exactly what isn't (Apply), and how to remove them (Remove). It is
// independent of screens, asks nothing and prints nothing; it uses the outside through
// small interfaces, so that tests can play every fault.
//
// It relies on the settings of Travis API v3
// (https://developer.travis-ci.com/resource/env_var).
//
// Next room: internal/reset, which decides about a Rack's password.
package connect

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/travisapi"
)

// The two variables. HostName is always written first, so that a new password is never
// sent to an old host.
const (
	HostName     = "CONVOX_HOST"
	PasswordName = "CONVOX_PASSWORD"
)

// OverrideName is read by the convox CLI before the two variables.
const OverrideName = "RACK_URL"

// OverrideEffect follows the statement that OverrideName is set.
const OverrideEffect = ": the convox CLI uses it and ignores CONVOX_HOST and CONVOX_PASSWORD"

// Travis is what this package needs from Travis; a travisapi.Client implements it.
type Travis interface {
	Repository(context.Context, travisapi.Ref) (travisapi.Repository, error)
	HasBuilds(ctx context.Context, repository travisapi.Ref, branch string) (bool, error)
	Activate(Stop, travisapi.Ref) (travisapi.Repository, error)
	EnvVars(context.Context, travisapi.Ref) ([]travisapi.EnvVar, error)
	CreateEnvVar(Stop, travisapi.Ref, travisapi.EnvVar) (travisapi.EnvVar, error)
	UpdateEnvVar(Stop, travisapi.Ref, travisapi.EnvVar) (travisapi.EnvVar, error)
	DeleteEnvVar(Stop, travisapi.Ref, string) error
}

// Checker verifies a credential; a convox.Checker implements it.
type Checker interface {
	Rack(context.Context, convox.Host, secret.String) (convox.Login, error)
	Console(context.Context, convox.Host, secret.String) (convox.Login, error)
}

// Credential is what a build logs in with.
type Credential struct {
	Host     convox.Host
	Password secret.String // a Rack password, or a Console deploy key
	Console  bool          // whether Host is a Console
	Source   convox.Source // where the password was found
	Rack     convox.Rack   // name and region, where the host was found in CloudFormation
}

// Verify logs in with the credential. An error knows the Rack, and where a refused
// password was found.
func (c Credential) Verify(ctx context.Context, checker Checker) (convox.Login, error) {
	verify := checker.Rack
	if c.Console {
		verify = checker.Console
	}
	login, err := verify(ctx, c.Host, c.Password)
	return login, convox.NameOrigin(err, c.Source, c.Rack)
}

// value is the value of one of the two variables.
func (c Credential) value(name string) secret.String {
	if name == HostName {
		return secret.New(c.Host.String())
	}
	return c.Password
}

// Accepted is a credential that its host accepted, with what the login returned. The zero
// value covers no credential.
type Accepted struct {
	Credential Credential
	Login      convox.Login
}

// covers reports whether this very credential was accepted, by this very host.
func (a Accepted) covers(c Credential) bool {
	return a.Credential.Host == c.Host && a.Credential.Console == c.Console && a.Credential.Password.Equal(c.Password) && !c.Host.IsZero()
}

// Warning is something that the person should know; it stops nothing.
type Warning struct {
	Code    string
	Target  Target // the repository; zero for the whole run
	Message string // the message, without the repository
	Hint    string
}

// String says it, and of which repository.
func (w Warning) String() string {
	if w.Target == (Target{}) {
		return w.Message
	}
	return w.Target.String() + ": " + w.Message
}

// The codes of Errors that callers distinguish.
const (
	CodeMixedPair  = "mixed_pair"          // requires confirmation: Request.AllowMixed
	CodeUnsendable = "password_unsendable" // the convox CLI can't send it
	CodeStopped    = "stopped"             // ended before it was done, because of another's error or a stop
	CodeNotStarted = "not_begun"           // nothing was tried here, because of another's error or a stop
)

// IsMixed reports whether err requires the confirmation that Request.AllowMixed gives.
func IsMixed(err error) bool {
	return problem.Code(err) == CodeMixedPair
}

// InScope returns the variables called name of one scope: a branch, or all branches if
// branch is "". The last one wins in a build.
func InScope(vars []travisapi.EnvVar, name, branch string) []travisapi.EnvVar {
	var found []travisapi.EnvVar
	for _, v := range vars {
		if v.Name == name && v.Branch == branch {
			found = append(found, v)
		}
	}
	return found
}

// LastInScope returns the one that wins, and the others, which never apply.
func LastInScope(vars []travisapi.EnvVar, name, branch string) (last travisapi.EnvVar, others []travisapi.EnvVar, found bool) {
	all := InScope(vars, name, branch)
	if len(all) == 0 {
		return travisapi.EnvVar{}, nil, false
	}
	return all[len(all)-1], all[:len(all)-1], true
}

// BranchesOf lists, sorted, the branches that have a Convox variable of their own.
func BranchesOf(vars []travisapi.EnvVar) []string {
	branches := map[string]bool{}
	for _, v := range vars {
		if (v.Name == HostName || v.Name == PasswordName) && v.Branch != "" {
			branches[v.Branch] = true
		}
	}
	return slices.Sorted(maps.Keys(branches))
}

// branchConflicts returns how variables for all branches would combine with those of
// single branches. In a build of a branch its own variables win
// (https://docs.travis-ci.com/user/environment-variables/).
type branchConflict struct {
	mixed        []string // own host, no own password: the new password would go to another host
	passwordOnly []string // own password, no own host: that password would go to the new host
}

func branchConflicts(vars []travisapi.EnvVar, branch string, host convox.Host) branchConflict {
	var c branchConflict
	if branch != "" {
		return c // a branch's own variables apply only to that branch
	}
	for _, b := range BranchesOf(vars) {
		own, _, hasHost := LastInScope(vars, HostName, b)
		_, _, hasPassword := LastInScope(vars, PasswordName, b)
		switch {
		case hasHost && !hasPassword && !IsHost(own, host):
			c.mixed = append(c.mixed, b)
		case hasPassword && !hasHost:
			c.passwordOnly = append(c.passwordOnly, b)
		}
	}
	return c
}

// IsHost reports whether v certainly is host: only a public value is readable.
func IsHost(v travisapi.EnvVar, host convox.Host) bool {
	if v.Value.IsEmpty() {
		return false
	}
	read, err := convox.ParseHost(v.Value.Reveal())
	return err == nil && read == host
}

// Group is a warning and its repositories; none if it is about the whole run.
type Group struct {
	Warning
	Targets []Target
}

// GroupWarnings combines equal warnings of several repositories, in the order of their
// first occurrence.
func GroupWarnings(warnings []Warning) []Group {
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

// String says it, and for which repositories.
func (g Group) String() string {
	if len(g.Targets) < 2 {
		return g.Warning.String()
	}
	return fmt.Sprintf("%d repositories (%s): %s", len(g.Targets), Names(g.Targets), g.Message)
}
