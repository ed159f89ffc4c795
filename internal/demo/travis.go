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

// The repositories whose last build didn't deploy, each for another reason.
const (
	skippedRepository  = organization + "/admin"
	untestedRepository = organization + "/mobile"
	silentRepository   = organization + "/worker"
)

const (
	builtFile = `language: ruby
script: bundle exec rake
deploy:
  provider: script
  script: curl -fsSL -o /tmp/convox https://convox.s3.amazonaws.com/release/20240101000000/cli/linux/convox && chmod +x /tmp/convox && /tmp/convox deploy --app web --wait
`
	stagedFile = `language: ruby
jobs:
  include:
    - stage: test
      script: bundle exec rake
    - stage: deploy
      script: skip
      deploy:
        provider: script
        script: convox deploy --app mobile --rack acme/production
        on:
          branch: main
`
	onMain = `  on:
    branch: main
`
	testLog = "travis_fold:start:install\r\x1b[0K$ bundle install\r\nBundle complete!\r\ntravis_fold:end:install\r\x1b[0K$ bundle exec rake\r\n12 runs, 0 failures\r\n" +
		"\x1b[32;1mThe command \"bundle exec rake\" exited with 0.\x1b[0m\r\n\r\n"
	deployLog = "travis_fold:start:dpl_0\r\x1b[0K$ ruby -S gem install dpl\r\nSuccessfully installed dpl-2.0.5\r\ntravis_fold:end:dpl_0\r\x1b[0K"
)

// fillBuilds adds builds that are over.
func (w *World) fillBuilds() {
	w.Travis.AddBuild(skippedRepository, travistest.PastBuild{
		Number: "41", Commit: "6d2f0c9b1e7a4853d90c1f2ab74e5d6c8b9a0f13", File: builtFile,
		Jobs: []travistest.PastJob{{
			Log: testLog + "\x1b[33;1mSkipping a deployment with the script provider because this branch is not permitted: main\x1b[0m\r\n\r\nDone. Your build exited with 0.\r\n",
		}},
	})
	w.Travis.AddBuild(untestedRepository, travistest.PastBuild{
		Number: "18", State: "failed", Commit: "b07e3a5d4c2f9186e0d7a1b3c5f49260d8e7f6a5", File: stagedFile,
		Jobs: []travistest.PastJob{
			{Stage: "test", Log: "$ bundle exec rake\r\n12 runs, 1 failure\r\n\x1b[31;1mThe command \"bundle exec rake\" exited with 1.\x1b[0m\r\n\r\nDone. Your build exited with 1.\r\n"},
			{Stage: "deploy", State: "canceled", LogStatus: 404},
		},
	})
	w.Travis.AddBuild(silentRepository, travistest.PastBuild{
		Number: "77", State: "errored", Commit: "c4d1e8f0a2b394756d8e9f0a1b2c3d4e5f607182", File: builtFile + onMain,
		Jobs: []travistest.PastJob{{
			Log: testLog + deployLog + "Packaging source... OK\r\nUploading source... OK\r\nStarting build... OK\r\nBuilding: .\r\n\r\n\r\nNo output has been received in the last 10m0s, this potentially indicates a stalled build or something wrong with the build itself.\r\n" +
				"Check the details on how to adjust your build configuration on: https://docs.travis-ci.com/user/common-build-problems/#build-times-out-because-no-output-was-received\r\n\r\nThe build has been terminated\r\n\r\n",
		}},
	})
}
