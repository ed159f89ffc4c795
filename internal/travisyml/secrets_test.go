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
		"export CONVOX_PASSWORD=CANARY; if":                             "CONVOX_PASSWORD:3",
		"echo CONVOX_PASSWORD=CANARY >> .env":                           "CONVOX_PASSWORD:3",
		"ssh host \"cd app && CONVOX_PASSWORD=CANARY make\"":            "CONVOX_PASSWORD:3",
		"f() { export CONVOX_PASSWORD=CANARY; }; f; f":                  "CONVOX_PASSWORD:3",
		"f() { export CONVOX_PASSWORD=CANARY; }":                        "CONVOX_PASSWORD:3",
		"bash -c 'export CONVOX_PASSWORD=CANARY'":                       "CONVOX_PASSWORD:3",
		"export RACK_URL='https://convox:CANARY@rack.example.com'":      "RACK_URL:3",
		"export DB_PASSWORD='CANARY'":                                   "",
		"export CONVOX_PASSWORD=${CONVOX_PASSWORD:-CANARY}":             "CONVOX_PASSWORD:3",
		"convox login rack.example.com -p CANARY":                       "the password of convox login:3",
		"./convox login --password=CANARY rack.example.com":             "the password of convox login:3",
		"convox login -t \"CANARY\"":                                    "the password of convox login:3",
		"export CONVOX_PASSWORD=$SECRET":                                "",
		"export CONVOX_PASSWORD=\"${SECRET}\" CONVOX_HOST=rack":         "",
		"export CONVOX_PASSWORD=$(cat secret)":                          "",
		"export CONVOX_PASSWORD=":                                       "",
		"convox login rack.example.com -p $SECRET":                      "",
		"convox login -p CANARY <(cat $((1 + 1)))":                      "the password of convox login:3",
		"convox login rack.example.com --password \"${SECRET}\"":        "",
		"convox run web -p CANARY":                                      "",
		"export NAME=CANARY PATH=$PATH:/x":                              "",
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

func TestAPasswordInEnvOrUnderAKeyIsFound(t *testing.T) {
	for old, want := range map[string]string{
		"env: CONVOX_PASSWORD=CANARY\n":                                                  "CONVOX_PASSWORD:1",
		"env:\n  global:\n    - A=1 CONVOX_PASSWORD='CANARY'\n":                          "CONVOX_PASSWORD:3",
		"env:\n  global:\n    A: 1\n    CONVOX_PASSWORD: CANARY\n":                       "CONVOX_PASSWORD:4",
		"jobs:\n  include:\n    - env:\n        - CONVOX_PASSWORD=CANARY\n":              "CONVOX_PASSWORD:4",
		"x: &e {CONVOX_PASSWORD: CANARY}\nenv:\n  global:\n    <<: *e\n":                 "CONVOX_PASSWORD:1",
		"env: CONVOX_PASSWORD=${P:-CANARY}\n":                                            "CONVOX_PASSWORD:1",
		"env: \"CONVOX_PASSWORD='a$b'\"\n":                                               "CONVOX_PASSWORD:1",
		"env: CONVOX_PASSWORD=x\n":                                                       "CONVOX_PASSWORD:1",
		"env: RACK_URL=https://convox:CANARY@rack.example.com\n":                         "RACK_URL:1",
		"env: RACK_URL=https://convox:CAN/ARY%@rack.example.com\n":                       "RACK_URL:1",
		"deploy:\n  provider: convox\n  password: CANARY\n":                              "the password of the convox provider:3",
		"deploy:\n  provider: script\n  script: convox login h -p CANARY\n":              "the password of convox login:3",
		"x: &d {provider: convox, password: CANARY}\ndeploy: *d\njobs: [{deploy: *d}]\n": "the password of the convox provider:1",
		"env: CONVOX_PASSWORD=$OTHER\n":                                                  "",
		"env: CONVOX_PASSWORD=${P:-${OTHER}}\n":                                          "",
		"env: CONVOX_PASSWORD=${P%CANARY}\n":                                             "",
		"env: CONVOX_PASSWORD=\n":                                                        "",
		"env:\n  global:\n    - CONVOX_PASSWORD:\n        secure: CANARY\n":              "",
		"env: RACK_URL=https://rack.example.com/a@b\n":                                   "",
		"env: RACK_URL=https://convox:$P@rack.example.com\n":                             "",
		"deploy:\n  provider: convox\n  password: {secure: CANARY}\n":                    "",
		"deploy:\n  provider: convox\n  password: $P\n":                                  "",
		"deploy:\n  provider: heroku\n  api_key: CANARY\n":                               "",
		"env: DB_PASSWORD=CANARY GH_TOKEN=CANARY\n":                                      "",
	} {
		if got := inClear(t, strings.ReplaceAll(old, "CANARY", secrettest.Canary)); got != want {
			t.Errorf("%s: %q, not %q", old, got, want)
		}
	}
}

func TestThePasswordInAnAddressIsTheSecret(t *testing.T) {
	for _, old := range []string{"env: \"RACK_URL='https://convox:CANARY@rack.example.com'\"\n", "script: export RACK_URL='https://convox:CANARY@rack.example.com'\n"} {
		secrets := parse(t, strings.ReplaceAll(old, "CANARY", secrettest.Canary)).Inspect().Secrets
		if len(secrets) != 1 || secrets[0].Value.Reveal() != secrettest.Canary {
			t.Errorf("%s: not found as it is", old)
		}
	}
}

// What a file has doesn't end the program, nor hold it up.
func TestHostileCommandsAreRead(t *testing.T) {
	for _, script := range []string{
		strings.Repeat("(", 30_000), strings.Repeat("$(", 15_000), strings.Repeat("(", 15_000) + strings.Repeat(")", 15_000),
		"echo " + strings.Repeat("$(echo ", 3_000) + strings.Repeat(")", 3_000), "CONVOX_PASSWORD=" + strings.Repeat("${x:-", 5_000) + strings.Repeat("}", 5_000),
		strings.Repeat("(", 40_000), strings.Repeat("if x; then ", 2_900), "CONVOX_PASSWORD=$((1/0))", "CONVOX_PASSWORD=${x:?no}", "a[1000000000]=x", "CONVOX_PASSWORD={1..3000000}",
		"CONVOX_PASSWORD=", "x='", "convox login h -p", "CONVOX_PASSWORD=${!x}", "CONVOX_PASSWORD=${x:=y}", "bash -c " + strings.Repeat("\"bash -c ", 2_000),
	} {
		inClear(t, "script:\n  - |\n    "+script+"\n")
		inClear(t, "env: '"+strings.ReplaceAll(script, "'", "''")+"'\n")
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
