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
	Activate(context.Context, travisapi.Ref) (travisapi.Repository, error)
	EnvVars(context.Context, travisapi.Ref) ([]travisapi.EnvVar, error)
	CreateEnvVar(context.Context, travisapi.Ref, travisapi.NewEnvVar) (travisapi.EnvVar, error)
	UpdateEnvVar(context.Context, travisapi.Ref, string, travisapi.EnvVarChange) (travisapi.EnvVar, error)
	DeleteEnvVar(context.Context, travisapi.Ref, string) error
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
