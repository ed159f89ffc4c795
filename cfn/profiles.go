package cfn

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"convox-travis/internal/child"
)

// Profile is a profile in the AWS config and credentials files. Its texts are not
// cleaned.
type Profile struct {
	Name   string
	Region string
	// Kind is where the credentials come from: SSO, keys, role, process, login, web
	// identity, or "" where the profile has none.
	Kind  string
	InUse bool // the credentials in use are this profile's
	// SSO is the profile whose SSO session signs in to AWS: this one, or the one
	// whose credentials assume this one's role. "" is none.
	SSO string
	// NoSession says what is wrong with that session: "SSO session expired" or
	// "no SSO session". "" is nothing.
	NoSession string
}

// Profiles returns the profiles in the AWS config and credentials files, sorted by
// name. The files are AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE of env, or
// those in the folder .aws of home. A file that can't be read has none. option is
// Options.Profile.
func Profiles(env func(string) string, home, option string) []Profile {
	settings := readSettings(env, home)
	inUse := cmp.Or(option, env("AWS_PROFILE"), env("AWS_DEFAULT_PROFILE"), defaultProfile)
	if option == "" && env("AWS_ACCESS_KEY_ID") != "" {
		inUse = "" // the keys in the environment are
	}
	var all []Profile
	for _, name := range settings.names() {
		p := settings.profile(name)
		base := settings.base(p)
		listed := Profile{Name: name, Region: p.get("region"), Kind: kindOf(base), InUse: name == inUse}
		if listed.Kind == fromSSO {
			listed.SSO, listed.NoSession = base.name, noSession(base, home)
		}
		if isRole(p) {
			listed.Kind = fromRole
		}
		all = append(all, listed)
	}
	return all
}

// longestSources bounds the profiles that a role goes through. NewFinder refuses
// sources that form a circle.
const longestSources = 10

// base is the profile whose credentials sign in: p itself, or where p is a role, the
// last of its source profiles.
func (s *settings) base(p profile) profile {
	for range longestSources {
		if !isRole(p) {
			break
		}
		if p = s.profile(p.get("source_profile")); hasKeys(p.credentials) || hasKeys(p.config) {
			break
		}
	}
	return p
}

// kindOf is where the credentials of a profile come from that aren't a role's, or "".
func kindOf(p profile) string {
	switch {
	case p.get("web_identity_token_file") != "":
		return fromWebIdentity
	case p.get("sso_role_name") != "" || p.get("sso_account_id") != "":
		return fromSSO
	case hasKeys(p.credentials):
		return fromKeys
	case p.get("login_session") != "":
		return fromLogin
	case p.get("credential_process") != "":
		return fromProcess
	case hasKeys(p.config):
		return fromKeys
	}
	return ""
}

// noSession reads the token that aws sso login saves, in the file that ssocreds
// reads: https://pkg.go.dev/github.com/aws/aws-sdk-go-v2/credentials/ssocreds. A
// token of an sso_session can be refreshed after it has expired.
func noSession(p profile, home string) string {
	name := sha1.Sum([]byte(cmp.Or(p.get("sso_session"), p.get("sso_start_url"))))
	text, err := os.ReadFile(filepath.Join(home, ".aws", "sso", "cache", hex.EncodeToString(name[:])+".json"))
	var token struct {
		ExpiresAt    string
		RefreshToken json.RawMessage // its presence counts; the secret isn't read
	}
	if err != nil || json.Unmarshal(text, &token) != nil {
		return "no SSO session"
	}
	expires, err := time.Parse(time.RFC3339, token.ExpiresAt)
	if canRefresh := p.get("sso_session") != "" && len(token.RefreshToken) > 0; (err != nil || time.Now().After(expires)) && !canRefresh {
		return "SSO session expired"
	}
	return ""
}

// SSOLogin is the command of the AWS CLI that starts a profile's SSO session.
func SSOLogin(profile string) string { return "aws sso login --profile " + quote(profile) }

// HasCLI reports whether the AWS CLI is installed.
func HasCLI() bool {
	_, err := exec.LookPath("aws")
	return err == nil
}

// maxLogin is how long the AWS CLI waits for the browser, and a minute.
const maxLogin = 11 * time.Minute

// LoginSSO runs the command of SSOLogin, which opens a browser, and returns when it
// has ended. tell gets each line that it prints, such as an address and a code, not
// cleaned, one after the other. The error is CodeExpiredSSO, or why ctx ended.
func LoginSSO(ctx context.Context, profile string, tell func(line string)) error {
	limited, cancel := context.WithTimeout(ctx, maxLogin)
	defer cancel()
	cmd := child.Command(limited, append(child.System(nil), "AWS_PROFILE="+profile), "aws", "sso", "login")
	printed := &lines{tell: tell}
	cmd.Stdout, cmd.Stderr = printed, printed
	err := child.Run(cmd)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return newError(CodeExpiredSSO, "sign in to AWS with profile "+abbreviate(profile), "aws sso login failed",
			"run it in another terminal to see what it says: "+SSOLogin(profile),
			"install version 2 of the AWS CLI if yours is version 1, which has no sso login")
	}
	return nil
}

// maxOutput limits the bytes read from the AWS CLI, which prints a few hundred.
const maxOutput = 64 << 10

type lines struct {
	tell func(string)
	open []byte // a line without its end
	read int
}

// Write implements io.Writer.
func (l *lines) Write(text []byte) (int, error) {
	if l.read += len(text); l.read > maxOutput {
		return 0, errors.New("too much output")
	}
	l.open = append(l.open, text...)
	for {
		line, rest, ended := bytes.Cut(l.open, []byte("\n"))
		if !ended {
			return len(text), nil
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			l.tell(string(line))
		}
		l.open = rest
	}
}
