package travisyml_test

import (
	"strings"
	"testing"
)

func TestAStepThatAnAliasRepeatsIsWhatItIsInAllItsUses(t *testing.T) {
	const (
		provider = "x: &d {provider: script, script: convox deploy}\n"
		script   = "x: &s convox deploy\n"
		only     = "      if: branch = main AND type = push\n"
		merged   = "x: &b\n  script: convox deploy\njobs:\n  include:\n"
	)
	jobs := func(before string, all ...string) string {
		return before + "jobs:\n  include:\n    - " + strings.Join(all, "    - ")
	}
	for old, want := range map[string]string{
		jobs(script, "script: *s\n"+only, "script: *s\n"):                                                   "j",
		jobs(script, "script: *s\n", "script: *s\n"+only):                                                   "j",
		jobs(script, "script: *s\n      if: branch = main\n", "script: *s\n"+only):                          "b",
		jobs(script, "script: *s\n"+only, "script: *s\n"+only):                                              "bpj",
		jobs(script, "script: *s\n"+only, "script: *s\n      if: branch = next AND type = push\n"):          "bp",
		jobs(script, "script: *s\n"+only, "script: x\n"):                                                    "bp",
		jobs(script, "script: [*s, *s]\n"+only):                                                             "bp",
		jobs(script, "script: *s\n", "script: *s\n"):                                                        "j",
		jobs(provider, "env: A=1\n      deploy: *d\n", "env: A=2\n      deploy: *d\n"):                      "bpj",
		jobs(provider+"deploy: *d\n", "env: A=1\n", "env: A=2\n      deploy: *d\n"):                         "bpj",
		jobs(provider, "env: A=1\n      deploy: *d\n", "env: A=2\n"):                                        "bp",
		jobs("x: &s convox deploy -a $A\n", "env: A=1\n      script: *s\n", "env: A=2\n      script: *s\n"): "-",
		merged + "    - <<: *b\n      env: A=1\n" + only + "    - <<: *b\n      env: A=2\n" + only:          "bpj",
		merged + "    - <<: *b\n" + only + "    - env: A=2\n":                                               "bp",
		script + "script: *s\nafter_success: '[ $TRAVIS_BRANCH = main ] || exit'\nafter_script: *s\n":       "-",
	} {
		if got := guards(t, old); got != want {
			t.Errorf("%s: %s, not %s", old, got, want)
		}
	}
	report := parse(t, jobs(script, "script: *s\n"+only, "script: *s\n")).Inspect()
	if place := report.Deploys[0].Place; place != "jobs.include[1].script" {
		t.Errorf("what is unguarded is said to be in %s", place)
	}
}

func TestAJobThatMayFailHidesAFailure(t *testing.T) {
	const include = "  include:\n    - env: A=1\n      script: convox deploy\n    - script: x\n"
	for old, want := range map[string]bool{
		"jobs:\n  allow_failures: [{env: A=1}]\n" + include:          true,
		"jobs:\n  allow_failures: [{env: {A: 1}}]\n" + include:       true,
		"matrix:\n  allow_failures: [{env: A=1}]\n" + include:        true,
		"jobs:\n  allow_failures: [{env: A=2}]\n" + include:          false,
		"jobs:\n  allow_failures: [{env: A=1, os: osx}]\n" + include: false,
		"jobs:\n" + include: false,
		"jobs:\n  allow_failures: [{name: ship}]\n  include:\n    - {name: ship, script: convox deploy}\n": true,
		"jobs:\n  allow_failures: [{name: x}]\n  include: [{name: x}, {name: y}]\nscript: convox deploy\n": false,
		"jobs:\n  allow_failures: [{name: x}]\n  include: [{name: x}]\nscript: convox deploy\n":            true,
	} {
		if got := parse(t, old).Inspect().Deploys; len(got) != 1 || got[0].FailureHidden != want {
			t.Errorf("%s: %+v", old, got)
		}
	}
}
