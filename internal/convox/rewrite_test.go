package convox_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
)

func TestASavedPasswordIsForItsOwnerAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such modes here")
	}
	for mode, want := range map[fs.FileMode]fs.FileMode{0: 0o600, 0o644: 0o600, 0o666: 0o600, 0o755: 0o600, 0o600: 0o600, 0o400: 0o400, 0o440: 0o400} {
		home := t.TempDir()
		auth := filepath.Join(home, ".config", "convox2", "auth")
		if mode != 0 {
			home = files(t, map[string]string{".config/convox2/auth": `{"a.example.com": "theirs"}`})
			auth = filepath.Join(home, ".config", "convox2", "auth")
			if err := os.Chmod(auth, mode); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := save(t, home); err != nil {
			t.Fatalf("%o: %v", mode, err)
		}
		if info, err := os.Stat(auth); err != nil || info.Mode().Perm() != want {
			t.Errorf("%o became %v, %v", mode, info.Mode(), err)
		}
		if info, err := os.Stat(filepath.Dir(auth)); err != nil || mode == 0 && info.Mode().Perm() != 0o700 {
			t.Errorf("the folder is %v, %v", info.Mode(), err)
		}
	}
}

func TestALinkStaysALink(t *testing.T) {
	home := files(t, map[string]string{"dotfiles/convox-auth": `{"a.example.com": "theirs"}`, ".config/convox2/": ""})
	auth := filepath.Join(home, ".config", "convox2", "auth")
	link(t, "../../middle", auth)
	link(t, filepath.Join(home, "dotfiles", "convox-auth"), filepath.Join(home, "middle"))
	if file, err := save(t, home); err != nil || file != auth {
		t.Fatalf("%s, %v", file, err)
	}
	for _, name := range []string{auth, filepath.Join(home, "middle")} {
		if info, err := os.Lstat(name); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("%s is no link any more: %v", name, err)
		}
	}
	if text := read(t, home, "dotfiles", "convox-auth"); !strings.Contains(text, `"a.example.com": "theirs"`) || !strings.Contains(text, savedHost) {
		t.Error("the file behind it was not written, or lost something")
	}
	alone(t, filepath.Join(home, "dotfiles"), "convox-auth")
	alone(t, filepath.Dir(auth), "auth")
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Skip("no links here")
	}
}

func TestWhatCannotBeKeptIsNotOverwritten(t *testing.T) {
	const big = 1<<20 - 20
	for name, content := range map[string]string{
		"no JSON":                  "theirs",
		"broken JSON":              `{"rack.example.com": "theirs"`,
		"a list":                   `["theirs"]`,
		"other values":             `{"rack.example.com": "x", "theirs": {"a": 1}}`,
		"two objects":              `{} {"a.example.com": "theirs"}`,
		"a byte order":             "\ufeff" + `{"a.example.com": "theirs"}`,
		"a huge file":              `{"a.example.com": "` + strings.Repeat(" ", 1<<20) + `"}`,
		"a file that would be one": `{"a": "` + strings.Repeat(" ", big) + `"}`,
	} {
		home := files(t, map[string]string{".config/convox2/auth": content})
		_, err := save(t, home)
		file := filepath.Join(home, ".config", "convox2", "auth")
		if err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", name, err)
		}
		if read(t, file) != content {
			t.Errorf("%s was overwritten", name)
		}
		alone(t, filepath.Dir(file), "auth")
	}
}

func TestWhatIsNoFileIsLeftAlone(t *testing.T) {
	for name, lay := range map[string]func(home, auth string){
		"a folder":           func(_, auth string) { _ = os.Mkdir(auth, 0o700) },
		"a full folder":      func(_, auth string) { _ = os.MkdirAll(filepath.Join(auth, "auth"), 0o700) },
		"a link to nowhere":  func(_, auth string) { link(t, "nowhere", auth) },
		"a link to itself":   func(_, auth string) { link(t, "auth", auth) },
		"a link to a folder": func(home, auth string) { link(t, home, auth) },
		"a file for a folder": func(_, auth string) {
			_ = os.Remove(filepath.Dir(auth))
			_ = os.WriteFile(filepath.Dir(auth), nil, 0o600)
		},
		"a pipe": func(_, auth string) { makePipe(t, auth) },
	} {
		t.Run(name, func(t *testing.T) {
			home := files(t, map[string]string{".config/convox2/": ""})
			auth := filepath.Join(home, ".config", "convox2", "auth")
			lay(home, auth)
			before, _ := os.Lstat(auth)
			if _, err := save(t, home); err == nil || strings.Contains(printed(err), ".auth-") {
				t.Errorf("it was accepted, or a temporary file is named: %v", err)
			}
			after, _ := os.Lstat(auth)
			if (before == nil) != (after == nil) || before != nil && before.Mode() != after.Mode() {
				t.Error("it is something else now")
			}
			alone(t, home, ".config")
		})
	}
}

func TestAFolderThatCannotBeWrittenToIsNamed(t *testing.T) {
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("modes hold nobody back here")
	}
	const content = `{"a.example.com": "theirs"}`
	home := files(t, map[string]string{".config/convox2/auth": content})
	folder := filepath.Join(home, ".config", "convox2")
	mode := func(m fs.FileMode) {
		if err := os.Chmod(folder, m); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { mode(0o700) })
	mode(0o500)
	_, err := save(t, home)
	if err == nil || !strings.Contains(err.Error(), "permission") || !strings.Contains(err.Error(), folder) || strings.Contains(printed(err), ".auth-") {
		t.Errorf("%v", err)
	}
	if read(t, folder, "auth") != content {
		t.Error("the file was changed")
	}
	mode(0o700)
	alone(t, folder, "auth")
}

// The other program writes just after the file was read, and by a rename.
func TestWhatAnotherProgramAddsMeanwhileIsKept(t *testing.T) {
	home := files(t, map[string]string{".config/convox2/auth": `{"a.example.com": "1"}`})
	file := filepath.Join(home, ".config", "convox2", "auth")
	asked := 0
	err := convox.Rewrite(file, func(entries map[string]string) {
		if asked++; asked < 4 {
			other := filepath.Join(home, "other")
			if err := os.WriteFile(other, []byte(fmt.Sprintf(`{"b.example.com": "%d"}`, asked)), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(other, file); err != nil {
				t.Fatal(err)
			}
		}
		convox.SetPassword(entries, host(t, savedHost), canary)
	})
	if text := read(t, file); err != nil || asked != 4 || !strings.Contains(text, `"b.example.com": "3"`) || !strings.Contains(text, savedHost) {
		t.Errorf("asked %d times, %v", asked, err)
	}
	asked = 0
	err = convox.Rewrite(file, func(map[string]string) {
		asked++
		if err := os.WriteFile(file, []byte(fmt.Sprintf(`{"b.example.com": "%d"}`, asked)), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	if err == nil || read(t, file) != fmt.Sprintf(`{"b.example.com": "%d"}`, asked) {
		t.Errorf("one that never rests: %v", err)
	}
	alone(t, filepath.Dir(file), "auth")
}

// Whoever reads meanwhile never finds half a file, and no entry from before is
// lost.
func TestAReaderNeverFindsHalfAFile(t *testing.T) {
	home := files(t, map[string]string{".config/convox2/auth": `{"a.example.com": "first"}`})
	var writers sync.WaitGroup
	for i := range 4 {
		name := host(t, fmt.Sprintf("rack%d.example.com", i))
		writers.Go(func() {
			for range 5 {
				_, err := convox.NewLogins(environment(), home, "linux").Save(name, canary)
				if _, is := errors.AsType[*problem.Error](err); err != nil && !is {
					t.Errorf("%v", err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	for {
		select {
		case <-done:
			alone(t, filepath.Join(home, ".config", "convox2"), "auth")
			return
		default:
		}
		logins, err := convox.SavedLogins(environment(), home, "linux")
		if first, found := convox.FindSaved(logins, host(t, "a.example.com")); err != nil || !found || first.Password.Reveal() != "first" {
			t.Fatalf("%v", err)
		}
	}
}
