package audit_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"convox-travis/internal/audit"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
)

// A step that runs something on its release is never replaced by one that doesn't.
func TestNoAdviceLosesACommandOfAStep(t *testing.T) {
	const (
		build   = "convox build --app api --id > r && "
		promote = " && convox releases promote $(cat r) --app api --wait"
		migrate = `convox run web "rake db:migrate" --release $(cat r) --app api`
		write   = "convox-travis yml --write"
	)
	for name, c := range map[string]struct{ command, has string }{
		"a plain deploy":            {"convox deploy --app api --wait", write + " --app api"},
		"a manifest":                {"convox deploy --app api --wait --manifest ops/c.yml", write + " --manifest ops/c.yml --app api"},
		"no command":                {build + "true" + promote, write + " --app api"},
		"a command":                 {build + migrate + promote, write + " --before-promote 'web rake db:migrate' --app api"},
		"a command and a manifest":  {strings.Replace(build, "--id", "--id -m c.yml", 1) + migrate + promote, write + " --manifest c.yml --before-promote 'web rake db:migrate' --app api"},
		"two commands":              {build + migrate + " && " + strings.Replace(migrate, "rake", "bin", 1) + promote, ""},
		"a command afterward":       {"convox deploy --app api --wait && convox run web rake db:migrate --app api", ""},
		"a command on the old one":  {build + "convox run web rake db:migrate --app api" + promote, ""},
		"a command with a variable": {build + strings.Replace(migrate, "rake", "$TASK", 1) + promote, ""},
		"an unknown manifest":       {"convox deploy --app api --wait --manifest $FILE", ""},
	} {
		for kind, yml := range map[string]string{
			"every build":   "language: node_js\nscript: npm test\nafter_success:\n  - " + getClient + "\n  - |\n    " + c.command + "\n",
			"after_success": "language: node_js\nscript: npm test\nafter_success:\n  - " + getClient + "\n  - |\n    if [ $TRAVIS_BRANCH-$TRAVIS_PULL_REQUEST = main-false ]; then " + c.command + "; fi\n",
			"many jobs":     "language: node_js\nnode_js: [18, 20]\nscript: npm test\nafter_success:\n  - " + getClient + "\n  - |\n    if [ $TRAVIS_BRANCH-$TRAVIS_PULL_REQUEST = main-false ]; then " + c.command + "; fi\n",
			"no client":     "language: node_js\nscript: npm test\nafter_success:\n  - |\n    if [ $TRAVIS_BRANCH-$TRAVIS_PULL_REQUEST = main-false ]; then " + c.command + "; fi\n",
			"hidden":        "language: node_js\nscript:\n  - npm test\n  - " + getClient + "\n  - |\n    if [ $TRAVIS_BRANCH-$TRAVIS_PULL_REQUEST = main-false ]; then { " + c.command + "; } || true; fi\n",
		} {
			report := audited{yml: yml}.onMain().audit(t)
			if len(report.Findings) == 0 {
				t.Errorf("%s, %s: nothing is found", name, kind)
			}
			var hints string
			for _, f := range report.Findings {
				if f.Severity != audit.SeverityNote && f.Hint == "" {
					t.Errorf("%s, %s: nothing helps against %s", name, kind, f.Message)
				}
				hints += f.Hint + "\n"
			}
			for hint := range strings.Lines(hints) {
				if plain := strings.Replace(hint, " --step deploy", "", 1); strings.Contains(hint, write) && (c.has == "" || !strings.Contains(plain, c.has)) {
					t.Errorf("%s, %s: %s", name, kind, hint)
				}
			}
			if c.has != "" && !strings.Contains(hints, write) {
				t.Errorf("%s, %s: no step is proposed in %s", name, kind, hints)
			}
		}
	}
}

// rackWith is a Rack and a Console that accept everything, and have one app.
type rackWith struct {
	accepts
	app   string
	asked *[]string
}

func (r rackWith) LacksApp(_ context.Context, host convox.Host, password secret.String, rack, app string) bool {
	*r.asked = append(*r.asked, strings.TrimSpace(rack+" "+app))
	return app != r.app && !host.IsZero() && !password.IsEmpty()
}

func TestAuditLooksUpTheAppOfTheGivenRack(t *testing.T) {
	direct := deployOn(", on: main")
	behind := strings.ReplaceAll(strings.ReplaceAll(direct, "--wait", "--rack acme/production --wait"), "api", "web")
	for name, c := range map[string]struct {
		yml     string
		console bool
		asked   string
		hint    string
	}{
		"the app is there":        {direct, false, "[api]", ""},
		"another app":             {strings.ReplaceAll(direct, "api", "web"), false, "[web]", "create it: convox apps create web"},
		"no app, so the folder's": {strings.ReplaceAll(direct, "--app api ", ""), false, "[api]", ""},
		"behind a Console":        {behind, true, "[acme/production web]", "create it: convox apps create web --rack acme/production"},
		"a Rack that isn't seen":  {strings.ReplaceAll(behind, "production", "staging"), true, "[]", ""},
		"no Rack":                 {direct, true, "[]", ""},
		"a Rack of a Console":     {behind, false, "[]", ""},
		"a variable":              {strings.ReplaceAll(direct, "--app api", "--app $APP"), false, "[]", ""},
		"it never deploys":        {deployOn(", on: develop"), false, "[]", ""},
		"two apps":                {direct + "  - {provider: script, script: convox deploy --app web --wait, on: main}\n", false, "[api]", ""},
	} {
		t.Run(name, func(t *testing.T) {
			asked := []string{}
			checker := rackWith{accepts{convox.Login{Racks: []convox.Rack{{Organization: "acme", Name: "production"}}}}, "api", &asked}
			host, err := convox.ParseHost(rackHost)
			if err != nil {
				t.Fatal(err)
			}
			report := audited{yml: c.yml, checker: checker, request: func(r *audit.Request) {
				r.Credential = connect.Credential{Host: host, Password: secret.New(stored), Console: c.console}
			}}.onMain().audit(t)
			hint := ""
			for _, f := range report.Findings {
				if f.Code == audit.FoundNoApp {
					hint = f.Hint
					if f.Severity != audit.SeverityWarning || !strings.HasSuffix(f.Message, " has no app web, so a deploy of it fails (line 5)") {
						t.Errorf("%+v", f)
					}
				}
			}
			if fmt.Sprint(asked) != c.asked || hint != c.hint {
				t.Errorf("asked %v, %q", asked, hint)
			}
		})
	}
	asked := []string{}
	audited{yml: direct, checker: rackWith{app: "web", asked: &asked}}.onMain().audit(t)
	if len(asked) > 0 {
		t.Errorf("without a credential: %v", asked)
	}
}
