package travisyml_test

import (
	"fmt"
	"strings"
	"testing"
)

// guards says in letters what is known of where the steps of a file run: b for
// chosen branches or tags, p for no pull requests, j for each of several jobs, and
// h where a failure is hidden.
func guards(t *testing.T, old string) string {
	t.Helper()
	var all []string
	for _, d := range parse(t, old).Inspect().Deploys {
		word := ""
		for letter, is := range map[string]bool{"b": d.Branch, "p": d.NoPullRequests, "j": d.PerJob} {
			if is {
				word += letter
			}
		}
		all = append(all, ordered(word))
	}
	return strings.Join(all, " ")
}

func ordered(word string) string {
	ordered := ""
	for _, letter := range "bpj" {
		if strings.ContainsRune(word, letter) {
			ordered += string(letter)
		}
	}
	if ordered == "" {
		return "-"
	}
	return ordered
}

func TestConditionsAreReadAsTravisReadsThem(t *testing.T) {
	for condition, want := range map[string]string{
		`branch = main`:                                        "b",
		`branch == main`:                                       "b",
		`branch = "main" AND type = push`:                      "bp",
		`type == "push" && branch == 'main'`:                   "bp",
		`branch IN (main, "release") AND type != pull_request`: "bp",
		`branch NOT IN (main)`:                                 "-",
		`branch != main`:                                       "-",
		`NOT branch != main`:                                   "b",
		`NOT (type = pull_request OR branch != main)`:          "bp",
		`type IN (push, api)`:                                  "p",
		`type NOT IN (pull_request)`:                           "p",
		`type not in (push)`:                                   "-",
		`type = pull_request`:                                  "-",
		`type = push OR branch = main`:                         "-",
		`(type = push AND branch = main) OR tag IS present`:    "bp",
		`tag IS present`:                                       "bp",
		`tag is NOT blank`:                                     "bp",
		`tag IS blank`:                                         "-",
		`tag =~ ^v\d`:                                          "bp",
		`tag = v1`:                                             "bp",
		`branch =~ /^release\/.+/`:                             "b",
		`branch =~ .*`:                                         "-",
		`branch !~ ^x`:                                         "-",
		`type =~ ^(push|cron)$`:                                "p",
		`type = cron`:                                          "bp",
		`fork = false`:                                         "-",
		`env(DEPLOY) = yes AND branch = main`:                  "b",
		`repo = branch/type`:                                   "-",
		`commit_message =~ branch`:                             "-",
		`branch = `:                                            "-",
		`(branch = main`:                                       "-",
		`branch = main extra`:                                  "-",
		"branch = main AND \\\n type = push":                   "bp",
	} {
		old := fmt.Sprintf("jobs:\n  include:\n    - name: x\n      if: %q\n      script: convox deploy\n", condition)
		if got := guards(t, old); got != want {
			t.Errorf("%s: %s, not %s", condition, got, want)
		}
	}
}

func TestTestsOfTheShellAreReadAsBashReadsThem(t *testing.T) {
	const d = "convox deploy"
	for script, want := range map[string]string{
		`[ "$TRAVIS_BRANCH" = main ] && ` + d:                                                        "b",
		`[ "$TRAVIS_BRANCH" == "main" ] && [ "$TRAVIS_PULL_REQUEST" == 'false' ] && ` + d:            "bp",
		`[[ $TRAVIS_BRANCH == main && ${TRAVIS_PULL_REQUEST} = false ]] && ` + d:                     "bp",
		`if [[ "$TRAVIS_BRANCH" == main && "$TRAVIS_PULL_REQUEST" = false ]]; then ` + d + `; fi`:    "bp",
		`[ main = "$TRAVIS_BRANCH" -a "$TRAVIS_PULL_REQUEST" = false ] && ` + d:                      "bp",
		`test "$TRAVIS_BRANCH" = main -o "$TRAVIS_BRANCH" = dev && ` + d:                             "b",
		`[ "$TRAVIS_BRANCH" != main ] && ` + d:                                                       "-",
		`[ "$TRAVIS_BRANCH" != main ] || ` + d:                                                       "b",
		`[ "$TRAVIS_PULL_REQUEST" != false ] && ` + d:                                                "-",
		`[ "$TRAVIS_PULL_REQUEST" = true ] || ` + d:                                                  "-",
		`! [ "$TRAVIS_BRANCH" != main ] && ` + d:                                                     "b",
		`[ ! "$TRAVIS_BRANCH" = main ] || ` + d:                                                      "b",
		`[ "$TRAVIS_EVENT_TYPE" = push ] && ` + d:                                                    "p",
		`[ "$TRAVIS_EVENT_TYPE" != pull_request ] && ` + d:                                           "p",
		`[[ "$TRAVIS_EVENT_TYPE" =~ ^(push|api)$ ]] && ` + d:                                         "p",
		`[ -n "$TRAVIS_TAG" ] && ` + d:                                                               "bp",
		`[ -z "$TRAVIS_TAG" ] && ` + d:                                                               "-",
		`[ -z "$TRAVIS_TAG" ] || ` + d:                                                               "bp",
		`[ "$TRAVIS_TAG" ] && ` + d:                                                                  "bp",
		`[ "x$TRAVIS_TAG" != "x" ] && ` + d:                                                          "bp",
		`[ "$TRAVIS_TAG" != "" ] && ` + d:                                                            "bp",
		`[[ $TRAVIS_TAG =~ ^v[0-9]+ ]] && ` + d:                                                      "bp",
		`[ "$TRAVIS_BRANCH" = "$TRAVIS_TAG" ] && ` + d:                                               "bp",
		`[ -z "$TRAVIS_PULL_REQUEST_BRANCH" ] && ` + d:                                               "p",
		`[[ $TRAVIS_BRANCH =~ ^(main|release/.*)$ ]] && ` + d:                                        "b",
		`[[ $TRAVIS_BRANCH == @(main|dev) ]] && ` + d:                                                "b",
		`[[ $TRAVIS_BRANCH =~ .* ]] && ` + d:                                                         "-",
		`[[ ( $TRAVIS_BRANCH = a || $TRAVIS_BRANCH = b ) && $TRAVIS_PULL_REQUEST = false ]] && ` + d: "bp",
		`if [ "$TRAVIS_BRANCH" = main ]; then ` + d + `; fi`:                                         "b",
		`if [ "$TRAVIS_BRANCH" = main ]; then true; else ` + d + `; fi`:                              "-",
		`if [ "$TRAVIS_BRANCH" != main ]; then exit 0; fi; ` + d:                                     "b",
		`if [ "$TRAVIS_BRANCH" = a ]; then ` + d + ` -a a; elif [ "$TRAVIS_BRANCH" = b ]; then ` + d + ` -a b; else ` + d + `; fi`: "b b -",
		`case "$TRAVIS_BRANCH" in main|dev) ` + d + ` ;; *) ` + d + `;; esac`:                                                      "b -",
		`case "$TRAVIS_BRANCH" in main) ;; *) exit 0 ;; esac; ` + d:                                                                "b",
		`case "$TRAVIS_PULL_REQUEST" in (false) ` + d + `;; esac`:                                                                  "p",
		`echo "$TRAVIS_BRANCH" | grep -q ^release && ` + d:                                                                         "b",
		`grep -q main <<< "$TRAVIS_BRANCH" && ` + d:                                                                                "b",
		`echo "$TRAVIS_BRANCH"; ` + d:                                                                                              "-",
		`docker build -t app:$TRAVIS_BRANCH . && ` + d:                                                                             "-",
		d + ` --app "web-$TRAVIS_BRANCH"`:                                                                                          "-",
		`[ "$TRAVIS_REPO_SLUG" = a/b ] && ` + d:                                                                                    "-",
		`[ "$TRAVIS_BRANCH" = main ] || exit 0; ` + d:                                                                              "b",
		`[ "$TRAVIS_BRANCH" = main ] || travis_terminate 0; ` + d:                                                                  "b",
		`[ "$TRAVIS_BRANCH" = main ] || echo no; ` + d:                                                                             "-",
		`([ "$TRAVIS_BRANCH" = main ] || exit 0); ` + d:                                                                            "-",
		`( [ "$TRAVIS_BRANCH" = main ] && ` + d + ` )`:                                                                             "b",
		`{ [ "$TRAVIS_BRANCH" = main ] || exit 0; }; ` + d:                                                                         "b",
		`[ "$TRAVIS_BRANCH" = main ] && bash -c 'true && ` + d + `'`:                                                               "b",
		`up() { ` + d + `; }; [ "$TRAVIS_BRANCH" = main ] && up`:                                                                   "b",
		`function up { ` + d + `; }; up`:                                                                                           "-",
		`up() { [ "$TRAVIS_BRANCH" = main ] || return 0; }; up; ` + d:                                                              "-",
		`BRANCH=$(if [ "$TRAVIS_PULL_REQUEST" = false ]; then echo $TRAVIS_BRANCH; fi); [ "$BRANCH" = main ] && ` + d:              "b",
		"[ \"$TRAVIS_BRANCH\" = main ] \\\n  && " + d:                                                                              "b",
		"# [ $TRAVIS_BRANCH = main ] && [ $TRAVIS_PULL_REQUEST = false ]\n" + d:                                                    "-",
		"while read x; do " + d + "; done < list":                                                                                  "-",
		"cat > x <<EOF\nexit 0\nEOF\n" + d:                                                                                         "-",
	} {
		var literal strings.Builder
		for line := range strings.Lines(script) {
			literal.WriteString("      " + strings.TrimRight(line, "\n") + "\n")
		}
		if got := guards(t, "script:\n  - |\n"+literal.String()); got != want {
			t.Errorf("%s: %s, not %s", script, got, want)
		}
	}
}

func TestWhatStandsAboveAStepGuardsIt(t *testing.T) {
	const leave = "  - '[ \"$TRAVIS_BRANCH\" = main ] || exit 0'\n"
	for old, want := range map[string]string{
		"after_success:\n" + leave + "  - convox deploy\n": "b",
		"after_success:\n  - convox deploy\n" + leave:      "-",
		"before_script:\n  - echo\nafter_success:\n  - '[ $TRAVIS_PULL_REQUEST = false ] || exit'\n" + leave + "  - convox deploy\n":                                         "bp",
		"stages:\n  - name: Deploy\n    if: branch = main AND type = push\njobs:\n  include:\n    - stage: deploy\n      script: convox deploy\n":                            "bp",
		"stages:\n  - name: deploy\n    if: branch = main\njobs:\n  include:\n    - stage: deploy\n      script: true\n    - if: type = push\n      script: convox deploy\n": "bp",
		"stages:\n  - name: other\n    if: branch = main\njobs:\n  include:\n    - stage: deploy\n      script: convox deploy\n":                                             "-",
		"stages:\n  - name: test\n    if: branch = main\nafter_success: convox deploy\n":                                                                                     "b",
		"if: tag IS present\nafter_success: convox deploy\n":                                                                                                                 "bp",
		"branches:\n  only:\n    - main\nafter_success: convox deploy\n":                                                                                                     "b",
		"branches: main\nafter_success: convox deploy\n":                                                                                                                     "b",
		"branches:\n  except:\n    - gh-pages\nafter_success: convox deploy\n":                                                                                               "-",
		"branches:\n  only:\n    - /.*/\nafter_success: convox deploy\n":                                                                                                     "-",
		"deploy:\n  provider: script\n  script: convox deploy\n  on:\n    all_branches: true\n    condition: $TRAVIS_BRANCH =~ ^(main|dev)$\n":                               "bp",
		"deploy:\n  provider: script\n  script: convox deploy\n  on:\n    all_branches: true\n    condition: $A = 1\n":                                                       "p",
		"deploy:\n  provider: script\n  script: convox deploy\n  on:\n    tags: true\n    all_branches: true\n":                                                              "bp",
	} {
		if got := guards(t, old); got != want {
			t.Errorf("%s: %s, not %s", old, got, want)
		}
	}
}

func TestAStepRunsOncePerJobOnlyWhereSeveralJobsRunIt(t *testing.T) {
	const python = "language: python\npython: [\"3.12\", \"3.13\"]\n"
	const deploy = "deploy:\n  provider: script\n  script: convox deploy\n  on:\n    branch: main\n"
	for old, want := range map[string]string{
		python + deploy: "bpj",
		python + deploy + "    python: \"3.13\"\n":                                                             "bp",
		python + "os: [linux, osx]\n" + deploy + "    python: \"3.13\"\n":                                      "bpj",
		python + deploy + "    condition: $TRAVIS_PYTHON_VERSION = 3.13\n":                                     "bp",
		python + deploy + "    condition: $TRAVIS_TAG =~ ^v\n":                                                 "bpj",
		python + "after_success:\n  - '[ \"$TRAVIS_PYTHON_VERSION\" = 3.13 ] && convox deploy'\n":              "-",
		python + "after_success:\n  - '[ \"$TRAVIS_BRANCH\" = main ] && convox deploy'\n":                      "bj",
		"jobs:\n  include:\n    - name: x\nafter_success: convox deploy\n":                                     "-",
		"jobs:\n  include:\n    - name: x\n    - name: y\nafter_success: convox deploy\n":                      "j",
		"jobs:\n  include:\n    - name: x\n    - after_success: skip\nafter_success: convox deploy\n":          "-",
		python + "jobs:\n  include:\n    - name: x\n      after_success: skip\nafter_success: convox deploy\n": "j",
	} {
		if got := guards(t, old); got != want {
			t.Errorf("%s: %s, not %s", old, got, want)
		}
	}
}
