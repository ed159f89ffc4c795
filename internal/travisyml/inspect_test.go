package travisyml_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/travisyml"
)

func TestInspectListsTheVariables(t *testing.T) {
	type brief struct {
		name, value string
		line        int
		scope       travisyml.Scope
		secure      bool
	}
	old := `import: other.yml
env:
  global:
    - A=1 B="two words" C='$x' D=
    - CONVOX_HOST=console.convox.com CONVOX_PASSWORD=` + "'" + secrettest.Canary + "'" + `
    - secure: "abc="
    # CONVOX_PASSWORD, by convox-travis
    - secure: "abc="
    - GITHUB_TOKEN: $OTHER
      E: 5
    - AWS_SECRET: {secure: "x="}
  jobs:
    - RACK_URL=https://convox:pw@rack.example.com
    - RACK_URL=https://rack.example.com
jobs:
  include:
    - env: F=6
    - env:
        API_KEYS: a7f3
        KEYBOARD: de
`
	want := []brief{
		{name: "A", value: "1", line: 4, scope: "global"},
		{name: "B", value: "two words", line: 4, scope: "global"},
		{name: "C", value: "$x", line: 4, scope: "global"},
		{name: "D", line: 4, scope: "global"},
		{name: "CONVOX_HOST", value: "console.convox.com", line: 5, scope: "global"},
		{name: "CONVOX_PASSWORD", value: secrettest.Canary, line: 5, scope: "global"},
		{line: 6, scope: "global", secure: true},
		{name: "CONVOX_PASSWORD", line: 8, scope: "global", secure: true},
		{name: "GITHUB_TOKEN", value: "$OTHER", line: 9, scope: "global"},
		{name: "E", value: "5", line: 10, scope: "global"},
		{name: "AWS_SECRET", line: 11, scope: "global", secure: true},
		{name: "RACK_URL", value: "https://convox:pw@rack.example.com", line: 13, scope: "job"},
		{name: "RACK_URL", value: "https://rack.example.com", line: 14, scope: "job"},
		{name: "F", value: "6", line: 17, scope: "job"},
		{name: "API_KEYS", value: "a7f3", line: 19, scope: "job"},
		{name: "KEYBOARD", value: "de", line: 20, scope: "job"},
	}
	report := parse(t, old).Inspect()
	var got []brief
	for _, v := range report.Variables {
		got = append(got, brief{v.Name, v.Value.Reveal(), v.Line, v.Scope, v.Secure})
	}
	if !reflect.DeepEqual(got, want) {
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || got[i] != want[i] {
				t.Errorf("entry %d differs (of %d, %d)", i, len(got), len(want))
			}
		}
	}
	if n := len(report.Sets("CONVOX_PASSWORD")); n != 2 {
		t.Errorf("CONVOX_PASSWORD is set %d times", n)
	}
	encoded, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	secrettest.Absent(t, "a report", fmt.Sprintf("%v %+v %#v %s", report, report, report, encoded))
}

func TestVariablesThatAreMergedInAreListed(t *testing.T) {
	const old = "x: &e\n  CONVOX_PASSWORD: abc\n  A: 1\ny: &f {B: 2, A: 4}\nenv:\n  global:\n    <<: [*e, *f]\n    A: 3\njobs:\n  include:\n    - env:\n        <<: *e\n"
	var got []string
	for _, v := range parse(t, old).Inspect().Variables {
		got = append(got, fmt.Sprintf("%s=%s:%d %s", v.Name, v.Value.Reveal(), v.Line, v.Scope))
	}
	want := []string{"CONVOX_PASSWORD=abc:2 global", "A=1:3 job", "B=2:4 global", "A=3:8 global"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
}

// Travis takes a mapping of several keys for variables of these names.
func TestAnEncryptedTextAmongOtherKeysIsNone(t *testing.T) {
	for old, encrypted := range map[string]bool{
		"env:\n  global:\n    - secure: \"YQ==\"\n":              true,
		"env:\n  global:\n    secure: \"YQ==\"\n":                true,
		"env:\n  global:\n    A: 1\n    secure: \"YQ==\"\n":      false,
		"env:\n  A: 1\n  secure: \"YQ==\"\n":                     false,
		"env:\n  jobs:\n    A: 1\n    secure: \"YQ==\"\n":        false,
		"env:\n  global:\n    A: {secure: \"YQ==\"}\n    B: 1\n": true,
	} {
		n := 0
		for _, v := range parse(t, old).Inspect().Variables {
			if v.Secure {
				n++
			}
		}
		if n > 0 != encrypted {
			t.Errorf("%q: %d are encrypted", old, n)
		}
	}
}
