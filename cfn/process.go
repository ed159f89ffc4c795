package cfn

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"runtime"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"

	"convox-travis/internal/child"
	"convox-travis/internal/problem"
)

// process runs the credential_process of a profile
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html)
// instead of the SDK's provider, which would give the program this one's input and
// secrets. A program may continue after the call that needed it has ended: another
// call may wait for it too.
type process struct {
	command  string
	profile  string
	terminal func() *child.Terminal
}

const maxCredentials = 1 << 20 // bytes; real ones have a few thousand

// newError says why there are no credentials. It contains nothing that the program
// printed.
func (p *process) newError(why string, canAsk bool) *problem.Error {
	e := newError(CodeProfile, "", "its credential_process "+why, "run the command of credential_process yourself to see what it says")
	if !canAsk {
		e.Reason += "; it can't ask for anything here"
		e.Hints = append([]string{fmt.Sprintf(
			`sign in first and start without the profile: eval "$(aws configure export-credentials --format env --profile %s)"`, quote(p.profile),
		)}, e.Hints...)
	}
	return e
}

// Retrieve implements aws.CredentialsProvider.
func (p *process) Retrieve(ctx context.Context) (aws.Credentials, error) {
	ctx, cancel := context.WithTimeout(ctx, processcreds.DefaultTimeout)
	defer cancel()
	name, flag := "sh", "-c"
	if runtime.GOOS == "windows" {
		name, flag = "cmd.exe", "/C"
	}
	var terminal *child.Terminal
	if p.terminal != nil {
		terminal = p.terminal()
	}
	var cmd *exec.Cmd
	if terminal != nil {
		cmd = child.ForegroundCommand(ctx, *terminal, child.System(nil), name, flag, p.command)
	} else {
		cmd = child.Command(ctx, child.System(nil), name, flag, p.command)
	}
	out := child.Buffer{Most: maxCredentials}
	cmd.Stdout = &out
	err := child.Run(cmd)
	switch {
	case ctx.Err() != nil:
		return aws.Credentials{}, p.newError("printed no credentials within a minute", terminal != nil)
	case err != nil:
		return aws.Credentials{}, p.newError("failed", terminal != nil)
	}
	found, ok := parseCredentials(out.Text)
	if !ok {
		return aws.Credentials{}, p.newError("printed no credentials", terminal != nil)
	}
	if found.Expired() {
		e := p.newError("printed a session that has expired", terminal != nil)
		e.Code = CodeExpired
		e.Hints = append([]string{"sign in again with the program that credential_process runs"}, e.Hints...)
		return aws.Credentials{}, e
	}
	return found, nil
}

func parseCredentials(text []byte) (aws.Credentials, bool) {
	if runtime.GOOS == "windows" {
		text = bytes.ReplaceAll(text, []byte(`\"`), []byte(`"`)) // cmd.exe echoes quotes like that
	}
	var read processcreds.CredentialProcessResponse
	if err := json.Unmarshal(text, &read); err != nil || read.Version != 1 || read.AccessKeyID == "" || read.SecretAccessKey == "" {
		return aws.Credentials{}, false
	}
	found := aws.Credentials{
		AccessKeyID: read.AccessKeyID, SecretAccessKey: read.SecretAccessKey, SessionToken: read.SessionToken,
		AccountID: read.AccountID, Source: processcreds.ProviderName,
	}
	if read.Expiration != nil {
		found.CanExpire, found.Expires = true, *read.Expiration
	}
	return found, true
}
