package travisyml_test

import (
	"strings"
	"testing"

	"convox-travis/internal/problem"
	"convox-travis/internal/travisyml"
)

// A step behind a command that ends the build's script is never run.
func TestAStepIsNotPutWhereNoBuildOfItsBranchGetsTo(t *testing.T) {
	for old, want := range map[string]string{
		"after_success:\n  - test \"$TRAVIS_BRANCH\" = gh-pages || exit 0\n  - ./docs.sh\n":                      "jobs.include",
		"after_success:\n  - test \"$TRAVIS_BRANCH\" = main || exit 0\n  - ./docs.sh\n":                          "after_success",
		"after_success:\n  - '[[ $TRAVIS_BRANCH == release/* ]] || exit 0'\n":                                    "jobs.include",
		"after_success:\n  - '[[ $TRAVIS_BRANCH == ma* ]] || exit 0'\n":                                          "after_success",
		"after_success:\n  - '[[ $TRAVIS_BRANCH =~ ^v[0-9] ]] || exit 0'\n":                                      "jobs.include",
		"after_success:\n  - '[ -n \"$TRAVIS_TAG\" ] || exit 0'\n":                                               "jobs.include",
		"after_success:\n  - '[ -z \"$TRAVIS_TAG\" ] || exit 0'\n":                                               "after_success",
		"after_success:\n  - '[ \"$TRAVIS_PULL_REQUEST\" = false ] || exit 0'\n":                                 "after_success",
		"after_success:\n  - '[ \"$TRAVIS_PULL_REQUEST\" = false ] && exit 0'\n":                                 "jobs.include",
		"after_success:\n  - '[ \"$TRAVIS_EVENT_TYPE\" = cron ] || exit 0'\n":                                    "jobs.include",
		"after_success:\n  - '[ \"$DOCS\" = yes ] || exit 0'\n":                                                  "jobs.include",
		"after_success:\n  - B=x-$TRAVIS_BRANCH\n  - '[ \"$B\" = x-main ] || exit 0'\n":                          "after_success",
		"after_success:\n  - (exit 0)\n  - bash -c 'exit 0'\n":                                                   "after_success",
		"after_success:\n  - case $TRAVIS_BRANCH in gh-pages) ./docs.sh ;; *) exit 0 ;; esac\n":                  "jobs.include",
		"after_success:\n  - case $TRAVIS_BRANCH in main) ./docs.sh ;; *) exit 0 ;; esac\n":                      "after_success",
		"after_success: |\n  ./docs.sh\n  exit 0\n":                                                              "jobs.include",
		"after_success: |\n  if [ \"$TRAVIS_BRANCH\" = main ]; then\n    ./docs.sh\n  else\n    exit 0\n  fi\n":  "after_success",
		"script: |\n  make\n  exit $?\n":                                                                         "jobs.include",
		"script: make || exit 1\nafter_success:\n  - ./docs.sh\n":                                                "after_success",
		"after_failure: exit 1\nbefore_deploy: exit 0\n":                                                         "after_success",
		"after_success: |\n  # docs\n":                                                                           "after_success",
		"after_success: |\n  if [[ $A == b ]]; then\n    cat <<EOF\n    if\n  EOF\n    echo 'fi'\n  fi # done\n": "after_success",
		"after_success: |\n  for a in b; do\n    (cd $a && make)\n  done\n":                                      "after_success",
		"after_success: |\n  echo a \\\n":                                                                        "the addition",
		"after_success: |\n  test -f x &&\n":                                                                     "the addition",
		"after_success: |\n  ls |\n":                                                                             "the addition",
		"after_success: |\n  if [ x = y ]; then\n    echo a\n":                                                   "jobs.include",
		"after_success: |\n  docs() {\n    echo a\n":                                                             "jobs.include",
		"after_success: |\n  cat <<EOF\n  hi\n":                                                                  "jobs.include",
		"after_success: |\n  (cd docs\n":                                                                         "jobs.include",
		"after_success: >\n  test -f x\n  &&\n":                                                                  "the addition",
		"after_success: |\n  ls $(pwd\n":                                                                         "jobs.include",
	} {
		change, err := addStep(parse(t, old), travisyml.Step{Form: travisyml.AfterSuccess, App: "api", Branch: "main", Generation: 2})
		if refusal, is := problem.Detail[*travisyml.Refusal](err); is {
			if !strings.HasSuffix(refusal.Reason, want) || len(refusal.Lines) == 0 {
				t.Errorf("%q: %v, not in %s", old, err, want)
			}
			continue
		}
		if err != nil || change.Place != want {
			t.Errorf("%q: %v, in %s, not in %s", old, err, change.Place, want)
		}
	}
}

// What is under deploy comes behind after_success, in the same script.
func TestADeployIsNotPutBehindAScriptThatEnds(t *testing.T) {
	step := travisyml.Step{Form: travisyml.DeployScript, App: "api", Branch: "main", Generation: 2}
	for old, want := range map[string]string{
		"after_success: test $TRAVIS_BRANCH = gh-pages || exit 0\n": "jobs.include",
		"before_deploy: exit 0\n":                                   "jobs.include",
		"after_script: exit 0\n":                                    "deploy",
	} {
		if change, err := addStep(parse(t, old), step); err != nil || change.Place != want {
			t.Errorf("%q: %v, in %s", old, err, change.Place)
		}
	}
}
