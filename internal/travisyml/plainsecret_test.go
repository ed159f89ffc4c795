package travisyml_test

import (
	"fmt"
	"strings"
	"testing"

	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/travisyml"
)

// inClear says which secrets of a file stand in clear, and where.
func inClear(t *testing.T, old string) string {
	t.Helper()
	report := parse(t, old).Inspect()
	var all []string
	for _, secret := range report.Secrets {
		all = append(all, fmt.Sprintf("%s:%d", secret.Name, secret.Line))
	}
	secrettest.Absent(t, "a report", fmt.Sprintf("%v %+v %#v", report, report, report))
	return strings.Join(all, " ")
}

func TestASecretInACommandIsFound(t *testing.T) {
	for script, want := range map[string]string{
		"export CONVOX_PASSWORD=CANARY":                                 "CONVOX_PASSWORD:3",
		"CONVOX_PASSWORD='CANARY'":                                      "CONVOX_PASSWORD:3",
		"make\nif x; then\n  declare -x A=1 CONVOX_PASSWORD=CANARY\nfi": "CONVOX_PASSWORD:5",
		"CONVOX_HOST=h CONVOX_PASSWORD=CANARY ./convox deploy":          "CONVOX_PASSWORD:3",
		"env CONVOX_PASSWORD=CANARY convox deploy":                      "CONVOX_PASSWORD:3",
		"docker run -e CONVOX_PASSWORD=CANARY convox/cli deploy":        "CONVOX_PASSWORD:3",
		"docker run -e DB_PASSWORD=CANARY db":                           "",
		"f() { export CONVOX_PASSWORD=CANARY; }; f; f":                  "CONVOX_PASSWORD:3",
		"f() { export CONVOX_PASSWORD=CANARY; }":                        "CONVOX_PASSWORD:3",
		"bash -c 'export CONVOX_PASSWORD=CANARY'":                       "CONVOX_PASSWORD:3",
		"export RACK_URL=https://convox:CANARY@rack.example.com":        "RACK_URL:3",
		"export DB_PASSWORD='CANARY'":                                   "DB_PASSWORD:3",
		"export CONVOX_PASSWORD=${CONVOX_PASSWORD:-CANARY}":             "CONVOX_PASSWORD:3",
		"convox login rack.example.com -p CANARY":                       "the password of convox login:3",
		"./convox login --password=CANARY rack.example.com":             "the password of convox login:3",
		"convox login -t \"CANARY\"":                                    "the password of convox login:3",
		"export CONVOX_PASSWORD=$SECRET":                                "",
		"export CONVOX_PASSWORD=\"${SECRET}\" CONVOX_HOST=rack":         "",
		"export CONVOX_PASSWORD=$(cat secret)":                          "",
		"export CONVOX_PASSWORD=":                                       "",
		"convox login rack.example.com -p $SECRET":                      "",
		"convox login rack.example.com --password \"${SECRET}\"":        "",
		"convox run web -p CANARY":                                      "",
		"export NAME=CANARY PATH=$PATH:/x":                              "",
		"export DB_PASSWORD=postgres":                                   "",
		"echo export CONVOX_PASSWORD=CANARY":                            "",
		"export RACK_URL=https://rack.example.com":                      "",
	} {
		var literal strings.Builder
		for line := range strings.Lines(strings.ReplaceAll(script, "CANARY", secrettest.Canary)) {
			literal.WriteString("    " + strings.TrimRight(line, "\n") + "\n")
		}
		if got := inClear(t, "before_install:\n  - |\n"+literal.String()+"script: make\n"); got != want {
			t.Errorf("%s: %q, not %q", script, got, want)
		}
	}
}

func TestASecretUnderAKeyIsFound(t *testing.T) {
	for old, want := range map[string]string{
		"deploy:\n  provider: heroku\n  api_key: CANARY\n":                                  "deploy.api_key:3",
		"deploy:\n  - provider: npm\n    api-key: CANARY\n  - provider: x\n":                "deploy.api_key:3",
		"deploy:\n  provider: s3\n  access_key_id: CANARY\n  secret_access_key: CANARY\n":   "deploy.secret_access_key:4",
		"deploy:\n  provider: heroku\n  api_key:\n    main: CANARY\n":                       "deploy.api_key:4",
		"deploy:\n  provider: convox\n  password: CANARY\n":                                 "deploy.password:3",
		"jobs:\n  include:\n    - deploy: {provider: x, token: CANARY}\n":                   "jobs.include[0].deploy.token:3",
		"x: &d {provider: x, token: CANARY}\ndeploy: *d\njobs: [{deploy: *d}]\n":            "deploy.token:1",
		"notifications:\n  slack: team:MADE\n":                                              "notifications.slack:2",
		"notifications:\n  slack:\n    rooms:\n      - team:MADE#ops\n":                     "notifications.slack:4",
		"notifications:\n  hipchat: MADE@room\n":                                            "notifications.hipchat:2",
		"notifications:\n  flowdock: MADE\n":                                                "notifications.flowdock:2",
		"notifications:\n  irc:\n    channel_key: CANARY\n":                                 "notifications.irc.channel_key:3",
		"addons:\n  sonarcloud:\n    token: CANARY\n":                                       "addons.sonarcloud.token:3",
		"addons:\n  code_climate: {repo_token: CANARY}\n":                                   "addons.code_climate.repo_token:2",
		"deploy:\n  provider: heroku\n  api_key: $KEY\n":                                    "",
		"deploy:\n  provider: heroku\n  api_key: \"${HEROKU_KEY}\"\n":                       "",
		"deploy:\n  provider: heroku\n  api_key: {secure: CANARY}\n":                        "",
		"deploy:\n  provider: heroku\n  api_key:\n    main: {secure: CANARY}\n":             "",
		"deploy:\n  provider: heroku\n  api_key: YOUR_API_KEY\n":                            "",
		"deploy:\n  provider: x\n  email: CANARY\n  user: CANARY\n  app: CANARY\n":          "",
		"notifications:\n  slack: {secure: CANARY}\n":                                       "",
		"notifications:\n  slack:\n    rooms: [{secure: CANARY}]\n    on_success: always\n": "",
		"notifications:\n  email: [a@example.com]\n  webhooks: https://x.example/CANARY\n":  "",
		"language: CANARY\npassword: CANARY\n":                                              "",
	} {
		if got := inClear(t, strings.NewReplacer("CANARY", secrettest.Canary, "MADE", made).Replace(old)); got != want {
			t.Errorf("%s: %q, not %q", old, got, want)
		}
	}
}

func TestAVariableOfACommandIsTold(t *testing.T) {
	const old = "before_install:\n  - export CONVOX_HOST=rack.example.com\nscript:\n  - CONVOX_HOST=$OTHER CONVOX_RACK= CONVOX_PASSWORD=\"$CONVOX_PASSWORD\" ./convox deploy\n"
	var got []string
	for _, v := range parse(t, old).Inspect().Variables {
		if v.Scope == travisyml.Command {
			got = append(got, fmt.Sprintf("%s:%d=%s", v.Name, v.Line, v.Value.Reveal()))
		}
	}
	if all := strings.Join(got, " "); all != "CONVOX_HOST:2=rack.example.com CONVOX_HOST:4=$OTHER" {
		t.Errorf("%s", all)
	}
}

func TestWhatOfThePairTheFileGivesAStepIsKnown(t *testing.T) {
	const (
		pair   = "CONVOX_HOST=h CONVOX_PASSWORD=$P"
		deploy = "script: convox deploy\n"
		twoJob = "jobs:\n  include:\n    - env: " + pair + "\n      script: make\n    - script: convox deploy\n"
	)
	for old, want := range map[string]string{
		deploy:                         "-",
		"env: " + pair + "\n" + deploy: "hp",
		"env:\n  global:\n    - " + pair + "\n" + deploy:                            "hp",
		"x: &e {CONVOX_HOST: h}\nenv:\n  global:\n    <<: *e\n    A: 1\n" + deploy:  "h",
		"env: [\"" + pair + "\", A=1]\n" + deploy:                                   "-",
		"env: [\"" + pair + "\", \"" + pair + " A=1\"]\n" + deploy:                  "hp",
		"env: [\"" + pair + " A=1\", A=2]\nscript: '[ $A = 1 ] && convox deploy'\n": "hp",
		twoJob: "-",
		strings.Replace(twoJob, "script: make", "script: convox deploy", 1):                                                    "hp -",
		"jobs:\n  include:\n    - env: " + pair + "\n    - env: " + pair + "\n" + deploy:                                       "hp",
		"script: " + pair + " convox deploy\n":                                                                                 "hp",
		"script: " + pair + " make && convox deploy\n":                                                                         "-",
		"before_install: export " + pair + "\n" + deploy:                                                                       "hp",
		"before_install: (export " + pair + ")\n" + deploy:                                                                     "-",
		"before_install: export CONVOX_HOST=${CONVOX_HOST:-h}\n" + deploy:                                                      "-",
		"script:\n  - if [ $TRAVIS_BRANCH = x ]; then export " + pair + "; fi\n  - convox deploy\n":                            "-",
		"script:\n  - if [ $TRAVIS_BRANCH = x ]; then export " + pair + "; else export CONVOX_HOST=i; fi\n  - convox deploy\n": "h",
		"script: docker run -e CONVOX_HOST=h -e CONVOX_PASSWORD convox/cli deploy\n":                                           "h",
		"before_install: convox login h -p $P\n" + deploy:                                                                      "hp",
		"before_install: export " + pair + "\njobs:\n  include:\n    - script: convox deploy\n":                                "hp",
		"before_install: export " + pair + "\njobs:\n  include:\n    - before_install: skip\n      script: convox deploy\n":    "-",
		"deploy:\n  provider: convox\n  app: web\n  password: {secure: YQ==}\n":                                                "hp",
	} {
		var all []string
		for _, d := range parse(t, old).Inspect().Deploys {
			has := ""
			if d.Host {
				has = "h"
			}
			if d.Password {
				has += "p"
			}
			if has == "" {
				has = "-"
			}
			all = append(all, has)
		}
		if got := strings.Join(all, " "); got != want {
			t.Errorf("%s: %s, not %s", old, got, want)
		}
	}
}
