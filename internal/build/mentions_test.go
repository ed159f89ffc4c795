package build_test

import (
	"context"
	"strings"
	"testing"

	"convox-travis/internal/build"
)

func TestBranchesAreWhatTheFileComparesTheBranchWith(t *testing.T) {
	for text, want := range map[string]string{
		"branches: {only: [main, '/^release-.*$/'], except: [gh-pages]}":                              "main release gh-pages",
		"deploy: {provider: script, script: x, on: {branch: [main, develop]}}":                        "main develop",
		"deploy: {provider: script, script: x}":                                                       "master",
		"deploy: {provider: script, script: x, on: {all_branches: true}}":                             "",
		"deploy: {provider: script, script: x, on: {branch: $TO}}":                                    "",
		"deploy: {provider: script, script: x, on: {branch: ma, condition: $TRAVIS_BRANCH =~ ^b/c$}}": "ma b/c",
		"if: branch IN (main, develop) AND type = push AND sender = ann":                              "main develop",
		"stages: [{name: ship, if: branch =~ /^(qa|uat)$/}]":                                          "qa uat",
		"jobs: {include: [{if: NOT branch = old, script: x}]}":                                        "old",
		"script: 'if [ \"$TRAVIS_BRANCH\" = main -o develop == $TRAVIS_BRANCH ]; then x; fi'":         "main develop",
		"script: '[[ $TRAVIS_BRANCH != \"a\" && b = \"${TRAVIS_BRANCH}\" ]] && test $X = c'":          "a b",
		"script: '[ $TRAVIS_BRANCH-$TRAVIS_PULL_REQUEST = main-false ] && x'":                         "main",
		"script: 'case $TRAVIS_BRANCH in main|develop) x;; \"qa/\"*) y;; esac'":                       "main develop qa",
		"after_success: \"bash -c '[ $BRANCH = main ] && x'\"":                                        "main",
		"script: echo branch main":                                                                    "",
		"# branch = main\nscript: make":                                                               "",
	} {
		config, err := build.Parse(context.Background(), []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(config.Branches(), " "); got != want {
			t.Errorf("%s: %q, not %q", text, got, want)
		}
	}
}
