package cfn_test

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"convox-travis/cfn"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret/secrettest"
)

// profiles lists the profiles of the world's files by name.
func (w *world) profiles(given string) map[string]cfn.Profile {
	w.Helper()
	all := map[string]cfn.Profile{}
	for _, p := range cfn.Profiles(os.Getenv, w.home, given) {
		secrettest.Absent(w, "a profile", fmt.Sprintf("%+v", p))
		all[p.Name] = p
	}
	return all
}

func TestAProfileSaysHowItSignsIn(t *testing.T) {
	w := newWorld(t)
	role := "role_arn = arn:aws:iam::" + account + ":role/admin\n"
	keys := "aws_access_key_id = " + keyID + "\naws_secret_access_key = " + secrettest.Canary + "\n"
	w.files(ssoConfig+"[profile configkeys]\nregion = eu-west-1\n"+keys+
		"[profile program]\ncredential_process = p\n"+keys+
		"[profile signed]\nlogin_session = arn\ncredential_process = p\n"+
		"[profile token]\nweb_identity_token_file = f\n"+role+
		"[profile empty]\nregion = us-west-2\n"+
		"[profile ofkeys]\n"+role+"source_profile = base\n"+
		"[profile chained]\n"+role+"source_profile = role\n"+
		"[profile instance]\n"+role+"credential_source = Ec2InstanceMetadata\n"+
		"[profile own]\n"+role+"source_profile = own\n"+keys+
		"[profile loop]\n"+role+"source_profile = circle\n[profile circle]\n"+role+"source_profile = loop\n",
		userFile("base"))
	for name, want := range map[string]cfn.Profile{
		"new one":    {Kind: "SSO", SSO: "new one", NoSession: "no SSO session"},
		"old":        {Kind: "SSO", SSO: "old", NoSession: "no SSO session"},
		"role":       {Kind: "role", SSO: "old", NoSession: "no SSO session"},
		"newrole":    {Kind: "role", SSO: "new one", NoSession: "no SSO session"},
		"chained":    {Kind: "role", SSO: "old", NoSession: "no SSO session"},
		"base":       {Kind: "keys"},
		"configkeys": {Kind: "keys", Region: "eu-west-1"},
		"program":    {Kind: "process"},
		"signed":     {Kind: "login"},
		"token":      {Kind: "web identity"},
		"empty":      {Region: "us-west-2"},
		"ofkeys":     {Kind: "role"},
		"instance":   {Kind: "role"},
		"own":        {Kind: "role"},
		"loop":       {Kind: "role"},
		"circle":     {Kind: "role"},
	} {
		if want.Name = name; w.profiles("")[name] != want {
			t.Errorf("%s: %+v", name, w.profiles("")[name])
		}
	}
}

func TestTheProfileInUseIsMarked(t *testing.T) {
	for name, c := range map[string]struct{ given, variable, old, keys, want string }{
		"by default":                    {want: "default"},
		"AWS_PROFILE":                   {variable: "work", old: "base", want: "work"},
		"AWS_DEFAULT_PROFILE":           {old: "base", want: "base"},
		"one that was given":            {given: "base", variable: "work", keys: keyID, want: "base"},
		"keys in the environment":       {variable: "work", keys: keyID},
		"one that isn't in these files": {variable: "other"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.files("[default]\n[profile work]\n[profile base]\n", "")
			w.set("AWS_PROFILE", c.variable)
			w.set("AWS_DEFAULT_PROFILE", c.old)
			w.set("AWS_ACCESS_KEY_ID", c.keys)
			var marked []string
			for _, p := range w.profiles(c.given) {
				if p.InUse {
					marked = append(marked, p.Name)
				}
			}
			if strings.Join(marked, " ") != c.want {
				t.Errorf("marked: %v", marked)
			}
		})
	}
}

func TestAProfileSaysWhetherItsSSOSessionSignsIn(t *testing.T) {
	for name, c := range map[string]struct {
		expires    time.Duration
		more       string // in the saved token
		text       string // instead of one
		named, old string // what is said of a profile with an sso_session, and of one without
	}{
		"a session":               {expires: time.Hour},
		"an expired one":          {expires: -time.Hour, named: "SSO session expired", old: "SSO session expired"},
		"one that can be renewed": {expires: -time.Hour, more: `, "refreshToken": "` + secrettest.Canary + `"`, old: "SSO session expired"},
		"a broken one":            {text: secrettest.Canary, named: "no SSO session", old: "no SSO session"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.files(ssoConfig, "")
			for _, session := range []string{"corp", startURL} {
				text := c.text
				if text == "" {
					text = fmt.Sprintf(`{"startUrl": %q, "accessToken": %q, "expiresAt": %q%s}`, startURL, secrettest.Canary, time.Now().Add(c.expires).UTC().Format(time.RFC3339), c.more)
				}
				sum := sha1.Sum([]byte(session))
				w.write(".aws/sso/cache/"+hex.EncodeToString(sum[:])+".json", text)
			}
			all := w.profiles("")
			if all["new one"].NoSession != c.named || all["newrole"].NoSession != c.named || all["old"].NoSession != c.old || all["role"].NoSession != c.old {
				t.Errorf("%+v", all)
			}
		})
	}
}

// The error of a sign-in and the list name the same profile to sign in with.
func TestTheProfileToSignInWithIsTheOneOfTheError(t *testing.T) {
	w := newWorld(t)
	w.files(ssoConfig, "")
	for name, p := range w.profiles("") {
		_, err := w.finder(profile(name)).Search(t.Context(), []string{"us-east-1"}, nil)
		if hints := problem.Of(err).Hints; !slices.Contains(hints, "sign in: "+cfn.SSOLogin(p.SSO)) {
			t.Errorf("%s: %q, and the error says %q", name, p.SSO, hints)
		}
	}
}
