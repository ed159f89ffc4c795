package travisapi

import (
	"errors"
	"strconv"
	"strings"
)

// Provider is the hosting service of a repository, as Travis spells it in a
// path.
type Provider string

// The providers.
const (
	GitHub    Provider = "github"
	GitLab    Provider = "gitlab"
	Bitbucket Provider = "bitbucket"
	Assembla  Provider = "assembla"
)

// Providers lists all of them.
func Providers() []Provider { return []Provider{GitHub, GitLab, Bitbucket, Assembla} }

// ErrProvider means that a text names no provider.
var ErrProvider = errors.New("not one of github, gitlab, bitbucket and assembla")

// ParseProvider reads a provider as a person types it.
func ParseProvider(text string) (Provider, error) {
	for _, provider := range Providers() {
		if strings.EqualFold(text, string(provider)) {
			return provider, nil
		}
	}
	return "", ErrProvider
}

// Ref names a repository in a call. The number is safest: a slug without its
// provider is GitHub's, whoever that is.
type Ref struct {
	path string // escaped
	name string // for a person
}

// ByID names a repository by its number on Travis.
func ByID(id int) Ref {
	number := strconv.Itoa(id)
	return Ref{path: number, name: "repository " + number}
}

// BySlug names a repository by OWNER/NAME on a provider.
func BySlug(provider Provider, slug string) Ref {
	return Ref{path: providerPath(provider) + segment(slug), name: slug}
}

// String is the name for a person.
func (r Ref) String() string { return r.name }

// providerPath is what stands before a slug or login: nothing for GitHub
// (https://github.com/travis-ci/travis-api, lib/travis/api/v3/routes.rb).
func providerPath(provider Provider) string {
	if provider == GitHub || provider == "" {
		return ""
	}
	return segment(string(provider)) + "/"
}

// call is a request about the repository: verb and its name say what for.
func (r Ref) call(method, rest, verb string) call {
	return call{action: verb, object: r.name, method: method, path: "/repo/" + r.path + rest}
}
