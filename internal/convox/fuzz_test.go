package convox_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/convox"
	"convox-travis/internal/secret/secrettest"
)

func FuzzParseAuth(f *testing.F) {
	for _, seed := range []string{`{"rack.example.com": "x"}`, `{}`, `null`, `[]`, ``, ` `, `{"a": 1}`, `{"[::1]:1": "\u0000"}`, `{"a.b": "x", "A.b.": "y"}`, "{\xff", secrettest.Canary} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		logins, err := convox.ParseAuth(text)
		if err != nil {
			secrettest.Absent(t, "the error", printed(err))
			return
		}
		for _, login := range logins {
			if login.Host.IsZero() || login.Password.IsEmpty() {
				t.Errorf("%q: %+v", text, login)
			}
		}
	})
}

func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		`{"name":"prod","version":"1"}`, `{"name":1}`, `[]`, `null`, `{}`, ``, `[{"name":"a","organization":{"name":"b"}}]`, `[{"name":"a"}]`, `[null]`, `[1]`,
		`[{"organization":null,"name":"\u001b"}]`, `{"name":"\u202e\n"}`, "\xff", `"` + secrettest.Canary + `"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		clean := func(rack convox.Rack) {
			for _, text := range []string{rack.String(), rack.Status, rack.Provider, rack.Region, rack.Version} {
				if shellescape.StripUnsafe(text) != text {
					t.Errorf("%q steers a terminal", text)
				}
			}
		}
		rack, named := convox.ParseSystem(body)
		if clean(rack); named != (rack.Name != "") {
			t.Errorf("%+v, %t", rack, named)
		}
		racks, err := convox.ParseRacks(body)
		if err != nil {
			secrettest.Absent(t, "the error", printed(err))
		}
		for _, rack := range racks {
			if clean(rack); rack.Organization == "" || rack.Name == "" {
				t.Errorf("%+v", rack)
			}
		}
	})
}

func FuzzSaveLogin(f *testing.F) {
	for _, seed := range []string{
		`{"rack.example.com": "x"}`, `{}`, `null`, `[]`, ``, ` `, `{"a": 1}`, `{"a":null,"RACK.example.com.":"y"}`, "{\xff", "{\"\xff\":\"\"}", secrettest.Canary,
		"\n{ \"a\\u0000\" : \"\\\"}\" , \"a\":\"2\"}\n", `{"rack.example.com":"1","rack.example.com":"2"}`, "\u00a0", `{"a":"b"}x`,
	} {
		f.Add(seed)
	}
	home := f.TempDir()
	file := filepath.Join(home, ".config", "convox", "auth")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := convox.SaveLogin(environment(), home, "linux", host(t, savedHost), canary)
		got := read(t, file)
		if err != nil {
			if got != text {
				t.Errorf("refused, and changed: %q", text)
			}
			if !strings.Contains(text, secrettest.Canary) {
				secrettest.Absent(t, "the error", printed(err))
			}
			return
		}
		var before, after map[string]string
		if strings.TrimSpace(text) != "" && json.Unmarshal([]byte(text), &before) != nil {
			t.Fatalf("%q was overwritten", text)
		}
		if json.Unmarshal([]byte(got), &after) != nil || after[savedHost] != secrettest.Canary {
			t.Fatalf("%q became %q", text, got)
		}
		others := func(entries map[string]string) map[string]string {
			maps.DeleteFunc(entries, func(key, _ string) bool {
				at, err := convox.ParseHost(key)
				return err == nil && at.String() == savedHost
			})
			return entries
		}
		if b, a := others(before), others(after); len(b)+len(a) > 0 && !maps.Equal(b, a) {
			t.Errorf("%q became %q", text, got)
		}
	})
}
