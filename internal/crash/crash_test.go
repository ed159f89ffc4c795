package crash_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"convox-travis/internal/crash"
	"convox-travis/internal/secret/secrettest"
)

// The tests crash another process: this test binary, started again.
func TestMain(m *testing.M) {
	if how := os.Getenv("TEST_CRASH"); how != "" {
		if how != "unhandled" {
			crash.Handle(func(place string) {
				os.Stderr.WriteString("crashed in " + place)
				os.Exit(7)
			})
		}
		go func() {
			defer crash.Catch()
			fall(how)
		}()
		select {}
	}
	os.Exit(m.Run())
}

func fall(how string) {
	var (
		nothing struct{ values map[string]int }
		short   []int
		no      *os.ProcAttr
	)
	switch how {
	case "map":
		nothing.values[secrettest.Canary] = 1
	case "index":
		short[len(how)]++
	case "nil":
		no.Dir = secrettest.Canary
	case "library":
		_ = strings.Repeat(secrettest.Canary, -1)
	case "two":
		go func() {
			defer crash.Catch()
			fall("index")
		}()
		fall("map")
	}
	panic(secrettest.Canary)
}

func TestAPanicEndsTheProcessWithItsPlaceAlone(t *testing.T) {
	for how, place := range map[string]string{
		"message": "internal/crash_test.fall (crash_test.go:", "map": "internal/crash_test.fall (crash_test.go:", "index": "internal/crash_test.fall (crash_test.go:",
		"nil": "internal/crash_test.fall (crash_test.go:", "library": "strings.Repeat (strings.go:", "two": "internal/crash_test.fall (crash_test.go:",
	} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "TEST_CRASH="+how)
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != 7 || !strings.HasPrefix(string(out), "crashed in "+place) || strings.Contains(string(out), "goroutine") {
			t.Errorf("%s: exit %d: %s", how, code, out)
		}
		secrettest.Absent(t, how, string(out))
	}
}

func TestWithoutAHandlerThePanicContinues(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TEST_CRASH=unhandled")
	if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "panic: ") {
		t.Errorf("exit %d: %s", cmd.ProcessState.ExitCode(), out)
	}
}

func TestWithoutAPanicNothingIsCaught(t *testing.T) {
	defer crash.Catch()
}
