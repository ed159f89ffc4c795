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

func TestACommandThatDeploysIsFoundAsBashReadsIt(t *testing.T) {
	for script, want := range map[string]string{
		"convox deploy --app web \\\n  --rack acme/x":             "web acme/x true",
		"convox \\\ndeploy -a web":                                "web  true",
		"CONVOX_RACK=acme/x convox deploy":                        " acme/x true",
		"export CONVOX_RACK=acme/x\nconvox deploy":                " acme/x true",
		"env CONVOX_RACK=acme/x convox deploy -a web":             "web acme/x true",
		"CONVOX_RACK=acme/y convox apps\nconvox deploy":           "  true",
		"(convox deploy --rack acme/x)":                           " acme/x true",
		"convox deploy --rack acme/x|tee log":                     " acme/x true",
		"convox deploy --rack acme/x&":                            " acme/x true",
		"convox deploy --rack acme/x>log 2>&1":                    " acme/x true",
		"convox --rack acme/x deploy -a \"web\"":                  "web acme/x true",
		"OUT=$(convox deploy --rack=acme/x)":                      " acme/x true",
		"ssh host <<EOF\nconvox deploy -a web\nEOF":               "web  true",
		"travis_wait 30 \"convox deploy -a web\"":                 "web  true",
		"$CONVOX deploy":                                          "  true",
		"docker run --rm -e CONVOX_HOST convox/cli deploy -a web": "web  own",
		"docker run convox/cli:3 convox deploy -a web":            "web  own",
		"echo convox deploy":                                      "",
		"echo \"convox deploy\" && make":                          "",
		"git commit -m \"convox deploy\"":                         "",
		"convox run web deploy":                                   "",
		"convox env set X=1 && ./deploy":                          "",
		"docker-compose -f convox.yml deploy":                     "",
		"cat <<EOF\nconvox deploy\nEOF":                           "",
		"true # convox deploy":                                    "",
		"x() { convox deploy; }":                                  "",
	} {
		for _, before := range []string{"", "curl -o convox https://convox.com/cli/linux/convox\n"} {
			var literal strings.Builder
			for line := range strings.Lines(before + script) {
				literal.WriteString("    " + strings.TrimRight(line, "\n") + "\n")
			}
			got := ""
			for _, d := range parse(t, "script:\n  - |\n"+literal.String()).Inspect().Deploys {
				got = fmt.Sprintf("%s %s %t", d.App, d.Rack, d.Installs)
			}
			wanted := strings.Replace(want, "own", "true", 1)
			if before == "" && !strings.Contains(want, "own") {
				wanted = strings.Replace(want, "true", "false", 1)
			}
			if got != wanted {
				t.Errorf("%q: %q, not %q", before+script, got, wanted)
			}
		}
	}
}

func TestAHiddenFailureIsFound(t *testing.T) {
	for script, want := range map[string]bool{
		"convox deploy || true": true, "convox deploy || :": true, "convox deploy || exit 0": true, "convox deploy || echo no": true,
		"convox deploy": false, "convox deploy || exit 1": false, "convox deploy || { echo no; exit 1; }": false, "convox deploy || (echo no && exit 1)": false,
		"make || true; convox deploy": false, "[ a = b ] || true && convox deploy": false, "convox deploy || echo no && exit 1": false,
	} {
		if got := parse(t, "script:\n  - "+fmt.Sprintf("%q", script)+"\n").Inspect().Deploys; len(got) != 1 || got[0].FailureHidden != want {
			t.Errorf("%s: %+v", script, got)
		}
	}
}

func TestScriptsOfTheRepositorysOwnAreTold(t *testing.T) {
	for script, want := range map[string]bool{
		"./deploy.sh": true, "bin/ship": true, "bash ci/x.sh": true, "make deploy": true, "bundle exec rake": true, "npm run ship": true, "sudo ./x": true,
		"[ a = b ] && ./x": true, "source ci/env": true, "go test ./...": false, "echo ./x": false, "/usr/bin/x": false, "./convox deploy": false, "bash -c 'true'": false,
	} {
		if got := parse(t, "script:\n  - "+fmt.Sprintf("%q", script)+"\n").Inspect().OwnScripts; got != want {
			t.Errorf("%s: %t", script, got)
		}
	}
}

// Texts that call each other, or stand in each other, are not followed for ever.
func TestNoFileTakesLong(t *testing.T) {
	var calls strings.Builder
	for i := range 60 {
		fmt.Fprintf(&calls, "f%d() { f%d; f%d; f%d; }\n", i, i+1, i+1, i+1)
	}
	for name, text := range map[string]string{
		"functions":     calls.String() + "f0\nf() { f; f; }; f\n",
		"substitutions": strings.Repeat("$(", 5000),
		"nested":        strings.Repeat("bash -c \"`", 2000),
		"given":         strings.Repeat("cat <<a ", 20000),
		"brackets":      strings.Repeat("(", 400000),
		"ifs":           strings.Repeat("if [ a ]; then ", 20000),
		"tests":         "[[ " + strings.Repeat("( ", 400000),
		"not":           strings.Repeat("! ", 20000) + "convox deploy",
	} {
		t.Run(name, func(t *testing.T) {
			document := parse(t, "script:\n  - "+fmt.Sprintf("%q", text)+"\n")
			document.Inspect()
		})
	}
	document := parse(t, "if: "+fmt.Sprintf("%q", strings.Repeat("(NOT ", 20000))+"\nscript: convox deploy\n")
	document.Inspect()
}
