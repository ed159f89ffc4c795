package cfn_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
)

const (
	account = "123456789012"
	keyID   = "AKIAIOSFODNN7EXAMPLE"
)

var quick = transport.Retry{Tries: 3, Deadline: 2 * time.Second, Pause: time.Millisecond}

// world is a small AWS with one user, and an environment that leads there and
// nowhere else.
type world struct {
	testing.TB
	aws  *cfntest.Server
	home string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{TB: t, aws: cfntest.Start(t), home: t.TempDir()}
	w.aws.AddUser(cfntest.User{Account: account, Name: "ann", KeyID: keyID, Secret: secrettest.Canary})
	for _, setting := range os.Environ() {
		if name, _, _ := strings.Cut(setting, "="); strings.HasPrefix(name, "AWS_") {
			w.set(name, "")
		}
	}
	w.set("HOME", w.home)
	w.set("USERPROFILE", w.home)
	w.set("AWS_CONFIG_FILE", filepath.Join(w.home, "config"))
	w.set("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(w.home, "credentials"))
	w.set("AWS_EC2_METADATA_DISABLED", "true")
	w.set("AWS_ENDPOINT_URL", w.aws.URL)
	w.set("AWS_ACCESS_KEY_ID", keyID)
	w.set("AWS_SECRET_ACCESS_KEY", secrettest.Canary)
	return w
}

func (w *world) set(name, value string) {
	w.Helper()
	w.Setenv(name, value)
}

// files writes the AWS files, and takes the keys out of the environment.
func (w *world) files(config, credentials string) {
	w.Helper()
	w.write("config", config)
	w.write("credentials", credentials)
	w.set("AWS_ACCESS_KEY_ID", "")
	w.set("AWS_SECRET_ACCESS_KEY", "")
}

func (w *world) write(name, text string) {
	w.Helper()
	path := filepath.Join(w.home, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
}

// userFile is a credentials file with the user's keys for a profile.
func userFile(profile string) string {
	return "[" + profile + "]\naws_access_key_id = " + keyID + "\naws_secret_access_key = " + secrettest.Canary + "\n"
}

func (w *world) finder(change ...func(*cfn.Options)) *cfn.Finder {
	w.Helper()
	finder, err := w.tryFinder(change...)
	if err != nil {
		w.Fatal(err)
	}
	return finder
}

func (w *world) tryFinder(change ...func(*cfn.Options)) (*cfn.Finder, error) {
	options := cfn.Options{UserAgent: "convox-travis/v1.2.3", Retry: quick}
	for _, c := range change {
		c(&options)
	}
	return cfn.NewFinder(options)
}

func (w *world) search(regions ...string) cfn.Summary {
	w.Helper()
	found, err := w.finder().Search(w.Context(), regions, nil)
	if err != nil {
		w.Fatal(err)
	}
	return found
}

func (w *world) searchError(regions ...string) *problem.Error {
	w.Helper()
	_, err := w.finder().Search(w.Context(), regions, nil)
	return w.failed(err)
}

// failed takes an error apart and searches all of it for the secret key.
func (w *world) failed(err error) *problem.Error {
	w.Helper()
	var e *problem.Error
	if !errors.As(err, &e) {
		w.Fatalf("%T: %v", err, err)
	}
	secrettest.Absent(w, "the error", fmt.Sprintf("%v %+v %#v %s", e, e, *e, strings.Join(e.Hints, "\n")))
	if strings.Contains(e.Error(), "\n") || len(e.Error()) > 300 {
		w.Errorf("not a line: %q", e.Error())
	}
	return e
}

func (w *world) wantCode(e *problem.Error, code string, words ...string) {
	w.Helper()
	if e.Code != code {
		w.Errorf("%s, not %s: %v", e.Code, code, e)
	}
	for _, word := range words {
		if !strings.Contains(e.Error()+"\n"+strings.Join(e.Hints, "\n"), word) {
			w.Errorf("%q is not in %v\n%s", word, e, strings.Join(e.Hints, "\n"))
		}
	}
}

// wantSource wants a denial to name the credentials that were used, once.
func (w *world) wantSource(e *problem.Error) {
	w.Helper()
	if strings.Count(e.Error(), " with the credentials of the environment (AWS_ACCESS_KEY_ID): access denied") != 1 {
		w.Errorf("not once with the source of the credentials: %v", e)
	}
}

func missingError(err error) []cfn.Permission {
	detail, _ := problem.Detail[cfn.Detail](err)
	return detail.Missing
}

func host(name, region string) string { return name + "-1234567890." + region + ".elb.amazonaws.com" }

// addRack adds a Rack as today's template makes it.
func (w *world) addRack(region, name string, change ...func(*cfntest.Stack)) {
	stack := cfntest.Stack{
		Region: region, Name: name, Status: "UPDATE_COMPLETE",
		Tags:       map[string]string{"System": "convox", "Type": "rack"},
		Outputs:    map[string]string{"Dashboard": host(name, region), "Rack": name, "Version": "20220101000000"},
		Parameters: map[string]string{"Password": "hidden", "PrivateApi": "No", "WhiteList": "0.0.0.0/0"},
		NoEcho:     []string{"Password"},
	}
	for _, c := range change {
		c(&stack)
	}
	w.aws.AddStack(stack)
}

// names shows the Racks of a summary, in its order.
func names(found cfn.Summary) string {
	var all []string
	for _, rack := range found.Racks {
		all = append(all, rack.Name+"@"+rack.Region)
	}
	return strings.Join(all, " ")
}

func (w *world) wantNames(found cfn.Summary, want string) {
	w.Helper()
	if got := names(found); got != want {
		w.Errorf("found %q, not %q", got, want)
	}
}

func skipped(found cfn.Summary) string {
	var all []string
	for _, s := range found.Skipped {
		all = append(all, s.Region+": "+s.Reason)
	}
	return strings.Join(all, "; ")
}
