//go:build unix

package cfn_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"convox-travis/cfn"
	"convox-travis/internal/secret/secrettest"
)

// awsCLI puts a shell script called aws on PATH, which notes what it got.
func (w *world) awsCLI(script string) (notes string) {
	w.Helper()
	notes = filepath.Join(w.home, "notes")
	w.write("bin/aws", "#!/bin/sh\n{ echo \"arguments $*\"; echo \"input [$(cat)]\"; env; if (: </dev/tty) 2>/dev/null; then echo can open the terminal; fi; } >'"+notes+"'\n"+script+"\n")
	if err := os.Chmod(filepath.Join(w.home, "bin", "aws"), 0o700); err != nil {
		w.Fatal(err)
	}
	w.set("PATH", filepath.Join(w.home, "bin")+":"+os.Getenv("PATH"))
	return notes
}

// What it prints was read in
// https://github.com/aws/aws-cli/blob/v2/awscli/customizations/sso/utils.py.
func TestTheAWSCLIStartsAnSSOSession(t *testing.T) {
	w := newWorld(t)
	w.set("AWS_PROFILE", "another")
	for _, secret := range []string{"CONVOX_PASSWORD", "RACK_URL", "TRAVIS_TOKEN"} {
		w.set(secret, secrettest.Canary)
	}
	notes := w.awsCLI(`echo 'If the browser does not open, open the following URL:'
printf '\nhttps://device.sso.us-east-1.amazonaws.com/\n\nThen enter the code:\n\nABCD-EFGH\n'
echo 'a warning' >&2`)
	var told []string
	if err := cfn.LoginSSO(t.Context(), "new one", func(line string) { told = append(told, line) }); err != nil || !cfn.HasCLI() {
		t.Fatal(err)
	}
	slices.Sort(told)
	if got := strings.Join(told, "; "); got != "ABCD-EFGH; If the browser does not open, open the following URL:; Then enter the code:; a warning; https://device.sso.us-east-1.amazonaws.com/" {
		t.Errorf("told: %s", got)
	}
	text, err := os.ReadFile(notes)
	if err != nil || !strings.HasPrefix(string(text), "arguments sso login\ninput []\n") || !strings.Contains(string(text), "\nAWS_PROFILE=new one\n") || strings.Contains(string(text), "can open the terminal") {
		t.Errorf("%v: it got\n%s", err, text)
	}
	for _, name := range []string{"CONVOX_PASSWORD", "RACK_URL", "TRAVIS_TOKEN"} {
		if strings.Contains(string(text), "\n"+name+"=") {
			t.Errorf("it gets %s", name)
		}
	}
}

func TestAnSSOLoginThatFailsNamesItsCommand(t *testing.T) {
	for name, script := range map[string]string{"an error": "exit 255", "output without end": "yes " + strings.Repeat("a", 1000)} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.awsCLI(script)
			lines := 0
			err := cfn.LoginSSO(t.Context(), "new one", func(string) { lines++ })
			e := w.failed(err)
			w.wantCode(e, cfn.CodeExpiredSSO)
			if hint := "run it in another terminal to see what it says: aws sso login --profile 'new one'"; !slices.Contains(e.Hints, hint) || lines > 100 {
				t.Errorf("%d lines, %q", lines, e.Hints)
			}
		})
	}
}

func TestAnSSOLoginEndsWithTheRun(t *testing.T) {
	w := newWorld(t)
	w.awsCLI("echo begun; sleep 60")
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	begun := time.Now()
	err := cfn.LoginSSO(ctx, "work", func(string) { cancel(stop) })
	if err != stop || time.Since(begun) > 20*time.Second {
		t.Errorf("after %v: %v", time.Since(begun), err)
	}
}

func TestWithoutTheAWSCLINothingIsRun(t *testing.T) {
	w := newWorld(t)
	w.set("PATH", w.home)
	if cfn.HasCLI() {
		t.Error("an AWS CLI was found")
	}
}
