package convox_test

import (
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
