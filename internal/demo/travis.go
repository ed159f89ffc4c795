package demo

import (
	"fmt"
	"time"

	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
	"convox-travis/travisapi/travistest"
)

const (
	login        = "ann"
	organization = "acme"

	repository         = organization + "/web"
	readOnlyRepository = organization + "/handbook"

	usualRepositories = 30
)

// repositories cover the cases to try before using one's own.
func (w *World) repositories() []travistest.Repository {
	host, password := "CONVOX_HOST", "CONVOX_PASSWORD"
	old := "rack.old-1600000000.us-east-1.convox.site"
	private := func(name, value string) travistest.EnvVar { return travistest.EnvVar{Name: name, Value: value} }
	public := func(name, value string) travistest.EnvVar {
		return travistest.EnvVar{Name: name, Value: value, Public: true}
	}
	on := func(branch string, v travistest.EnvVar) travistest.EnvVar {
		v.Branch = &branch
		return v
	}
	return []travistest.Repository{
		{Slug: repository, Active: true},
		{Slug: organization + "/api", Active: true, Private: true},
		// Already set.
		{Slug: organization + "/admin", Active: true, EnvVars: []travistest.EnvVar{private(host, old), private(password, "old")}},
		// Set only for one branch.
		{Slug: organization + "/billing", Active: true, Private: true, EnvVars: []travistest.EnvVar{on("release", private(host, old)), on("release", private(password, "old"))}},
		// A branch with its own host, which would get a new password.
		{Slug: organization + "/payments", Active: true, Private: true, EnvVars: []travistest.EnvVar{on("release", private(host, old))}},
		// A password that everyone can read in the log.
		{Slug: organization + "/mobile", Active: true, EnvVars: []travistest.EnvVar{public(host, old), public(password, "old")}},
		// Duplicates, which Travis itself makes when a branch is null in one and empty in
		// the other.
		{Slug: organization + "/worker", Active: true, EnvVars: []travistest.EnvVar{private(host, old), on("", private(host, old)), private(password, "old"), on("", private(password, "older"))}},
		{Slug: organization + "/website", DefaultBranch: "gh-pages"},
		{Slug: readOnlyRepository, Active: true, Permissions: map[string]bool{
			"admin": false, "activate": false, "deactivate": false, "create_env_var": false, "create_request": false, "settings_read": false, "settings_create": false,
		}},
		{Slug: organization + "/brand-new", Unsynced: true},
		{Slug: organization + "/embedded", Provider: "gitlab", Active: true},
		{Slug: login + "/dotfiles"},
		{Slug: login + "/web", Active: true},
	}
}

// build plays a build that logs in with the repository's settings.
func (w *World) build(b travistest.Build) string {
	host, password := b.Env["CONVOX_HOST"], secret.New(b.Env["CONVOX_PASSWORD"])
	isSet := func(plain string) bool { return convox.Quote(secret.New(plain)).Equal(password) }
	switch {
	case host == w.Rack.Host && w.Rack.Accepts(isSet), host == w.Lost.Host && w.Lost.Accepts(isSet), host == w.Console.Host && isSet(w.deployKey):
		return "passed"
	}
	return "failed"
}

func (w *World) fillTravis(least int) {
	w.Travis.AddAccount(travistest.Account{ID: 1, Login: login, Name: "Ann Example", Token: w.token, Organizations: []string{organization}})
	built := time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)
	all := w.repositories()
	const unseen = 1 // acme/brand-new, until it is synced
	for i := len(all); i < max(least, usualRepositories)+unseen; i++ {
		all = append(all, travistest.Repository{Slug: fmt.Sprintf("%s/service-%05d", organization, i), Active: i%3 != 0, Private: i%2 == 0})
	}
	for i, r := range all {
		if r.Active {
			r.LastBuild = built.Add(-time.Duration(i) * time.Hour)
		}
		r.KeyBits = 2048 // a longer one would slow the demo's start
		w.Travis.AddRepository(r)
	}
	w.fillBuilds()
}
