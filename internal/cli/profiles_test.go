//go:build unix

package cli

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/terminal"
)

// withSSO gives the world a default profile without credentials, a profile work that
// signs in with SSO, a portal, and an AWS CLI that starts the session: it notes its
// environment, prints an address and a code, and waits for the file go.
func (w *world) withSSO() *world {
	w.Helper()
	token := "sso-" + secrettest.Canary
	w.secrets = append(w.secrets, token)
	id, secret := w.setting("AWS_ACCESS_KEY_ID"), w.setting("AWS_SECRET_ACCESS_KEY")
	portal := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/federation/credentials" || r.Header.Get("X-Amz-Sso_bearer_token") != token {
			w.Errorf("the portal was asked %s %s", r.Method, r.URL.Path)
		}
		answer.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(answer, `{"roleCredentials": {"accessKeyId": %q, "secretAccessKey": %q, "sessionToken": "", "expiration": %d}}`, id, secret, time.Now().Add(time.Hour).UnixMilli())
	}))
	w.Cleanup(portal.Close)
	delete(w.env, "AWS_ACCESS_KEY_ID")
	delete(w.env, "AWS_SECRET_ACCESS_KEY")
	w.env["AWS_ENDPOINT_URL_SSO"], w.env["AWS_EC2_METADATA_DISABLED"] = portal.URL, "true"
	w.env["CONVOX_PASSWORD"], w.env["PATH"] = secrettest.Canary, filepath.Join(w.dir, "bin")+":"+w.setting("PATH")
	name := sha1.Sum([]byte("corp"))
	cache := filepath.Join(w.dir, ".aws", "sso", "cache", hex.EncodeToString(name[:])+".json")
	for file, text := range map[string]string{
		".aws/config": "[default]\nregion = us-east-1\n[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = us-east-1\n" +
			"[profile work]\nregion = us-east-1\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Admin\n",
		"token": fmt.Sprintf(`{"startUrl": "https://corp.awsapps.com/start", "region": "us-east-1", "accessToken": %q, "expiresAt": %q}`, token, time.Now().Add(time.Hour).UTC().Format(time.RFC3339)),
		"bin/aws": fmt.Sprintf("#!/bin/sh\n{ echo \"arguments $*\"; env; } >'%[1]s/notes'\nprintf 'open \\033]0;steered\\007https://device.sso.us-east-1.amazonaws.com/\\n\\nABCD-EFGH\\n'\n"+
			"while [ ! -e '%[1]s/go' ]; do sleep 0.02; done\nmkdir -p '%[2]s'\ncp '%[1]s/token' '%[3]s'\n", w.dir, filepath.Dir(cache), cache),
	} {
		file = filepath.Join(w.dir, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			w.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
			w.Fatal(err)
		}
	}
	return w
}

// signIn lets the AWS CLI end.
func (w *world) signIn() {
	w.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, "go"), nil, 0o600); err != nil {
		w.Fatal(err)
	}
}

func (w *world) wantSSOLogin() {
	w.Helper()
	notes := w.notes()
	if !strings.HasPrefix(notes, "arguments sso login\n") || !strings.Contains(notes, "\nAWS_PROFILE=work\n") {
		w.Errorf("the AWS CLI got\n%s", notes)
	}
}

const nextProfile = "AWS profile work was used: pass --profile work to use it again"

// The profile that is picked also reads the lost password.
func TestAnAWSProfileIsPickedAndSignedInWith(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withSSO().inClone()
	z := w.open(terminal.Options{Width: 120, Height: 44}).toRacks()
	z.sees("couldn't search AWS", "› Use another AWS profile…").enter().sees("Which AWS profile?", "no SSO session")
	z.types("work").sees("› work").enter().sees("aws sso login --profile work", "› Run it now").enter()
	z.sees("for your browser: aws sso login --profile work", "https://device.sso.us-east-1.amazonaws.com/", "ABCD-EFGH")
	w.signIn()
	z.sees(askRack, "backoffice").still()
	z.types("production").sees("› production").enter().sees(askSource).types(terminal.Down).sees("› Read it from AWS").enter()
	z.sees("Read the password from AWS?").types("?").sees("ecs:DescribeTaskDefinition").types(terminal.Escape).sees("Read the password from AWS?")
	z.enter().sees("AWS has the password").enter().sees(atReview).write().sees(askTestBuild).enter().sees(atDone).enter()
	z.ends(0, nextProfile)
	w.wantSSOLogin()
	z.wantRackPair()
	if strings.Contains(z.Frames(), "\x1b]0;steered") {
		t.Error("the AWS CLI has steered the terminal")
	}
}

func TestAnAWSProfileIsPickedInPlainLines(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withSSO().inClone()
	w.signIn()
	e := w.run("1\nUse another AWS profile…\nwork\n1\nproduction\n1\n"+secrettest.Canary+"\nyes\n", "--accessible")
	w.want(e, 0, "Which AWS profile?", "aws sso login --profile work", "https://device.sso.us-east-1.amazonaws.com/", "ABCD-EFGH", nextProfile)
	w.wantSSOLogin()
	w.wantPair(w.setting("DEMO_REPO"), "CONVOX_HOST="+w.setting("DEMO_RACK_HOST"), "CONVOX_PASSWORD="+quotedCanary)
	if strings.Contains(e.err+e.out, "\x1b") {
		t.Errorf("it steers a terminal: %q", e.err)
	}
}
