package convox_test

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
)

func begin(t *testing.T, home string, password secret.String) string {
	t.Helper()
	file, err := convox.BeginReset(environment(), home, "linux", host(t, savedHost), password)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func end(t *testing.T, home string, isSet bool) {
	t.Helper()
	if err := convox.EndReset(environment(), home, "linux", host(t, savedHost), canary, isSet); err != nil {
		t.Fatal(err)
	}
	if _, begun := convox.FindBegunReset(environment(), home, "linux", host(t, savedHost)); begun {
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
		home := files(t, map[string]string{".config/convox/auth": before})
		had := savedNow(t, home)
		file := begin(t, home, canary)
		if again := begin(t, home, canary); again != file { // the same one goes on
			t.Errorf("%q: it is in %s too", before, again)
		}
		begun, found := convox.FindBegunReset(environment(), home, "linux", host(t, savedHost))
		if !found || !begun.New.Equal(canary) || begun.Old.Reveal() != had || begun.File != file || savedNow(t, home) != secrettest.Canary {
			t.Errorf("%q: found %t in %s", before, found, begun.File)
		}
		secrettest.Absent(t, "what is begun", printed(begun), "theirs")
		end(t, home, false)
		got := read(t, file)
		secrettest.Absent(t, "the file", got)
		// Where there was no entry, lines may be broken where one was.
		if had != "" && got != before || had == "" && strings.Join(strings.Fields(got), "") != strings.Join(strings.Fields(cmp.Or(before, "{}")), "") {
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
		home := files(t, map[string]string{".config/convox/auth": `{"rack.example.com": "theirs"}`})
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
	err := convox.EndReset(environment(), home, "linux", host(t, savedHost), canary, true)
	if os.Geteuid() == 0 {
		t.Skip("everything may be written here")
	}
	if refused, is := err.(*convox.SaveError); !is || len(refused.Hints()) == 0 {
		t.Errorf("%v", err)
	}
}

// The password of an earlier reset that was left may be the one that the Rack
// has.
func TestAResetInAnotherKeepsBoth(t *testing.T) {
	home := files(t, map[string]string{".config/convox/auth": `{"rack.example.com": "theirs"}`})
	begin(t, home, secret.New("first"))
	file := begin(t, home, canary)
	if begun, _ := convox.FindBegunReset(environment(), home, "linux", host(t, savedHost)); begun.Old.Reveal() != "first" {
		t.Error("the password of the first one is lost")
	}
	if err := convox.EndReset(environment(), home, "linux", host(t, savedHost), canary, false); err != nil {
		t.Fatal(err)
	}
	begun, found := convox.FindBegunReset(environment(), home, "linux", host(t, savedHost))
	if !found || begun.New.Reveal() != "first" || begun.Old.Reveal() != "theirs" {
		t.Errorf("the first one is not there any more: %q", read(t, file))
	}
	begin(t, home, canary)
	end(t, home, true)
	if savedNow(t, home) != secrettest.Canary || strings.Contains(read(t, file), "first") || strings.Contains(read(t, file), "theirs") {
		t.Errorf("it holds %q", read(t, file))
	}
}
