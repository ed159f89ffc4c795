package travisyml_test

import (
	"testing"

	"convox-travis/internal/secret/secrettest"
)

const (
	made  = "9f8a7c6b5d4e3f2a1b0c"
	typed = "Zr7-kWq"
)

func TestANameAndAValueTellASecret(t *testing.T) {
	for entry, exposed := range map[string]bool{
		"CONVOX_PASSWORD=abc": true, "CONVOX_PASSWORD=password": true, "CONVOX_PASSWORD=": false,
		"DB_PASSWORD=" + typed: true, "DB_PASS=" + typed: true, "DB_PASS2=" + typed: true, "MYSQL_PWD=" + typed: true,
		"PGPASSWORD=" + typed: true, "GITHUB_PAT=" + typed: true, "GH_TOKEN=" + typed: true, "NPM_TOKEN_CI=" + typed: true,
		"SECRET_KEY_BASE=" + typed: true, "AWS_SECRET_ACCESS_KEY=" + made: true, "API_KEY=" + typed: true, "DEPLOY_KEY=" + typed: true,
		"STRIPE_KEY=" + made: true, "STRIPE_KEY=" + typed: false, "SSH_PASSPHRASE=" + typed: true, "github_token=" + typed: true,
		"CACHE_KEY=" + made: false, "MONKEY=" + made: false, "KEYBOARD=" + made: false, "AWS_ACCESS_KEY_ID=" + made: false,
		"AWS_ACCESS_KEY=" + made: false, "PUBLIC_KEY=" + made: false, "PASSWORD_MIN_LENGTH=12345678": false, "TOKEN_URL=https://a.b/token": false,
		"SECRET_NAME=" + typed: false, "PASS=" + typed: false, "PASS_THROUGH=" + typed: false, "COMPASS=" + typed: false, "PWD=" + typed: false,
		"TOKEN_FILE=/tmp/x": false, "DEPLOY_KEY=.ci/key.pem": false, "API_TOKEN=~/token": false, "PASSWORD_HASHERS=" + typed: false,
		"POSTGRES_PASSWORD=postgres": false, "PGPASSWORD=": false, "MYSQL_ROOT_PASSWORD=root": false, "DB_PASSWORD=test1": false,
		"DB_PASSWORD=travis_ci_test": false, "REDMINE_PASSWORD=redmine": false, "SECRET_KEY=changeme": false, "SECRET_TOKEN=true": false,
		"API_KEY=xxxx": false, "API_KEY=123456": false, "DB_PASSWORD=mysecretpassword123": false,
		"DATABASE_URL=postgres://app:" + typed + "@db.example.com/app": true,
		"DATABASE_URL=postgres://app:" + typed + "@localhost:5432/app": false,
		"DATABASE_URL=postgres://app:" + typed + "@127.0.0.1/app":      false,
		"DATABASE_URL=postgres://postgres:" + typed + "@postgres/app":  false,
		"DATABASE_URL=postgres://app:postgres@db.example.com/app":      false,
		"DATABASE_URL=postgres://app@db.example.com/app":               false,
		"REMOTE=https://bot:$TOKEN@github.com/a/b":                     false,
		"REMOTE=https://" + made + "@github.com/a/b":                   true,
		"REMOTE=https://git@github.com/a/b":                            false,
		"ANY=https://example.com/?a=b:c@d":                             false,
		"ANY=ghp_" + made + "0123":                                     true,
		"SLACK=xoxb-" + made:                                           true,
		"COMMIT=" + made:                                               false,
		"RACK_URL=https://" + made + "@rack.example.com":               true,
		"CONVOX_PASSWORD=${P:-" + typed + "}":                          true,
		"DB_PASSWORD=${P-" + typed + "}":                               true,
		"CONVOX_PASSWORD=${P:-$OTHER_ONE}":                             false,
		"CONVOX_PASSWORD=${P:-${OTHER_ONE}}":                           false,
		"CONVOX_PASSWORD=${P:-}":                                       false,
		"CONVOX_PASSWORD=${P%" + typed + "}":                           false,
	} {
		report := parse(t, "env:\n  global:\n    - \""+entry+"\"\n").Inspect()
		if len(report.Variables) != 1 || report.Variables[0].Exposed != exposed {
			t.Errorf("%s: exposed is not %t", entry, exposed)
		}
	}
	secret := parse(t, "env:\n  global:\n    - \"DB_PASS='"+secrettest.Canary+"'\"\n").Inspect().Variables
	if len(secret) != 1 || !secret[0].Exposed {
		t.Error("the password is not exposed")
	}
}
