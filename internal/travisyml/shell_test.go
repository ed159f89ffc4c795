package travisyml_test

import (
	"fmt"
	"strings"
	"testing"
)

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

func TestATestEndsWhereBashEndsIt(t *testing.T) {
	const behind = "x; fi; convox deploy --app behind"
	for _, test := range []string{
		"[[ a = b ]]; then " + behind, "[[ a = b ]];then " + behind, "[[ a = b ]]\nthen " + behind, "[[ a = b ]] #]]\nthen " + behind, "[[ a = b ]]&& c; then " + behind,
		"[[ a = b ]]||c; then " + behind, "([[ a = b ]]); then " + behind, "[[ a = b ]]>log; then " + behind, "[[ a =~ ^(b|c)$ ]]; then " + behind, "[[ ( a = b ) ]]; then " + behind,
		"[[ a = b ]] ; then " + behind, "[ a = b ]; then " + behind, "[ a = b ]\nthen " + behind, "[ a = b ]&& c; then " + behind, "[ a = b ] #]\nthen " + behind,
		"! [[ a = b ]]; then " + behind, "grep -q [[ a; then " + behind,
	} {
		deploys := parse(t, "script:\n  - "+fmt.Sprintf("%q", "if "+test)+"\n").Inspect().Deploys
		if len(deploys) != 1 || deploys[0].App != "behind" {
			t.Errorf("if %s: %+v", test, deploys)
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
