package cfn_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret/secrettest"
)

const (
	bobID   = "AKIABOBBOBBOBBOBBOB0"
	bobKeys = "aws_access_key_id = " + bobID + "\naws_secret_access_key = " + secrettest.Canary + "\n"
	annKeys = "aws_access_key_id = " + keyID + "\naws_secret_access_key = " + secrettest.Canary + "\n"
	badKeys = "aws_access_key_id = AKIAUNKNOWNUNKNOWN00\naws_secret_access_key = " + secrettest.Canary + "\n"
	ssoKeys = "sso_start_url = " + startURL + "\nsso_region = us-east-1\nsso_account_id = " + account + "\nsso_role_name = Admin\n"
	role    = "role_arn = arn:aws:iam::" + account + ":role/admin\n"
)

// issuer is the only place of AWS: it gives ann's keys for an SSO session and for a
// web identity, and says whose a key is.
func (w *world) issuer() {
	keys := fmt.Sprintf("<AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%s</Expiration>",
		keyID, html.EscapeString(secrettest.Canary), time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		action := r.FormValue("Action")
		switch {
		case r.URL.Path == "/federation/credentials":
			fmt.Fprintf(answer, `{"roleCredentials": {"accessKeyId": %q, "secretAccessKey": %q, "sessionToken": "", "expiration": %d}}`,
				keyID, secrettest.Canary, time.Now().Add(time.Hour).UnixMilli())
		case action == "AssumeRoleWithWebIdentity":
			fmt.Fprint(answer, "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"+keys+"</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>")
		case action == "AssumeRole":
			fmt.Fprint(answer, "<AssumeRoleResponse><AssumeRoleResult><Credentials>"+keys+"</Credentials></AssumeRoleResult></AssumeRoleResponse>")
		case strings.Contains(r.Header.Get("Authorization"), "Credential="+keyID):
			fmt.Fprint(answer, "<DescribeStacksResponse><DescribeStacksResult></DescribeStacksResult></DescribeStacksResponse>")
		default:
			w.Errorf("asked %s %s", r.URL.Path, action)
		}
	}))
	w.Cleanup(server.Close)
	w.set("AWS_ENDPOINT_URL", server.URL)
	w.cacheToken(startURL, time.Now().Add(time.Hour))
}

// In each case ann's credentials are those that the AWS CLI takes; bob's, or none,
// would be those of another order.
func TestTheCredentialsAreThoseOfTheAWSCLI(t *testing.T) {
	for name, c := range map[string]struct {
		config, credentials string
		env                 map[string]string
		profile             string
		with                func(*world)
	}{
		"SSO before stale keys":                  {"[profile work]\n" + ssoKeys, "[work]\n" + bobKeys, nil, "work", (*world).issuer},
		"SSO before stale keys, of a source":     {"[profile base]\n" + ssoKeys + "[profile work]\n" + role + "source_profile = base\n", "[base]\n" + bobKeys, nil, "work", (*world).issuer},
		"a role before the web identity":         {"[profile work]\n" + role + "source_profile = base\n", "[base]\n" + annKeys, map[string]string{"AWS_PROFILE": "work", "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere", "AWS_ROLE_ARN": "arn"}, "", nil},
		"the web identity at AWS_ENDPOINT_URL":   {"", "[work]\n" + bobKeys, map[string]string{"AWS_PROFILE": "work", "AWS_WEB_IDENTITY_TOKEN_FILE": "token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/web"}, "", (*world).issuer},
		"a profile that was given":               {"", "[work]\n" + annKeys, map[string]string{"AWS_ACCESS_KEY_ID": bobID, "AWS_SECRET_ACCESS_KEY": secrettest.Canary}, "work", nil},
		"a profile given before a web identity":  {"", "[work]\n" + annKeys, map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere", "AWS_ROLE_ARN": "arn"}, "work", nil},
		"keys of the environment":                {"", "[work]\n" + bobKeys, map[string]string{"AWS_PROFILE": "work", "AWS_ACCESS_KEY_ID": keyID, "AWS_SECRET_ACCESS_KEY": secrettest.Canary}, "", nil},
		"AWS_PROFILE before AWS_DEFAULT_PROFILE": {"", "[one]\n" + annKeys + "[two]\n" + bobKeys, map[string]string{"AWS_PROFILE": "one", "AWS_DEFAULT_PROFILE": "two"}, "", nil},
		"AWS_DEFAULT_PROFILE":                    {"", "[two]\n" + annKeys, map[string]string{"AWS_DEFAULT_PROFILE": "two"}, "", nil},
		"the credentials file before the other":  {"[profile work]\n" + bobKeys, "[work]\n" + annKeys, nil, "work", nil},
		"~ in the credentials file's name":       {"", "[work]\n" + annKeys, map[string]string{"AWS_SHARED_CREDENTIALS_FILE": "~/credentials"}, "work", nil},
		"a variable in the config file's name":   {"[profile work]\n" + annKeys, "", map[string]string{"AWS_CONFIG_FILE": "$HOME/config"}, "work", nil},
		"~ in ca_bundle":                         {"[profile work]\nca_bundle = ~/bundle.pem\n", "[work]\n" + annKeys, nil, "work", nil},
		"~ in AWS_CA_BUNDLE":                     {"", "[work]\n" + annKeys, map[string]string{"AWS_CA_BUNDLE": "~/bundle.pem"}, "work", nil},
		"keys beside their own role":             {"[profile work]\n" + role + "source_profile = work\n" + annKeys, "", nil, "work", nil},
		"indented settings":                      {"", "[other]\n" + bobKeys + "[work]\n  " + strings.Replace(annKeys, "\n", "\n  ", 1), nil, "work", nil},
		"a comment behind a key":                 {"", "[work]\n" + strings.ReplaceAll(annKeys, "\n", " ; of ann\n"), nil, "work", nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.aws.AddUser(cfntest.User{Account: account, Name: "bob", KeyID: bobID, Secret: secrettest.Canary})
			w.aws.AddRole(cfntest.Role{Account: account, Name: "admin"})
			w.write("bundle.pem", bundle)
			w.write("token", "a token")
			if c.with != nil {
				c.with(w)
			}
			w.files(c.config, c.credentials)
			for variable, value := range c.env {
				if value == "token" {
					value = filepath.Join(w.home, value)
				}
				w.set(variable, value)
			}
			if _, err := w.finder(func(o *cfn.Options) { o.Profile = c.profile }).Search(t.Context(), []string{"us-east-1"}, nil); err != nil {
				t.Fatal(err)
			}
			for _, call := range w.aws.Calls() {
				if call.KeyID == bobID {
					t.Errorf("bob's key was used: %+v", call)
				}
			}
		})
	}
}

func TestAnErrorNamesTheSourceThatWasUsed(t *testing.T) {
	for name, c := range map[string]struct {
		config, credentials string
		env                 map[string]string
		profile             string
		code                string
		words, absent       []string
	}{
		"keys of the environment beside a good profile": {
			"", "[work]\n" + annKeys, map[string]string{"AWS_PROFILE": "work", "AWS_ACCESS_KEY_ID": "AKIAUNKNOWNUNKNOWN00", "AWS_SECRET_ACCESS_KEY": secrettest.Canary}, "", cfn.CodeRefused,
			[]string{"the environment (AWS_ACCESS_KEY_ID)", "check them: aws sts get-caller-identity", "unset AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN to use profile work"}, []string{"--profile"},
		},
		"an expired session of the environment": {
			"", "", map[string]string{"AWS_ACCESS_KEY_ID": "expired"}, "", cfn.CodeExpired,
			[]string{"the session token of the environment (AWS_ACCESS_KEY_ID) has expired", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY again, and AWS_SESSION_TOKEN"}, []string{"profile"},
		},
		"a credentials file": {
			"", "[work]\n" + badKeys, nil, "work", cfn.CodeRefused,
			[]string{"profile work in ", "credentials", "aws --profile work sts get-caller-identity", "aws configure --profile work"}, []string{"AWS_ACCESS_KEY_ID"},
		},
		"the config file": {
			"[profile work]\n" + badKeys, "", map[string]string{"AWS_PROFILE": "work"}, "", cfn.CodeRefused,
			[]string{"profile work in ", "config"}, []string{"AWS_ACCESS_KEY_ID"},
		},
		"one profile of two variables": {
			"", "[one]\n" + badKeys + "[two]\n" + annKeys, map[string]string{"AWS_PROFILE": "one", "AWS_DEFAULT_PROFILE": "two"}, "", cfn.CodeRefused,
			[]string{"profile one in "}, nil,
		},
		"the keys that may assume a role": {
			"[profile work]\n" + role + "source_profile = base\n", "[base]\n" + badKeys, nil, "work", cfn.CodeRefused,
			[]string{"sign in to AWS with profile work", "the credentials of profile base in ", "aws --profile base sts get-caller-identity"}, nil,
		},
		"a profile that may not list stacks": {
			"", "[work]\n" + annKeys, map[string]string{"AWS_PROFILE": "work"}, "denied", cfn.CodeDenied,
			[]string{"look for Racks in us-east-1 with the credentials of profile work in ", "credentials: access denied"}, nil,
		},
		"a role that may not list stacks": {
			"[profile work]\n" + role + "source_profile = base\n", "[base]\n" + annKeys, map[string]string{"AWS_PROFILE": "work"}, "denied", cfn.CodeDenied,
			[]string{"look for Racks in us-east-1 with the credentials of profile work: access denied"}, []string{"profile base"},
		},
		"a role that may not be assumed": {
			"[profile work]\n" + role + "source_profile = base\n", "[base]\n" + bobKeys, nil, "work", cfn.CodeDenied,
			[]string{"sign in to AWS with profile work: its role may not be assumed", "give profile base in "}, nil,
		},
		"a wrong secret of the environment": {
			"", "", map[string]string{"AWS_ACCESS_KEY_ID": keyID, "AWS_SECRET_ACCESS_KEY": "wrong"}, "", cfn.CodeRefused,
			[]string{"the environment (AWS_ACCESS_KEY_ID): the signature doesn't match", "check this machine's clock"}, []string{"aws configure"},
		},
		"a web identity": {
			"", "[work]\n" + annKeys, map[string]string{"AWS_PROFILE": "work", "AWS_WEB_IDENTITY_TOKEN_FILE": "token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/web"}, "", cfn.CodeFailed,
			[]string{"sign in to AWS with the web identity in AWS_WEB_IDENTITY_TOKEN_FILE"}, []string{"profile work"},
		},
		"a container's role": {
			"", "", map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/keys"}, "", cfn.CodeUnreachable,
			[]string{"the role of this container (AWS_CONTAINER_CREDENTIALS_FULL_URI)", "if this isn't an AWS container"}, []string{"VPN"},
		},
		"a login of a source": {
			"[profile work]\n" + role + "source_profile = base\n[profile base]\nlogin_session = arn:aws:iam::1:user/ann\n", "", nil, "work", cfn.CodeExpired,
			[]string{"sign in to AWS with profile base", "aws login --profile base"}, []string{"aws login --profile work"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.aws.AddUser(cfntest.User{Account: account, Name: "bob", KeyID: bobID, Secret: secrettest.Canary})
			w.files(c.config, c.credentials)
			if c.profile == "denied" {
				c.profile = ""
				w.aws.AddRole(cfntest.Role{Account: account, Name: "admin"})
				w.aws.Deny("cloudformation:DescribeStacks", "us-east-1")
			}
			for variable, value := range c.env {
				if value == "token" {
					value = filepath.Join(w.home, value)
					w.write("token", secrettest.Canary)
					w.scripted(http.StatusInternalServerError, "")
				}
				w.set(variable, value)
			}
			if c.env["AWS_ACCESS_KEY_ID"] == "expired" {
				w.expiredSession()
			}
			_, err := w.finder(func(o *cfn.Options) { o.Profile = c.profile }).Search(t.Context(), []string{"us-east-1"}, nil)
			e := w.failed(err)
			w.wantCode(e, c.code, c.words...)
			for _, word := range c.absent {
				if all := e.Error() + "\n" + strings.Join(e.Hints, "\n"); strings.Contains(all, word) {
					t.Errorf("%q is in %s", word, all)
				}
			}
		})
	}
}

// Each of these is known without a call, or from a sentence of STS.
func TestSettingsThatCantWorkAreNamed(t *testing.T) {
	const sourced = "[profile work]\n" + role + "source_profile = base\n"
	twoRoles := sourced + "duration_seconds = 7200\n[profile base]\n" + role + "source_profile = keys\n"
	for name, c := range map[string]struct {
		config, credentials string
		env                 map[string]string
		profile             string
		words               []string
		calls               int
	}{
		"a CA bundle that isn't there":      {"", "", map[string]string{"AWS_CA_BUNDLE": "/nowhere/ca.pem"}, "", []string{"AWS_CA_BUNDLE: /nowhere/ca.pem isn't there", "certificates in PEM form, or unset it"}, 0},
		"a CA bundle without a certificate": {"[profile work]\nca_bundle = ~/credentials\n", "", nil, "work", []string{"ca_bundle of profile work", "has no certificate", "in PEM form, or remove it"}, 0},
		"a line break in a secret":          {"", "", map[string]string{"AWS_ACCESS_KEY_ID": keyID, "AWS_SECRET_ACCESS_KEY": secrettest.Canary + "\n"}, "", []string{"AWS_SECRET_ACCESS_KEY has white space or a line break"}, 0},
		"a space before a key":              {"", "", map[string]string{"AWS_ACCESS_KEY_ID": " " + keyID, "AWS_SECRET_ACCESS_KEY": secrettest.Canary}, "", []string{"AWS_ACCESS_KEY_ID has white space"}, 0},
		"a line break in a token":           {"", "", map[string]string{"AWS_ACCESS_KEY_ID": "ASIA", "AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": secrettest.Canary + "\r\n"}, "", []string{"AWS_SESSION_TOKEN has white space"}, 0},
		"a secret on two lines of a file":   {"", "[work]\naws_access_key_id = x\naws_secret_access_key = " + secrettest.Canary + "\n  more\n", nil, "work", []string{"profile work in ", "aws_secret_access_key has white space"}, 0},
		"quotes in a file":                  {"", "[work]\naws_access_key_id = \"x\"\naws_secret_access_key = " + secrettest.Canary + "\n", nil, "work", []string{"aws_access_key_id has quotation marks in it", "remove the quotation marks from aws_access_key_id"}, 0},
		"an invisible character":            {"", "", map[string]string{"AWS_ACCESS_KEY_ID": keyID + "\u200b", "AWS_SECRET_ACCESS_KEY": "x"}, "", []string{"AWS_ACCESS_KEY_ID has a character that no key can have"}, 0},
		"a temporary key without its token": {"", "", map[string]string{"AWS_ACCESS_KEY_ID": "ASIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": secrettest.Canary}, "", []string{"temporary (ASIA…), and AWS_SESSION_TOKEN is missing"}, 0},
		"one of a file":                     {"", "[work]\naws_access_key_id = ASIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n", nil, "work", []string{"temporary (ASIA…), and aws_session_token is missing"}, 0},
		"half a pair":                       {"", "", map[string]string{"AWS_ACCESS_KEY_ID": keyID}, "", []string{"AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY", "too, or unset AWS_ACCESS_KEY_ID"}, 0},
		"half a pair beside a good profile": {"", "[work]\n" + annKeys, map[string]string{"AWS_PROFILE": "work", "AWS_ACCESS_KEY_ID": keyID}, "", []string{"to use profile work"}, 0},
		"half a pair of a file":             {"", "[work]\naws_secret_access_key = " + secrettest.Canary + "\n", nil, "work", []string{"profile work in ", "aws_secret_access_key is set without aws_access_key_id", "too, or remove aws_secret_access_key"}, 0},
		"no profile in the config file":     {"[work]\n" + role, "", nil, "work", []string{"its section in ", "config isn't read", "change [work] to [profile work]"}, 0},
		"profile in the credentials file":   {"", "[profile work]\n" + annKeys, nil, "work", []string{"its section in ", "credentials isn't read", "change [profile work] to [work]"}, 0},
		"a source without profile":          {sourced + "[base]\n" + annKeys, "", nil, "work", []string{"source_profile base doesn't exist", "change [base] to [profile base]"}, 0},
		"a config file that isn't there":    {"", "", map[string]string{"AWS_PROFILE": "work", "AWS_CONFIG_FILE": "/nowhere/config"}, "", []string{"AWS_CONFIG_FILE names /nowhere/config, which isn't there", "set AWS_CONFIG_FILE to the right file, or unset it"}, 0},
		"a token file that isn't there":     {"", "", map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token", "AWS_ROLE_ARN": "arn"}, "", []string{"AWS_WEB_IDENTITY_TOKEN_FILE: /nowhere/token isn't there"}, 0},
		"a token file beside a profile":     {"", "[work]\n" + annKeys, map[string]string{"AWS_PROFILE": "work", "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token", "AWS_ROLE_ARN": "arn"}, "", []string{"/nowhere/token isn't there", "unset AWS_WEB_IDENTITY_TOKEN_FILE to use profile work"}, 0},
		"a token file of a profile":         {"[profile work]\nrole_arn = arn\nweb_identity_token_file = /nowhere/token\n", "", nil, "work", []string{"web identity of profile work: /nowhere/token isn't there", "correct web_identity_token_file in profile work"}, 0},
		"a token left beside a user's key":  {"", "", map[string]string{"AWS_ACCESS_KEY_ID": keyID, "AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": secrettest.Canary}, "", []string{"AWS_SESSION_TOKEN is set, but a long-term access key (AKIA…) has no session token", "unset AWS_SESSION_TOKEN"}, 0},
		"one by its old name":               {"", "", map[string]string{"AWS_ACCESS_KEY_ID": keyID, "AWS_SECRET_ACCESS_KEY": "x", "AWS_SECURITY_TOKEN": secrettest.Canary}, "", []string{"unset AWS_SECURITY_TOKEN"}, 0},
		"one left in a file":                {"", "[work]\n" + annKeys + "aws_session_token = " + secrettest.Canary + "\n", nil, "work", []string{"remove aws_session_token"}, 0},
		"a length that is no number":        {sourced + "duration_seconds = 1h\n", "[base]\n" + annKeys, nil, "work", []string{"profile work: its duration_seconds isn't a number", "set duration_seconds to 900 to 43200"}, 0},
		"a web identity without a role":     {"", "", map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token"}, "", []string{"set AWS_ROLE_ARN"}, 0},
		"a circle of sources":               {sourced + "[profile base]\n" + role + "source_profile = work\n", "", nil, "work", []string{"profile work: its sources form a loop: work → base → work"}, 0},
		"a role that is its own source":     {"[profile work]\n" + role + "source_profile = work\n", "", nil, "work", []string{"work → work"}, 0},
		"a circle further on":               {sourced + "[profile base]\n" + role + "source_profile = base\n", "", nil, "work", []string{"base → base"}, 0},
		"two kinds of source":               {sourced + "credential_source = Environment\n", "", nil, "work", []string{"both source_profile and credential_source"}, 0},
		"an unknown credential_source":      {"[profile work]\n" + role + "credential_source = environment\n", "", nil, "work", []string{"there is no credential_source environment"}, 0},
		"a credential_source that is empty": {"[profile work]\n" + role + "credential_source = Environment\n", "", nil, "work", []string{"AWS_ACCESS_KEY_ID isn't set"}, 0},
		"a source without credentials":      {sourced + "[profile base]\nsso_session = corp\n", "", nil, "work", []string{"source_profile base has no credentials", "lack sso_account_id and sso_role_name"}, 0},
		"an SSO session that isn't there":   {"[profile work]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = x\n", "", nil, "work", []string{"sso_session corp doesn't exist"}, 0},
		"an SSO setting that is missing":    {"[profile work]\nsso_start_url = " + startURL + "\nsso_account_id = 1\nsso_role_name = x\n", "", nil, "work", []string{"lack sso_region"}, 0},
		"a session that is too short":       {sourced + "duration_seconds = 60\n", "[base]\n" + annKeys, nil, "work", []string{"duration_seconds isn't a number of at least 900", "set duration_seconds to 900 to 43200"}, 0},
		"one longer than any":               {sourced + "duration_seconds = 43201\n", "[base]\n" + annKeys, nil, "work", []string{"its duration_seconds is longer than", "set duration_seconds in profile work to 3600"}, 1},
		"one of a role by a role":           {twoRoles, "[keys]\n" + annKeys, nil, "work", []string{"its duration_seconds is longer than", "set duration_seconds in profile work to 3600"}, 2},
		"one longer than the role's":        {sourced + "duration_seconds = 7200\n", "[base]\n" + annKeys, nil, "work", []string{"sign in to AWS with profile work: its duration_seconds is longer than", "set duration_seconds in profile work to 3600"}, 1},
		"a file with a line that is none":   {"[profile work]\nregion us-east-1\n", "", nil, "work", []string{"config has an invalid line 2"}, 0},
		"a section that isn't closed":       {"[profile work\n", annKeys, nil, "work", []string{"config has an invalid line 1"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.aws.AddRole(cfntest.Role{Account: account, Name: "admin"})
			w.files(c.config, c.credentials)
			for variable, value := range c.env {
				w.set(variable, value)
			}
			finder, err := w.tryFinder(func(o *cfn.Options) { o.Profile = c.profile })
			if err == nil {
				_, err = finder.Search(t.Context(), nil, nil)
			}
			w.wantCode(w.failed(err), cfn.CodeProfile, c.words...)
			if got := len(w.aws.Calls()); got != c.calls {
				t.Errorf("%d calls, not %d", got, c.calls)
			}
		})
	}
}

func TestWhereCredentialsLackTheirProfileIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		config, file string
		code         string
		words        []string
		never        string
	}{
		"a profile without any":      {"[profile d]\nregion = us-east-1\n[profile work]\nregion = us-east-1\n", "", cfn.CodeNoCredentials, []string{"AWS_PROFILE names profile d, which has no credentials", "aws configure --profile d", "one of your profiles: work"}, "here: d"},
		"a file that isn't there":    {"", "/nowhere/config", cfn.CodeProfile, []string{"AWS_CONFIG_FILE names /nowhere/config, which isn't there", "set AWS_CONFIG_FILE to the right file, or unset it"}, "make a profile"},
		"a file without any profile": {"", "", cfn.CodeProfile, []string{"create a profile: aws configure"}, "profiles here"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.files(c.config, "")
			w.set("AWS_PROFILE", "d")
			if c.file != "" {
				w.set("AWS_CONFIG_FILE", c.file)
			}
			finder, err := w.tryFinder(func(*cfn.Options) {})
			if err == nil {
				_, err = finder.Search(t.Context(), nil, nil)
			}
			e := w.failed(err)
			w.wantCode(e, c.code, c.words...)
			if hints := strings.Join(problem.Hints{}.Of(e), "\n"); strings.Contains(hints, c.never) {
				t.Errorf("it says %q", hints)
			}
		})
	}
}

// The AWS CLI passes over such a file too, so it counts only where credentials lack.
func TestAFileThatCantBeReadIsTheError(t *testing.T) {
	for name, c := range map[string]struct {
		variable, path string // relative to the home folder
		profile        string
		words          []string
	}{
		"the credentials are a folder":         {"", ".aws/credentials", "", []string{"sign in to AWS: there are no credentials: HOME/.aws/credentials is a folder, not a file", "move the folder HOME/.aws/credentials away, then run aws configure"}},
		"the config is a folder":               {"", ".aws/config", "work", []string{"use AWS profile work: HOME/.aws/config is a folder, not a file"}},
		"AWS_CONFIG_FILE isn't there":          {"AWS_CONFIG_FILE", "none", "", []string{"there are no credentials: AWS_CONFIG_FILE names HOME/none, which isn't there", "set AWS_CONFIG_FILE to the right file, or unset it"}},
		"AWS_SHARED_CREDENTIALS_FILE isn't":    {"AWS_SHARED_CREDENTIALS_FILE", "none", "work", []string{"use AWS profile work: AWS_SHARED_CREDENTIALS_FILE names HOME/none, which isn't there"}},
		"AWS_SHARED_CREDENTIALS_FILE a folder": {"AWS_SHARED_CREDENTIALS_FILE", ".aws", "", []string{"AWS_SHARED_CREDENTIALS_FILE names HOME/.aws, which is a folder, not a file"}},
	} {
		w := newWorld(t)
		w.files("", "")
		w.set("AWS_CONFIG_FILE", "")
		w.set("AWS_SHARED_CREDENTIALS_FILE", "")
		path := filepath.Join(w.home, filepath.FromSlash(c.path))
		if strings.HasPrefix(c.path, ".aws") {
			if err := os.MkdirAll(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if c.variable != "" {
			w.set(c.variable, path)
		}
		use := func(o *cfn.Options) { o.Profile = c.profile }
		finder, err := w.tryFinder(use)
		if err == nil {
			_, err = finder.Search(t.Context(), nil, nil)
		}
		e := w.failed(err)
		for _, word := range c.words {
			word = filepath.FromSlash(strings.ReplaceAll(word, "HOME", w.home))
			if text := e.Error() + "\n" + strings.Join(e.Hints, "\n"); !strings.Contains(text, word) {
				t.Errorf("%s: %q is not in %s", name, word, text)
			}
		}
		w.set("AWS_ACCESS_KEY_ID", keyID)
		w.set("AWS_SECRET_ACCESS_KEY", secrettest.Canary)
		if c.profile == "" {
			w.search("us-east-1")
		}
	}
}

func TestSentencesAboutTheLengthOfASession(t *testing.T) {
	for _, sentence := range []string{
		"The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
		"The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
		"1 validation error detected: Value '7200' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 3600",
	} {
		w := newWorld(t)
		w.files("[profile work]\n"+role+"source_profile = base\nduration_seconds = 7200\n", "[base]\n"+annKeys)
		w.scripted(http.StatusBadRequest, "<ErrorResponse><Error><Code>ValidationError</Code><Message>"+sentence+"</Message></Error></ErrorResponse>")
		_, err := w.finder(profile("work")).Search(t.Context(), nil, nil)
		w.wantCode(w.failed(err), cfn.CodeProfile, "its duration_seconds is longer than", "set duration_seconds in profile work to 3600")
	}
}

func TestAWebIdentityThatIsRefused(t *testing.T) {
	const refused = "sign in to AWS with the web identity in AWS_WEB_IDENTITY_TOKEN_FILE: AWS doesn't accept its token, or it has expired"
	for code, c := range map[string]struct{ sentence, code, words string }{
		"InvalidClientTokenId":  {"The security token included in the request is invalid.", cfn.CodeRefused, refused},
		"ExpiredToken":          {"The security token included in the request is expired", cfn.CodeRefused, refused},
		"SignatureDoesNotMatch": {"The request signature we calculated does not match", cfn.CodeRefused, refused},
		"AccessDenied":          {"Not authorized to perform sts:AssumeRoleWithWebIdentity", cfn.CodeDenied, "let the role trust the token's issuer, subject and audience: arn:aws:iam::1:role/web"},
		"InvalidIdentityToken":  {"No OpenIDConnect provider found in your account for https://token.actions.example", cfn.CodeRefused, "check that the role trusts the token's issuer"},
		"ExpiredTokenException": {"Token expired: current date/time must be before the expiration date/time", cfn.CodeRefused, "get a new token"},
		"IDPRejectedClaim":      {"The identity provider rejected the claim", cfn.CodeRefused, "AWS_WEB_IDENTITY_TOKEN_FILE"},
	} {
		w := newWorld(t)
		w.files("", userFile("default"))
		w.write("token", secrettest.Canary)
		w.set("AWS_WEB_IDENTITY_TOKEN_FILE", filepath.Join(w.home, "token"))
		w.set("AWS_ROLE_ARN", "arn:aws:iam::1:role/web")
		w.scripted(http.StatusBadRequest, "<ErrorResponse><Error><Code>"+code+"</Code><Message>"+c.sentence+"</Message></Error></ErrorResponse>")
		_, err := w.finder().Search(t.Context(), nil, nil)
		e := w.failed(err)
		w.wantCode(e, c.code, c.words, "sign in to AWS with the web identity in AWS_WEB_IDENTITY_TOKEN_FILE", "unset AWS_WEB_IDENTITY_TOKEN_FILE to use profile default")
		if text := e.Error() + strings.Join(e.Hints, "\n"); strings.Contains(text, "secret") || strings.Count(e.Error(), "the web identity in") != 1 {
			t.Errorf("%s: %s", code, text)
		}
	}
}

// expiredSession puts a session into the environment that has expired.
func (w *world) expiredSession() {
	w.Helper()
	role := cfntest.Role{Account: account, Name: "admin"}
	w.aws.AddRole(role)
	client := sts.New(sts.Options{Region: "us-east-1", BaseEndpoint: &w.aws.URL, Credentials: credentials.NewStaticCredentialsProvider(keyID, secrettest.Canary, "")})
	got, err := client.AssumeRole(w.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(role.ARN()), RoleSessionName: aws.String("ann")})
	if err != nil {
		w.Fatal(err)
	}
	w.aws.ExpireSessions()
	w.set("AWS_ACCESS_KEY_ID", *got.Credentials.AccessKeyId)
	w.set("AWS_SECRET_ACCESS_KEY", *got.Credentials.SecretAccessKey)
	w.set("AWS_SESSION_TOKEN", *got.Credentials.SessionToken)
}
