package cfn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
	"convox-travis/internal/secret/secrettest"
)

const (
	roleConfig = "[profile admin]\nrole_arn = arn:aws:iam::" + account + ":role/admin\nsource_profile = base\nregion = us-east-1\n"
	mfaConfig  = roleConfig + "mfa_serial = " + serial + "\n"
	serial     = "arn:aws:iam::" + account + ":mfa/ann"
)

func TestAProfileIsUsed(t *testing.T) {
	w := newWorld(t)
	w.addRack("us-east-1", "production")
	w.files("[profile work]\nregion = us-east-1\n", userFile("work"))
	for name, use := range map[string]func(*cfn.Options){
		"an option":       profile("work"),
		"the environment": func(*cfn.Options) { w.set("AWS_PROFILE", "work") },
	} {
		found, err := w.finder(use).Search(t.Context(), nil, nil)
		if err != nil || names(found) != "production@us-east-1" {
			t.Errorf("%s: %s, %v", name, names(found), err)
		}
	}
}

func TestAFinderDoesNotPrintItsKeys(t *testing.T) {
	w := newWorld(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		finder := w.finder()
		secrettest.Absent(t, verb, fmt.Sprintf(verb, finder)+fmt.Sprintf(verb, *finder)+fmt.Sprintf(verb, []any{finder, struct{ f *cfn.Finder }{finder}}))
	}
}

func TestAProfileTakesPrecedenceOverKeysInTheEnvironment(t *testing.T) {
	w := newWorld(t)
	w.files("", userFile("work"))
	w.set("AWS_ACCESS_KEY_ID", "AKIAUNKNOWNUNKNOWN00")
	w.set("AWS_SECRET_ACCESS_KEY", "unknown")
	if _, err := w.finder(profile("work")).Search(t.Context(), nil, nil); err != nil {
		t.Error(err)
	}
}

func TestAnUnknownProfileListsTheOthers(t *testing.T) {
	w := newWorld(t)
	w.files("[default]\n[profile work]\n[sso-session corp]\n", userFile("base"))
	_, err := w.tryFinder(profile("wrok"))
	w.wantCode(w.failed(err), cfn.CodeProfile, "profile wrok", "did you mean work?", "your profiles: base, default, work")
	w.set("AWS_PROFILE", "none")
	_, err = w.tryFinder()
	e := w.failed(err)
	w.wantCode(e, cfn.CodeProfile, "profile none")
	w.files("", "")
	_, err = w.tryFinder(profile("work"))
	w.wantCode(w.failed(err), cfn.CodeProfile, "aws configure")
}

func TestABrokenProfileIsAnError(t *testing.T) {
	for name, c := range map[string]struct{ config, word string }{
		"a source that is missing": {"[profile work]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = none\n", "source_profile"},
		"a role without a source":  {"[profile work]\nrole_arn = arn:aws:iam::1:role/x\n", "credential_source"},
		"a process that fails":     {"[profile work]\ncredential_process = echo '" + secrettest.Canary + "'\n", "credential_process"},
		"half an SSO":              {"[profile work]\nsso_start_url = https://corp.awsapps.com/start\n", "settings"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.files(c.config, "")
			finder, err := w.tryFinder(profile("work"))
			if err == nil {
				_, err = finder.Search(t.Context(), nil, nil)
			}
			if e := w.failed(err); e.Code != cfn.CodeProfile && e.Code != cfn.CodeNoCredentials || !strings.Contains(e.Error(), c.word) {
				t.Errorf("%s: %v", e.Code, e)
			}
		})
	}
}

func TestMissingCredentialsAreOneError(t *testing.T) {
	w := newWorld(t)
	w.files("", "")
	w.wantCode(w.searchError(), cfn.CodeNoCredentials, "AWS_PROFILE", "AWS_ACCESS_KEY_ID")
	if n := len(w.aws.Calls()); n != 0 {
		t.Errorf("%d calls", n)
	}
}

func TestARoleIsAssumedOnceForAllRegions(t *testing.T) {
	w := newWorld(t)
	w.files(roleConfig, userFile("base"))
	w.aws.AddRole(cfntest.Role{Account: account, Name: "admin"})
	w.addRack("eu-west-1", "production")
	finder := w.finder(profile("admin"))
	for range 2 {
		found, err := finder.Search(t.Context(), nil, nil)
		if err != nil || names(found) != "production@eu-west-1" {
			t.Fatalf("%s, %v", names(found), err)
		}
	}
	if n := w.count("sts:AssumeRole"); n != 1 {
		t.Errorf("the role was assumed %d times", n)
	}
	_, err := w.finder(profile("admin"), func(*cfn.Options) { w.aws.Deny("sts:AssumeRole", "us-east-1") }).Search(t.Context(), nil, nil)
	w.wantCode(w.failed(err), cfn.CodeDenied, "sts:AssumeRole", "role/admin")
}

func (w *world) count(action string) int {
	n := 0
	for _, call := range w.aws.Calls() {
		if call.Action == action {
			n++
		}
	}
	return n
}

// newMFAWorld has a role that demands a device.
func newMFAWorld(t *testing.T) *world {
	w := newWorld(t)
	w.files(mfaConfig, userFile("base"))
	w.aws.AddRole(cfntest.Role{Account: account, Name: "admin", MFASerial: serial})
	w.aws.AddMFACode(serial, "123456")
	return w
}

func TestAnMFACodeIsAskedForOnce(t *testing.T) {
	w := newMFAWorld(t)
	w.addRack("eu-west-1", "production")
	asked := 0
	finder := w.finder(profile("admin"), func(o *cfn.Options) {
		o.MFACode = func(context.Context) (string, error) { asked++; return " 123456\n", nil }
	})
	for range 2 {
		if found, err := finder.Search(t.Context(), nil, nil); err != nil || names(found) != "production@eu-west-1" {
			t.Fatalf("%s, %v", names(found), err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	w.aws.ExpireSessions()
	_, err := finder.Search(t.Context(), nil, nil)
	w.wantCode(w.failed(err), cfn.CodeExpired, "the session token of profile admin has expired")
}

func TestAnMFACodeThatIsMissingOrWrong(t *testing.T) {
	w := newMFAWorld(t)
	_, err := w.tryFinder(profile("admin"))
	w.wantCode(w.failed(err), cfn.CodeMFA, "nobody can be asked", "aws configure export-credentials")
	for _, code := range []string{"654321", "12"} {
		_, err = w.finder(profile("admin"), answering(code, nil)).Search(t.Context(), nil, nil)
		w.wantCode(w.failed(err), cfn.CodeMFA, "refused")
	}
	_, err = w.finder(profile("admin"), answering("", io.EOF)).Search(t.Context(), nil, nil)
	w.wantCode(w.failed(err), cfn.CodeMFA, "no MFA code")
}

func answering(code string, err error) func(*cfn.Options) {
	return func(o *cfn.Options) {
		o.MFACode = func(context.Context) (string, error) { return code, err }
	}
}

func TestAQuestionForACodeEndsWithTheSearch(t *testing.T) {
	w := newMFAWorld(t)
	stop := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	left := make(chan error, 1)
	finder := w.finder(profile("admin"), func(o *cfn.Options) {
		o.MFACode = func(asked context.Context) (string, error) {
			time.AfterFunc(20*time.Millisecond, func() { cancel(stop) })
			<-asked.Done()
			left <- context.Cause(asked)
			return "", context.Cause(asked)
		}
	})
	if _, err := finder.Search(ctx, nil, nil); err != stop {
		t.Errorf("ended with %v", err)
	}
	if err := <-left; err != stop {
		t.Errorf("the question ended with %v", err)
	}
}

func TestASessionTokenThatIsNotTheKeysIsRefused(t *testing.T) {
	w := newWorld(t)
	w.aws.AddUser(cfntest.User{Account: account, Name: "ann", KeyID: "ASIAIOSFODNN7EXAMPLE", Secret: secrettest.Canary})
	w.set("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE")
	w.set("AWS_SESSION_TOKEN", "none-of-this-users")
	w.wantCode(w.searchError("us-east-1"), cfn.CodeRefused)
}

func TestACertificateBundleIsUsed(t *testing.T) {
	w := newWorld(t)
	w.addRack("us-east-1", "production")
	w.set("AWS_CA_BUNDLE", filepath.Join(w.home, "bundle.pem"))
	w.write("bundle.pem", bundle)
	w.wantNames(w.search("us-east-1"), "production@us-east-1")
}

func TestACredentialProcessIsRun(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the process is a shell script")
	}
	w := newWorld(t)
	w.write("process", "#!/bin/sh\necho '"+`{"Version": 1, "AccessKeyId": "`+keyID+`", "SecretAccessKey": "`+secrettest.Canary+`"}`+"'\n")
	if err := os.Chmod(filepath.Join(w.home, "process"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.files("[profile work]\ncredential_process = "+filepath.Join(w.home, "process")+"\n", "")
	if _, err := w.finder(profile("work")).Search(t.Context(), nil, nil); err != nil {
		t.Error(err)
	}
}

// bundle is a certificate of nobody, as a company's would stand in a file.
const bundle = `-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIUWSzvft8ylhl3EhX14CeA1Dy60QAwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGbm9ib2R5MCAXDTI2MTEyNDEzMzMyMVoYDzIxMjYxMDMxMTMz
MzIxWjARMQ8wDQYDVQQDDAZub2JvZHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAT2cOXOWGjOYPGVcNe0qyL6rc9+NjWfpdg+AvUOI980Q6MbrYBck3H14D/ymqcL
qzA2tNRWxQ1Fj8GdF/RGZghGo1MwUTAdBgNVHQ4EFgQUIA0bBusjph46RG0bouWK
ICEUwB8wHwYDVR0jBBgwFoAUIA0bBusjph46RG0bouWKICEUwB8wDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiBhD+QXfF3hEY19liE0JdGoS2ewt83m
b11DIkeNpzDdTgIhAOXn0/a3BHMR8LlMJJcRgjxrFaYZEG6F0ai3GF6OyPO/
-----END CERTIFICATE-----
`
