package cfn_test

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"convox-travis/cfn"
	"convox-travis/internal/secret/secrettest"
)

const (
	startURL  = "https://corp.awsapps.com/start"
	ssoConfig = "[sso-session corp]\nsso_start_url = " + startURL + "\nsso_region = us-east-1\n" +
		"[profile new one]\nsso_session = corp\nsso_account_id = " + account + "\nsso_role_name = Admin\n" +
		"[profile old]\nsso_start_url = " + startURL + "\nsso_region = us-east-1\nsso_account_id = " + account + "\nsso_role_name = Admin\n" +
		"[profile role]\nrole_arn = arn:aws:iam::" + account + ":role/admin\nsource_profile = old\n" +
		"[profile newrole]\nrole_arn = arn:aws:iam::" + account + ":role/admin\nsource_profile = new one\n"
)

// cacheToken writes the token that aws sso login would leave.
func (w *world) cacheToken(session string, expires time.Time) {
	name := sha1.Sum([]byte(session))
	w.write(".aws/sso/cache/"+hex.EncodeToString(name[:])+".json", fmt.Sprintf(
		`{"startUrl": %q, "region": "us-east-1", "accessToken": %q, "expiresAt": %q}`,
		startURL, secrettest.Canary, expires.UTC().Format(time.RFC3339)))
}

func TestAnExpiredSSOSessionNamesTheCommand(t *testing.T) {
	for name, prepare := range map[string]func(*world){
		"no session": func(*world) {},
		"an expired one": func(w *world) {
			w.cacheToken("corp", time.Now().Add(-time.Hour))
			w.cacheToken(startURL, time.Now().Add(-time.Hour))
		},
		"a broken one": func(w *world) {
			for _, session := range []string{"corp", startURL} {
				w.cacheToken(session, time.Now())
				sum := sha1.Sum([]byte(session))
				w.write(".aws/sso/cache/"+hex.EncodeToString(sum[:])+".json", secrettest.Canary)
			}
		},
	} {
		for used, want := range map[string]string{
			"new one": "aws sso login --profile 'new one'", "old": "aws sso login --profile old",
			"role": "aws sso login --profile old", "newrole": "aws sso login --profile 'new one'",
		} {
			t.Run(name+", "+used, func(t *testing.T) {
				w := newWorld(t)
				w.files(ssoConfig, "")
				prepare(w)
				begun := time.Now()
				_, err := w.finder(profile(used)).Search(t.Context(), nil, nil)
				e := w.failed(err)
				w.wantCode(e, cfn.CodeExpiredSSO)
				if !slices.Contains(e.Hints, "sign in: "+want) {
					t.Errorf("the hints are %q", e.Hints)
				}
				if took := time.Since(begun); took > time.Second || len(w.aws.Faults.Requests()) != 0 {
					t.Errorf("after %v and %d requests", took, len(w.aws.Faults.Requests()))
				}
			})
		}
	}
}

// portal is an SSO portal that answers every request for a role's credentials.
func (w *world) portal(status int, code, body string) {
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/federation/credentials" || r.Header.Get("X-Amz-Sso_bearer_token") != secrettest.Canary {
			w.Errorf("the portal was asked %s %s", r.Method, r.URL.Path)
		}
		answer.Header().Set("Content-Type", "application/json")
		answer.Header().Set("X-Amzn-Errortype", code)
		answer.WriteHeader(status)
		fmt.Fprint(answer, body)
	}))
	w.Cleanup(server.Close)
	w.set("AWS_ENDPOINT_URL_SSO", server.URL)
	w.cacheToken("corp", time.Now().Add(time.Hour))
	w.cacheToken(startURL, time.Now().Add(time.Hour))
}

func TestAGoodSSOSessionIsUsed(t *testing.T) {
	for _, used := range []string{"new one", "old"} {
		w := newWorld(t)
		w.files(ssoConfig, "")
		w.addRack("us-east-1", "production")
		w.portal(http.StatusOK, "", fmt.Sprintf(
			`{"roleCredentials": {"accessKeyId": %q, "secretAccessKey": %q, "sessionToken": "", "expiration": %d}}`,
			keyID, secrettest.Canary, time.Now().Add(time.Hour).UnixMilli()))
		found, err := w.finder(profile(used)).Search(t.Context(), nil, nil)
		if err != nil || names(found) != "production@us-east-1" {
			t.Errorf("%s: %s, %v", used, names(found), err)
		}
	}
}

func TestWhatThePortalRefuses(t *testing.T) {
	for code, c := range map[string]struct {
		status int
		kind   string
	}{
		"UnauthorizedException": {http.StatusUnauthorized, cfn.CodeExpiredSSO},
		"ForbiddenException":    {http.StatusForbidden, cfn.CodeDenied},
		"InternalError":         {http.StatusInternalServerError, cfn.CodeFailed},
	} {
		w := newWorld(t)
		w.files(ssoConfig, "")
		w.portal(c.status, code, `{"message": "`+secrettest.Canary+`"}`)
		_, err := w.finder(profile("new one")).Search(t.Context(), nil, nil)
		w.wantCode(w.failed(err), c.kind)
	}
}
