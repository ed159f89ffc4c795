package convox_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
)

// The test binary is also the other processes: each saves logins of its own, or
// one until it is killed.
func TestMain(m *testing.M) {
	home, name := os.Getenv("CONVOX_TEST_HOME"), os.Getenv("CONVOX_TEST_NAME")
	if home == "" {
		os.Exit(m.Run())
	}
	for i := 0; i < savesEach || name == "endless"; i++ {
		host, err := convox.ParseHost(fmt.Sprintf("%s-%d.example.com", name, i%savesEach))
		if err == nil {
			_, err = convox.NewLogins(environment(), home, "linux").Save(host, secret.New(secrettest.Canary))
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Stdout.WriteString(".")
	}
}

const savesEach = 5

func saver(t *testing.T, home, name string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "CONVOX_TEST_HOME="+home, "CONVOX_TEST_NAME="+name)
	return cmd
}

func TestProcessesThatSaveAtOnceLoseNothing(t *testing.T) {
	home := files(t, map[string]string{".config/convox2/auth": `{"first.example.com": "theirs"}`})
	var processes []*exec.Cmd
	for i := range 6 {
		cmd := saver(t, home, fmt.Sprintf("process%d", i))
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		processes = append(processes, cmd)
	}
	for _, cmd := range processes {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	logins, err := convox.SavedLogins(environment(), home, "linux")
	if err != nil || len(logins) != 1+len(processes)*savesEach {
		t.Errorf("%d logins, %v", len(logins), err)
	}
	alone(t, filepath.Join(home, ".config", "convox2"), "auth")
}

// Saving, and also only reading, removes what is left.
func TestAKilledSaveLeavesAWholeFileAndTheNextRunNothingElse(t *testing.T) {
	// A large file takes long to write.
	var large strings.Builder
	for i := range 2_000 {
		fmt.Fprintf(&large, ",\"%d.example.com\":\"theirs\"", i)
	}
	home := files(t, map[string]string{".config/convox2/auth": `{"first.example.com":"theirs"` + large.String() + "}"})
	folder := filepath.Join(home, ".config", "convox2")
	left := 0
	for i := range 20 {
		cmd := saver(t, home, "endless")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if n, err := out.Read(make([]byte, 1)); n == 0 {
			t.Fatalf("it saves nothing: %v", err)
		}
		temporary := filepath.Join(folder, ".convox-travis.auth.new")
		for { // the next save is under way
			if _, err := os.Stat(temporary); err == nil {
				break
			}
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		if info, err := os.Stat(temporary); err == nil {
			left++
			if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
				t.Errorf("others may read what is left: %v", info.Mode())
			}
		}
		if i%2 == 0 {
			if _, err := convox.NewLogins(environment(), home, "linux").Save(host(t, savedHost), canary); err != nil {
				t.Fatal(err)
			}
			alone(t, folder, "auth")
		}
		logins, err := convox.SavedLogins(environment(), home, "linux")
		if _, found := convox.FindSaved(logins, host(t, "1999.example.com")); err != nil || !found {
			t.Fatalf("%d logins, %v", len(logins), err)
		}
		alone(t, folder, "auth")
	}
	if left == 0 {
		t.Error("no kill came while a file was written")
	}
}

// A run that is alive keeps its file.
func TestReadingLeavesTheFileOfARunThatIsAlive(t *testing.T) {
	home := files(t, map[string]string{".config/convox2/auth": "{}"})
	file := filepath.Join(home, ".config", "convox2", "auth")
	err := convox.Rewrite(file, func(entries map[string]string) {
		before, _ := os.ReadDir(filepath.Dir(file))
		if _, err := convox.SavedLogins(environment(), home, "linux"); err != nil {
			t.Error(err)
		}
		after, _ := os.ReadDir(filepath.Dir(file))
		if len(before) != 2 || len(after) != 2 {
			t.Errorf("%d files became %d", len(before), len(after))
		}
		convox.SetPassword(entries, host(t, savedHost), canary)
	})
	if err != nil {
		t.Error(err)
	}
	alone(t, filepath.Dir(file), "auth")
}
