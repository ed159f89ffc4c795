package convox_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret/secrettest"
)

// files puts files into a home folder; a name that ends in a slash is a folder.
func files(t *testing.T, content map[string]string) string {
	t.Helper()
	home := t.TempDir()
	for name, text := range content {
		file := filepath.Join(home, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(file, 0o700); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return home
}

func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

// told shows logins as HOST=PASSWORD, with a star at the host in use.
func told(logins []convox.SavedLogin) string {
	var all []string
	for _, login := range logins {
		text := login.Host.String() + "=" + login.Password.Reveal()
		if login.InUse {
			text += "*"
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

func TestEveryPlaceOfSavedLoginsIsRead(t *testing.T) {
	const auth = `{"rack.example.com": "abc"}`
	for name, test := range map[string]struct {
		goos, file string
		env        []string
	}{
		"Linux":                    {"linux", ".config/convox/auth", nil},
		"Linux, second generation": {"linux", ".config/convox2/auth", nil},
		"Linux, old":               {"linux", ".convox/auth", nil},
		"FreeBSD":                  {"freebsd", ".config/convox/auth", nil},
		"macOS":                    {"darwin", "Library/Preferences/convox/auth", nil},
		"macOS, second generation": {"darwin", "Library/Preferences/convox2/auth", nil},
		"macOS, old":               {"darwin", ".convox/auth", nil},
		"Windows":                  {"windows", "AppData/Local/convox/auth", nil},
		"Windows, old":             {"windows", ".convox/auth", nil},
		"Windows, by its variable": {"windows", "local/convox/auth", []string{"LOCALAPPDATA", "HOME/local"}},
		"XDG_CONFIG_HOME":          {"linux", "xdg/convox/auth", []string{"XDG_CONFIG_HOME", "HOME/xdg"}},
		"XDG_CONFIG_HOME on macOS": {"darwin", "xdg/convox2/auth", []string{"XDG_CONFIG_HOME", "HOME/xdg"}},
		"a relative one is none":   {"linux", ".config/convox/auth", []string{"XDG_CONFIG_HOME", "xdg"}},
		"XDG_CONFIG_HOME and old":  {"linux", ".convox/auth", []string{"XDG_CONFIG_HOME", "HOME/xdg"}},
		"CONVOX_CONFIG":            {"linux", "own/auth", []string{"CONVOX_CONFIG", "HOME/own", "XDG_CONFIG_HOME", "HOME/xdg"}},
	} {
		t.Run(name, func(t *testing.T) {
			home := files(t, map[string]string{test.file: auth})
			for i, value := range test.env {
				test.env[i] = strings.Replace(value, "HOME/", home+"/", 1)
			}
			logins, err := convox.SavedLogins(environment(test.env...), home, test.goos)
			if err != nil || told(logins) != "rack.example.com=abc" || filepath.Base(logins[0].File) != "auth" {
				t.Errorf("%s, %v", told(logins), err)
			}
		})
	}
}

func TestTheFirstPlaceWins(t *testing.T) {
	home := files(t, map[string]string{
		".config/convox2/auth": `{"b.example.com": "b1", "A.example.com.": "a1"}`,
		".config/convox2/host": "",
		".config/convox/auth":  `{"a.example.com": "a2", "c.example.com": "c2"}`,
		".config/convox/host":  "c.example.com\n",
		".convox/auth":         `{"c.example.com": "c3", "d.example.com": "d3"}`,
		".convox/host":         "d.example.com",
		"own/auth":             `{"e.example.com": "e"}`,
	})
	logins, err := convox.SavedLogins(environment(), home, "linux")
	if want := "a.example.com=a1 b.example.com=b1 c.example.com=c2* d.example.com=d3"; err != nil || told(logins) != want {
		t.Errorf("%s, %v", told(logins), err)
	}
	login, found := convox.FindSaved(logins, host(t, "https://A.example.com/"))
	if !found || login.Password.Reveal() != "a1" {
		t.Errorf("found %s", told([]convox.SavedLogin{login}))
	}
	if _, found := convox.FindSaved(logins, host(t, "a.example.com:8443")); found {
		t.Error("another port is another host")
	}
	logins, err = convox.SavedLogins(environment("CONVOX_CONFIG", home+"/own"), home, "linux")
	if err != nil || told(logins) != "e.example.com=e" {
		t.Errorf("beside CONVOX_CONFIG: %s, %v", told(logins), err)
	}
}

func TestAPersonsOwnKeyIsNeverOffered(t *testing.T) {
	home := files(t, map[string]string{
		".config/convox/auth":    `{"console.convox.com": "key", "console.example.com": "key", "rack.example.com": "abc"}`,
		".config/convox/console": "console.example.com\n",
		".config/convox/host":    "console.example.com",
		".convox/auth":           `{"Console.Example.com": "key", "CONSOLE.convox.com:443": "key"}`,
	})
	logins, err := convox.SavedLogins(environment(), home, "linux")
	if err != nil || told(logins) != "rack.example.com=abc" {
		t.Errorf("%s, %v", told(logins), err)
	}
}

// Each client writes a file console when it logs in, to a Console or to a Rack.
func TestAConsoleIsToldFromARack(t *testing.T) {
	const key, rack = "mine", "racks"
	for name, test := range map[string]struct {
		host   string
		isRack bool
	}{
		"Convox's Console":                  {"console.convox.com", false},
		"Convox's Console, spelled":         {"Console.Convox.com.:443", false},
		"a company's Console":               {"console.example.com", false},
		"a company's Console with a port":   {"console.example.com:8443", false},
		"a company's Console in AWS":        {"console.us-east-1.amazonaws.com", false},
		"like a Rack's at the beginning":    {"rack.prod-1612345678.us-east-1.convox.site.example.com", false},
		"the newer shape":                   {"rack.prod-1612345678.us-east-1.convox.site", true},
		"the newer shape, spelled":          {"https://Rack.Prod-1612345678.us-east-1.Convox.Site/", true},
		"the older shape":                   {"prod-1612345678.us-east-1.elb.amazonaws.com", true},
		"the older shape, internal":         {"internal-prod-i-1612345678.us-east-1.elb.amazonaws.com", true},
		"the older shape in China":          {"prod-1612345678.cn-north-1.elb.amazonaws.com.cn", true},
		"the older shape with another port": {"prod-1612345678.us-east-1.elb.amazonaws.com:8443", true},
	} {
		login := host(t, test.host)
		for _, folder := range []string{".config/convox2/", ".config/convox/", ".convox/", "own/"} {
			env := environment()
			auth := map[string]string{folder + "auth": `{"` + test.host + `": "` + key + `", "other.example.com": "` + rack + `"}`}
			for kind, more := range map[string]map[string]string{
				"auth alone":           {},
				"console":              {folder + "console": test.host},
				"console and host":     {folder + "console": test.host + "\n", folder + "host": test.host},
				"another's console":    {folder + "console": "console.other.example.com"},
				"host":                 {folder + "host": test.host},
				"racks":                {folder + "racks": `{"prod": "` + test.host + `"}`, folder + "console": test.host},
				"console, elsewhere":   {".config/convox/console": test.host, ".convox/console": test.host},
				"no console, and host": {folder + "console": "\x1b", folder + "host": test.host},
			} {
				maps.Copy(more, auth)
				home := files(t, more)
				if folder == "own/" {
					env = environment("CONVOX_CONFIG", filepath.Join(home, "own"))
				}
				logins, err := convox.SavedLogins(env, home, "linux")
				isNamed := slices.Contains([]string{"console", "console and host", "racks", "no console, and host"}, kind) || kind == "console, elsewhere" && folder != "own/"
				want := test.isRack || !isNamed && !login.IsHostedConsole()
				if saved, found := convox.FindSaved(logins, login); found != want || found && saved.Password.Reveal() != key {
					t.Errorf("%s in %s, %s: found %t", name, folder, kind, found)
				}
				isBroken := kind == "no console, and host"
				if _, found := convox.FindSaved(logins, host(t, "other.example.com")); found == isBroken || (err != nil) != isBroken {
					t.Errorf("%s in %s, %s: another's is found: %t, %v", name, folder, kind, found, err)
				}
			}
		}
	}
}

func TestARackThatItsStackNamesIsNoConsole(t *testing.T) {
	home := files(t, map[string]string{
		".config/convox/auth":    `{"rack.example.com": "abc", "console.example.com": "key", "console.convox.com": "key"}`,
		".config/convox/console": "rack.example.com",
		".convox/console":        "console.example.com",
	})
	rack := host(t, "rack.example.com")
	for want, racks := range map[string][]convox.Host{"": nil, "rack.example.com=abc": {rack, host(t, "console.convox.com")}} {
		if logins, err := convox.SavedLogins(environment(), home, "linux", racks...); err != nil || told(logins) != want {
			t.Errorf("%s, %v", told(logins), err)
		}
	}
}

func TestARackThatAClientTookForAConsoleIsSaved(t *testing.T) {
	const rack = "rack.prod-1612345678.us-east-1.convox.site"
	home := files(t, map[string]string{".config/convox/auth": `{"` + rack + `": "theirs"}`, ".config/convox/console": rack})
	file, err := convox.NewLogins(environment(), home, "linux").Save(host(t, rack), canary)
	if err != nil {
		t.Fatal(err)
	}
	logins, err := convox.SavedLogins(environment(), home, "linux")
	if login, _ := convox.FindSaved(logins, host(t, rack)); err != nil || !login.Password.Equal(canary) || login.File != file {
		t.Errorf("it is not found again: %v", err)
	}
}

func TestWithAnUnknownConsoleOnlyRacksOfThatPlaceAreOffered(t *testing.T) {
	const rack = "rack.prod-1612345678.us-east-1.convox.site"
	home := files(t, map[string]string{
		".config/convox/auth":    `{"perhaps.example.com": "key", "` + rack + `": "known"}`,
		".config/convox/console": secrettest.Canary,
		".convox/auth":           `{"rack.example.com": "abc"}`,
	})
	logins, err := convox.SavedLogins(environment(), home, "linux")
	if told(logins) != rack+"=known rack.example.com=abc" || err == nil || !strings.Contains(err.Error(), filepath.Join("convox", "console")) {
		t.Errorf("%s, %v", told(logins), err)
	}
	secrettest.Absent(t, "the error", printed(err))
}

func TestABrokenFileIsNamedAndTheOthersAreRead(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON":         secrettest.Canary,
		"broken JSON":     `{"rack.example.com": "` + secrettest.Canary + `"`,
		"a list":          `["` + secrettest.Canary + `"]`,
		"other values":    `{"rack.example.com": {"` + secrettest.Canary + `": 1}}`,
		"two objects":     `{} {"rack.example.com": "` + secrettest.Canary + `"}`,
		"a huge file":     `{"rack.example.com": "` + strings.Repeat(" ", 1<<20) + `"}`,
		"a NUL somewhere": "{\x00}",
	} {
		t.Run(name, func(t *testing.T) {
			home := files(t, map[string]string{".config/convox/auth": text, ".convox/auth": `{"rack.example.com": "abc"}`})
			logins, err := convox.SavedLogins(environment(), home, "linux")
			broken, is := err.(*problem.Error)
			if told(logins) != "rack.example.com=abc" || !is {
				t.Fatalf("%s, %v", told(logins), err)
			}
			file := filepath.Join(home, ".config", "convox", "auth")
			if !strings.Contains(err.Error(), file) || !strings.Contains(broken.Hints[0], file) || broken.Code != "saved_logins" {
				t.Errorf("%v, %q", err, broken.Hints)
			}
			secrettest.Absent(t, "the error", printed(err))
		})
	}
}

func TestWhatIsNotThereIsNoError(t *testing.T) {
	for name, content := range map[string]map[string]string{
		"nothing":                   {},
		"a folder for a file":       {".config/convox/auth/": "", ".config/convox/console/": ""},
		"a file for a folder":       {".convox": "", ".config": ""},
		"empty files":               {".config/convox/auth": "\n", ".config/convox/console": " \n"},
		"an empty object":           {".config/convox/auth": "{}"},
		"null":                      {".config/convox/auth": "null"},
		"no hosts and no passwords": {".config/convox/auth": `{"production": "x", "": "y", "rack.example.com": ""}`},
	} {
		t.Run(name, func(t *testing.T) {
			logins, err := convox.SavedLogins(environment(), files(t, content), "linux")
			if err != nil || len(logins) != 0 {
				t.Errorf("%s, %v", told(logins), err)
			}
		})
	}
	if logins, err := convox.SavedLogins(environment(), "", runtime.GOOS); err != nil || len(logins) != 0 {
		t.Errorf("without a home: %s, %v", told(logins), err)
	}
}

func TestABrokenHostFileLosesTheDefaultAlone(t *testing.T) {
	home := files(t, map[string]string{".convox/auth": `{"rack.example.com": "abc"}`, ".convox/host": "\x1b"})
	if logins, err := convox.SavedLogins(environment(), home, "linux"); err != nil || told(logins) != "rack.example.com=abc" {
		t.Errorf("%s, %v", told(logins), err)
	}
}

func TestAPipeIsNotWaitedFor(t *testing.T) {
	home := files(t, map[string]string{".config/convox/": ""})
	makePipe(t, filepath.Join(home, ".config", "convox", "auth"))
	done := make(chan error, 1)
	go func() {
		_, err := convox.SavedLogins(environment(), home, "linux")
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), "regular file") {
			t.Errorf("%v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("it waits")
	}
}

func TestASavedLoginPrintsNoPassword(t *testing.T) {
	home := files(t, map[string]string{".convox/auth": `{"rack.example.com": "` + secrettest.Canary + `"}`})
	logins, err := convox.SavedLogins(environment(), home, "linux")
	if err != nil || len(logins) != 1 {
		t.Fatalf("%d logins, %v", len(logins), err)
	}
	secrettest.Absent(t, "the logins", fmt.Sprintf("%v %+v %#v", logins, logins, logins[0]))
}

// A file that is as large as it may be has more logins than anyone.
func TestAFileFullOfLoginsIsReadInNoTime(t *testing.T) {
	var full strings.Builder
	full.WriteString("{")
	for i := 0; full.Len() < 1<<20-40; i++ {
		fmt.Fprintf(&full, `"%x.b":"x",`, i)
	}
	full.WriteString(`"rack.example.com":"last"}`)
	home := files(t, map[string]string{".config/convox/auth": full.String(), ".config/convox2/auth": full.String()})
	read := make(chan []convox.SavedLogin, 1)
	go func() {
		logins, _ := convox.SavedLogins(environment(), home, "linux")
		read <- logins
	}()
	select {
	case logins := <-read:
		if _, found := convox.FindSaved(logins, host(t, "rack.example.com")); !found {
			t.Errorf("the last of %d logins is missing", len(logins))
		}
	case <-time.After(time.Minute):
		t.Fatal("it is still at it")
	}
}
