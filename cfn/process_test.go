//go:build unix

package cfn_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
	"convox-travis/internal/child"
	"convox-travis/internal/secret/secrettest"
)

// process writes a program that notes what it got and prints the user's keys, and
// returns its command and the file with the notes, a line for each start.
func (w *world) process(more string) (command, notes string) {
	w.Helper()
	notes = filepath.Join(w.home, "notes")
	w.write("keys.json", fmt.Sprintf(`{"Version": 1, "AccessKeyId": %q, "SecretAccessKey": %q}`, keyID, secrettest.Canary))
	w.write("process", "input=$(cat)\nprintf 'input %s password %s stack %s token %s profile %s kept %s\\n' \"[$input]\" \"[$CONVOX_PASSWORD]\" \"[$RACK_URL]\" \"[$TRAVIS_TOKEN]\" \"[$AWS_PROFILE]\" \"[$KEPT]\" >>'"+
		notes+"'\n"+more+"\ncat '"+filepath.Join(w.home, "keys.json")+"'\n")
	return "sh '" + filepath.Join(w.home, "process") + "'", notes
}

// Wherever in the chain of profiles the program is, it is started by us, once for
// all regions.
func TestAProgramSignsInWithoutOurInputAndSecrets(t *testing.T) {
	for name, config := range map[string]string{
		"a profile": "[profile use]\ncredential_process = %s\nregion = us-east-1\n",
		"a role":    "[profile use]\nrole_arn = arn:aws:iam::" + account + ":role/admin\nsource_profile = base\nregion = us-east-1\n[profile base]\ncredential_process = %s\n",
		"a role of a role": "[profile use]\nrole_arn = arn:aws:iam::" + account + ":role/admin\nsource_profile = middle\nregion = us-east-1\n" +
			"[profile middle]\nrole_arn = arn:aws:iam::" + account + ":role/admin\nsource_profile = base\n[profile base]\ncredential_process = %s\n",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.aws.AddRole(cfntest.Role{Account: account, Name: "admin"})
			w.addRack("eu-west-1", "production")
			command, notes := w.process("")
			w.files(fmt.Sprintf(config, command), "")
			w.set("AWS_PROFILE", "use")
			for _, secret := range []string{"CONVOX_PASSWORD", "RACK_URL", "TRAVIS_TOKEN"} {
				w.set(secret, secrettest.Canary)
			}
			w.set("KEPT", "yes")
			stdin := os.Stdin
			defer func() { os.Stdin = stdin }()
			reader, writer, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer reader.Close()
			if _, err := writer.WriteString(secrettest.Canary); err != nil {
				t.Fatal(err)
			}
			writer.Close()
			os.Stdin = reader
			finder := w.finder()
			for range 2 {
				if found, err := finder.Search(t.Context(), nil, nil); err != nil || names(found) != "production@eu-west-1" {
					t.Fatalf("%s, %v", names(found), err)
				}
			}
			text, err := os.ReadFile(notes)
			if want := "input [] password [] stack [] token [] profile [use] kept [yes]\n"; err != nil || string(text) != want {
				secrettest.Absent(t, "what the program got", string(text))
				t.Errorf("%v: the program noted\n%snot\n%s", err, text, want)
			}
		})
	}
}

func TestWhatComesBeforeAProgramIsUsed(t *testing.T) {
	w := newWorld(t)
	w.addRack("us-east-1", "production")
	command, notes := w.process("")
	w.files("[default]\ncredential_process = "+command+"\n[profile static]\ncredential_process = "+command+"\n", userFile("static"))
	for name, use := range map[string]func(*cfn.Options){
		"keys of the profile": profile("static"),
		"keys of the environment": func(*cfn.Options) {
			w.set("AWS_ACCESS_KEY_ID", keyID)
			w.set("AWS_SECRET_ACCESS_KEY", secrettest.Canary)
		},
	} {
		if _, err := w.finder(use).Search(t.Context(), nil, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(notes); err == nil {
		t.Error("the program was started")
	}
}

func TestAProgramComesBeforeKeysOfTheConfigFile(t *testing.T) {
	w := newWorld(t)
	command, _ := w.process("")
	w.files("[profile use]\ncredential_process = "+command+"\n"+badKeys, "")
	if _, err := w.finder(profile("use")).Search(t.Context(), []string{"us-east-1"}, nil); err != nil {
		t.Error(err)
	}
}

func TestAProgramThatFailsIsNamed(t *testing.T) {
	for name, c := range map[string]struct{ more, word string }{
		"with a status":       {"echo '" + secrettest.Canary + "' >&2; exit 1", "its credential_process failed"},
		"with other output":   {"echo '" + secrettest.Canary + "'; exit 0", "its credential_process printed no credentials"},
		"with no output":      {"exit 0", "its credential_process printed no credentials"},
		"with another form":   {`echo '{"Version": 2, "AccessKeyId": "a", "SecretAccessKey": "b"}'; exit 0`, "its credential_process printed no credentials"},
		"with half":           {`echo '{"Version": 1, "AccessKeyId": "a"}'; exit 0`, "its credential_process printed no credentials"},
		"with endless output": {"exec yes", "its credential_process failed"},
		"as it has to ask":    {"read code </dev/tty || exit 1", "can't ask for anything here"},
	} {
		for _, config := range []string{"[profile use]\ncredential_process = %s\n", "[profile use]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = base\n[profile base]\ncredential_process = %s\n"} {
			w := newWorld(t)
			command, _ := w.process(c.more)
			w.files(fmt.Sprintf(config, command), "")
			_, err := w.finder(profile("use")).Search(t.Context(), nil, nil)
			e := w.failed(err)
			w.wantCode(e, cfn.CodeProfile, c.word, `eval "$(aws configure export-credentials --format env --profile use)"`)
			if t.Failed() {
				t.Fatal(name)
			}
		}
	}
}

// Where it can ask, nobody is sent to sign in elsewhere.
func TestAProgramInTheForegroundCanAsk(t *testing.T) {
	w := newWorld(t)
	command, _ := w.process("exit 1")
	w.files("[profile use]\ncredential_process = "+command+"\n", "")
	_, err := w.finder(profile("use"), func(o *cfn.Options) { o.Terminal = func() *child.Terminal { return &child.Terminal{} } }).Search(t.Context(), nil, nil)
	if e := w.failed(err); strings.Contains(e.Error()+strings.Join(e.Hints, ""), "can't ask") || strings.Contains(strings.Join(e.Hints, ""), "export-credentials") {
		t.Errorf("%v, %q", e, e.Hints)
	}
}

func TestACallDoesNotWaitForAProgram(t *testing.T) {
	w := newWorld(t)
	command, notes := w.process("exec sleep 2")
	w.files("[profile use]\ncredential_process = "+command+"\n", "")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for ; ctx.Err() == nil; time.Sleep(time.Millisecond) {
			if _, err := os.Stat(notes); err == nil {
				cancel()
			}
		}
	}()
	begun := time.Now()
	if _, err := w.finder(profile("use")).Search(ctx, nil, nil); err != context.Canceled || time.Since(begun) > 1900*time.Millisecond {
		t.Errorf("after %v: %v", time.Since(begun), err)
	}
}

func TestAProgramThatPrintsAnExpiredSessionIsAnError(t *testing.T) {
	for when, code := range map[time.Time]string{time.Now().Add(-time.Hour): cfn.CodeExpired, time.Now().Add(time.Hour): ""} {
		w := newWorld(t)
		command, _ := w.process("")
		w.write("keys.json", fmt.Sprintf(`{"Version": 1, "AccessKeyId": %q, "SecretAccessKey": %q, "Expiration": %q}`, keyID, secrettest.Canary, when.UTC().Format(time.RFC3339)))
		w.files("[profile work]\ncredential_process = "+command+"\n", "")
		_, err := w.finder(profile("work")).Search(t.Context(), []string{"us-east-1"}, nil)
		if code == "" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		w.wantCode(w.failed(err), code, "profile work: its credential_process printed a session that has expired", "sign in again with the program that credential_process runs")
		if n := len(w.aws.Calls()); n != 0 {
			t.Errorf("%d calls", n)
		}
	}
}
