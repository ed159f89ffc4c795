package convox_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
)

func begin(t *testing.T, home string, password secret.String) string {
	t.Helper()
	file, err := convox.NewLogins(environment(), home, "linux").BeginReset(host(t, savedHost), password)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func end(t *testing.T, home string, isSet bool) {
	t.Helper()
	if err := convox.NewLogins(environment(), home, "linux").EndReset(host(t, savedHost), canary, isSet); err != nil {
		t.Fatal(err)
	}
	if _, begun := convox.NewLogins(environment(), home, "linux").FindReset(host(t, savedHost)); begun {
		t.Error("it has not ended")
	}
}

// savedNow is what the client would log in with.
func savedNow(t *testing.T, home string) string {
	t.Helper()
	logins, err := convox.SavedLogins(environment(), home, "linux")
	if err != nil {
		t.Fatal(err)
	}
	login, _ := convox.FindSaved(logins, host(t, savedHost))
	return login.Password.Reveal()
}

func TestAResetKeepsWhatWasSavedBefore(t *testing.T) {
	for _, before := range []string{
		"", "{}", `{"a.example.com": "theirs"}`, `{"rack.example.com": "theirs", "a.example.com": "x"}`, `{"a.example.com": "x" , "rack.example.com": "theirs" }`,
		"{\n  \"rack.example.com\": \"theirs\"\n}\n", "{\n\t\"x\": \"y\",\n\t\"rack.example.com\": \"theirs\",\n\t\"z\": \"w\"\n}",
	} {
		home := files(t, map[string]string{".config/convox2/auth": before})
		had := savedNow(t, home)
		file := begin(t, home, canary)
		if again := begin(t, home, canary); again != file { // the same one goes on
			t.Errorf("%q: it is in %s too", before, again)
		}
		begun, found := convox.NewLogins(environment(), home, "linux").FindReset(host(t, savedHost))
		if !found || !begun.New.Equal(canary) || !has(begun.OldPasswords, had) || begun.File != file || savedNow(t, home) != secrettest.Canary {
			t.Errorf("%q: found %t in %s", before, found, begun.File)
		}
		secrettest.Absent(t, "what is begun", printed(begun), "theirs")
		end(t, home, false)
		got := read(t, file)
		secrettest.Absent(t, "the file", got)
		if !maps.Equal(entriesOf(t, got), entriesOf(t, before)) {
			t.Errorf("%q became %q", before, got)
		}
		alone(t, filepath.Dir(file), "auth")

		begin(t, home, canary)
		end(t, home, true)
		if savedNow(t, home) != secrettest.Canary || strings.Contains(read(t, file), "before") {
			t.Errorf("%q became %q", before, read(t, file))
		}
		end(t, home, false) // nothing is begun
		if savedNow(t, home) != secrettest.Canary {
			t.Error("a reset that had ended was taken back")
		}
	}
}

func asJSON(t *testing.T, text string) []byte {
	t.Helper()
	encoded, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func TestALoginByAnotherProgramStays(t *testing.T) {
	for _, isSet := range []bool{true, false} {
		home := files(t, map[string]string{".config/convox2/auth": `{"rack.example.com": "theirs"}`})
		file := begin(t, home, canary)
		text := strings.Replace(read(t, file), string(asJSON(t, secrettest.Canary)), `"newer"`, 1)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		end(t, home, isSet)
		if savedNow(t, home) != "newer" {
			t.Errorf("set: %t: it became %q", isSet, read(t, file))
		}
	}
}

func TestAResetThatCannotBeEndedIsSaid(t *testing.T) {
	home := files(t, nil)
	file := begin(t, home, canary)
	if err := os.Chmod(filepath.Dir(file), 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(filepath.Dir(file), 0o700)
	err := convox.NewLogins(environment(), home, "linux").EndReset(host(t, savedHost), canary, true)
	if os.Geteuid() == 0 {
		t.Skip("everything may be written here")
	}
	if refused, is := err.(*problem.Error); !is || len(refused.Hints) == 0 {
		t.Errorf("%v", err)
	}
}

// The password of an earlier reset that was left may be the one that the Rack
// has.
func has(all []secret.String, text string) bool {
	return text == "" || slices.ContainsFunc(all, secret.New(text).Equal)
}

// endOf ends the reset of a password.
func endOf(t *testing.T, home, password string, isSet bool) {
	t.Helper()
	if err := convox.NewLogins(environment(), home, "linux").EndReset(host(t, savedHost), secret.New(password), isSet); err != nil {
		t.Fatal(err)
	}
}

// The password of an earlier reset that was left may be the one that the Rack
// has.
func TestAResetInAnotherKeepsAllOfThem(t *testing.T) {
	home := files(t, map[string]string{".config/convox2/auth": `{"rack.example.com": "theirs"}`})
	for _, password := range []string{"first", "second", "third"} {
		begin(t, home, secret.New(password))
	}
	begun, _ := convox.NewLogins(environment(), home, "linux").FindReset(host(t, savedHost))
	var olds []string
	for _, old := range begun.OldPasswords {
		olds = append(olds, old.Reveal())
	}
	if newestFirst := []string{"second", "first", "theirs"}; !slices.Equal(slices.Compact(olds), newestFirst) {
		t.Errorf("the old passwords are %q, not %q", olds, newestFirst)
	}
	endOf(t, home, "another", false) // of a reset that saved nothing
	endOf(t, home, "first", false)   // and of one that is not the last
	if savedNow(t, home) != "third" {
		t.Error("another reset was taken back")
	}
	for _, left := range []string{"second", "first", "theirs"} {
		begun, _ := convox.NewLogins(environment(), home, "linux").FindReset(host(t, savedHost))
		endOf(t, home, begun.New.Reveal(), false)
		if savedNow(t, home) != left {
			t.Errorf("%s is not put back: %q", left, read(t, home, ".config/convox2/auth"))
		}
	}
	if got := read(t, home, ".config/convox2/auth"); !maps.Equal(entriesOf(t, got), map[string]string{"rack.example.com": "theirs"}) {
		t.Errorf("it became %q", got)
	}
	begin(t, home, secret.New("first"))
	begin(t, home, canary)
	endOf(t, home, "piped", true) // the Rack has another one: neither counts any more
	if got := read(t, home, ".config/convox2/auth"); strings.Contains(got, "theirs") || strings.Contains(got, "first") {
		t.Errorf("it holds %q", got)
	}
}

func TestEverySpellingIsPutBack(t *testing.T) {
	home := files(t, map[string]string{".config/convox2/auth": `{"RACK.example.com": "theirs", "a.example.com": "x"}`})
	begin(t, home, canary)
	endOf(t, home, secrettest.Canary, false)
	want := map[string]string{"RACK.example.com": "theirs", "rack.example.com": "theirs", "a.example.com": "x"}
	if got := read(t, home, ".config/convox2/auth"); !maps.Equal(entriesOf(t, got), want) {
		t.Errorf("it became %q", got)
	}
	home = files(t, map[string]string{".config/convox2/auth": `{"a.example.com": "x"}`})
	begin(t, home, canary)
	endOf(t, home, secrettest.Canary, false)
	if got := read(t, home, ".config/convox2/auth"); !maps.Equal(entriesOf(t, got), map[string]string{"a.example.com": "x"}) {
		t.Errorf("it became %q", got)
	}
}

// A login that somebody made since is not the password of a reset.
func TestALoginSinceIsNotTheNewPassword(t *testing.T) {
	home := files(t, nil)
	begin(t, home, canary)
	if _, err := convox.NewLogins(environment(), home, "linux").Save(host(t, savedHost), secret.New("mates")); err != nil {
		t.Fatal(err)
	}
	begun, found := convox.NewLogins(environment(), home, "linux").FindReset(host(t, savedHost))
	if found || !has(begun.OldPasswords, secrettest.Canary) {
		t.Errorf("found: %t", found)
	}
}

func TestAResetIsEndedInEveryFolder(t *testing.T) {
	home := files(t, map[string]string{".config/convox2/auth": `{"rack.example.com": "theirs"}`, ".convox/auth": `{"rack.example.com": "ancient"}`})
	begin(t, home, secret.New("first"))
	if _, err := convox.NewLogins(environment("XDG_CONFIG_HOME", ""), home, "linux").Save(host(t, "other.example.com"), canary); err != nil {
		t.Fatal(err)
	}
	begun, found := convox.NewLogins(environment(), home, "linux").FindReset(host(t, savedHost))
	if !found || !has(begun.OldPasswords, "ancient") || !has(begun.OldPasswords, "theirs") {
		t.Errorf("found: %t, %d old ones", found, len(begun.OldPasswords))
	}
	endOf(t, home, "first", true)
	if strings.Contains(read(t, home, ".config/convox2/auth"), "before the reset") {
		t.Error("it has not ended")
	}
}
