package convox_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
)

const savedHost = "rack.example.com"

// save saves the canary, and searches the error for it and for the passwords
// of others, which begin with "theirs".
func save(t *testing.T, home string, env ...string) (string, error) {
	t.Helper()
	file, err := convox.NewLogins(environment(env...), home, "linux").Save(host(t, savedHost), canary)
	secrettest.Absent(t, "the error", printed(err)+file, "theirs")
	if err != nil {
		refused, is := err.(*problem.Error)
		if !is || file != "" || refused.Code != "save_login" || len(refused.Hints) == 0 || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q, %v", file, err)
		}
		return "", err
	}
	logins, err := convox.SavedLogins(environment(env...), home, "linux")
	if login, found := convox.FindSaved(logins, host(t, savedHost)); err != nil || !found || !login.Password.Equal(canary) || login.File != file {
		t.Errorf("not found again: %v", err)
	}
	return file, nil
}

func read(t *testing.T, elements ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(elements...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// alone fails when a folder has other files than these: a temporary one is a
// password left behind.
func alone(t *testing.T, folder string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var found []string
	for _, entry := range entries {
		found = append(found, entry.Name())
	}
	if strings.Join(found, " ") != strings.Join(names, " ") {
		t.Errorf("%s holds %q", folder, found)
	}
}

func TestAPasswordIsSavedWhereTheClientLooks(t *testing.T) {
	const holds, other = `{"Rack.Example.com": "theirs"}`, `{"other.example.com": "theirs"}`
	for name, test := range map[string]struct {
		files map[string]string
		env   []string
		want  string
	}{
		"nothing is there":               {nil, nil, ".config/convox2/auth"},
		"other hosts are there":          {map[string]string{".config/convox/auth": other, ".config/convox2/auth": other}, nil, ".config/convox2/auth"},
		"the third generation has it":    {map[string]string{".config/convox/auth": holds, ".config/convox2/auth": other}, nil, ".config/convox2/auth"},
		"it alone is there":              {map[string]string{".config/convox/auth": holds}, nil, ".config/convox2/auth"},
		"both have it":                   {map[string]string{".config/convox/auth": holds, ".config/convox2/auth": holds}, nil, ".config/convox2/auth"},
		"an old client has it":           {map[string]string{".convox/auth": holds}, nil, ".config/convox2/auth"},
		"a broken file in another place": {map[string]string{".config/convox/auth": "["}, nil, ".config/convox2/auth"},
		"XDG_CONFIG_HOME":                {nil, []string{"XDG_CONFIG_HOME", "HOME/xdg"}, "xdg/convox2/auth"},
		"CONVOX_CONFIG":                  {map[string]string{".config/convox2/auth": holds}, []string{"CONVOX_CONFIG", "HOME/a/b"}, "a/b/auth"},
	} {
		t.Run(name, func(t *testing.T) {
			home := files(t, test.files)
			env := make([]string, len(test.env))
			for i, value := range test.env {
				env[i] = strings.Replace(value, "HOME/", home+"/", 1)
			}
			file, err := convox.NewLogins(environment(env...), home, "linux").Save(host(t, savedHost), canary)
			if want := filepath.Join(home, filepath.FromSlash(test.want)); err != nil || file != want {
				t.Fatalf("%s, %v", file, err)
			}
			logins, _ := convox.SavedLogins(environment(env...), home, "linux")
			if login, _ := convox.FindSaved(logins, host(t, savedHost)); !login.Password.Equal(canary) || login.File != file {
				t.Error("it is not found again")
			}
			for name, text := range test.files {
				if name != test.want && read(t, home, name) != text {
					t.Errorf("%s was changed", name)
				}
			}
		})
	}
	for _, goos := range []string{"darwin", "windows"} {
		home := t.TempDir()
		file, err := convox.NewLogins(environment(), home, goos).Save(host(t, savedHost), canary)
		logins, _ := convox.SavedLogins(environment(), home, goos)
		if login, found := convox.FindSaved(logins, host(t, savedHost)); err != nil || !found || login.File != file {
			t.Errorf("%s: %s, %v", goos, file, err)
		}
	}
}

func TestNoOtherEntryOfTheFileIsChanged(t *testing.T) {
	for old, want := range map[string]string{
		"":          `{"rack.example.com": NEW}`,
		" \n":       `{"rack.example.com": NEW}`,
		"null":      `{"rack.example.com": NEW}`,
		"{}":        `{"rack.example.com": NEW}`,
		`{"a":"b"}`: `{"a": "b", "rack.example.com": NEW}`,
		"{\n  \"a.example.com\": \"b\",\n  \"rack.example.com\": \"theirs\"\n}": `{"a.example.com": "b", "rack.example.com": NEW}`,
		`{"x\u002fy":"\u00e9","x y":"<&>\""}`:                                   `{"x/y": "é", "x y": "<&>\"", "rack.example.com": NEW}`,
		// Every spelling of the host, and the one that a build uses.
		`{"Rack.Example.com.":"1","https://rack.example.com/":"2","rack.example.com:8443":"3"}`: `{"Rack.Example.com.": NEW, "https://rack.example.com/": NEW, "rack.example.com:8443": "3", "rack.example.com": NEW}`,
		`{"rack\u002eexample.com":"1"}`: `{"rack.example.com": NEW}`,
	} {
		home := files(t, map[string]string{".config/convox2/auth": old})
		wanted := entriesOf(t, strings.ReplaceAll(want, "NEW", string(asJSON(t, secrettest.Canary))))
		for range 2 {
			file, err := save(t, home)
			if err != nil {
				t.Fatalf("%q: %v", old, err)
			}
			if text := read(t, file); !maps.Equal(entriesOf(t, text), wanted) {
				t.Errorf("%q became %q", old, text)
			}
			alone(t, filepath.Dir(file), "auth")
		}
	}
}

func entriesOf(t *testing.T, text string) map[string]string {
	t.Helper()
	entries := map[string]string{}
	if text != "" {
		if err := json.Unmarshal([]byte(text), &entries); err != nil {
			t.Fatal(err)
		}
	}
	return entries
}

func TestAConsolesPasswordIsNotSaved(t *testing.T) {
	home := t.TempDir()
	file, err := convox.NewLogins(environment(), home, "linux").Save(host(t, "console.convox.com"), canary)
	if err == nil || file != "" || !strings.Contains(err.Error(), "Console") {
		t.Errorf("%s, %v", file, err)
	}
	secrettest.Absent(t, "the error", printed(err))
	alone(t, home)
}

func TestWhatIsNoLoginIsNotSaved(t *testing.T) {
	home := t.TempDir()
	for _, password := range []string{"", secrettest.Canary + "\n", "\xff" + secrettest.Canary} {
		_, err := convox.NewLogins(environment(), home, "linux").Save(host(t, savedHost), secret.New(password))
		if _, is := err.(*problem.Error); !is {
			t.Errorf("%v", err)
		}
		secrettest.Absent(t, "the error", printed(err))
	}
	if _, err := convox.NewLogins(environment(), home, "linux").Save(convox.Host{}, canary); err == nil {
		t.Error("no host was accepted")
	}
	if _, err := save(t, ""); err == nil {
		t.Error("no home was accepted")
	}
	alone(t, home)
}
