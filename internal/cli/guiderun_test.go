package cli

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"convox-travis/cfn"
	"convox-travis/internal/text"
)

// fakeAWS stands in for the AWS CLI. It writes down its arguments, keeps the
// request, and fails where FAIL is among its arguments.
const fakeAWS = `#!/usr/bin/env bash
printf '%s\n' "$*" >> "$NOTES/calls"
printf '%s\n' "$AWS_PROFILE" > "$NOTES/profile"
for argument; do
  case $argument in
  file://*)
    cp "${argument#file://}" "$NOTES/request.json"
    dirname "${argument#file://}" > "$NOTES/work"
    find "${argument#file://}" -perm 600 > "$NOTES/private" ;;
  esac
done
if [ -n "$FAIL" ] && [[ "$*" == *"$FAIL"* ]]; then exit 255; fi
case "$*" in
*StackStatus*) printf '%s\n' "${STATUS:-UPDATE_COMPLETE}" ;;
*ParameterKey*) printf 'ApiCount\tPassword\tVersion\tWhiteList\n' ;;
*Capabilities*) printf '[\n    "CAPABILITY_IAM"\n]\n' ;;
*Cluster*OutputValue*) echo found-cluster ;;
*Dashboard*) echo rack.found.convox.site ;;
*PhysicalResourceId*) echo found-service ;;
esac
`

// fakeCurl takes every login, and writes down what it was given.
const fakeCurl = `#!/usr/bin/env bash
printf 'curl %s\n' "$*" >> "$NOTES/calls"
cat >> "$NOTES/logins"
printf 200
`

// guideRun is how a run of a guide ended.
type guideRun struct {
	testing.TB
	code     int
	out      string
	notes    string // a folder
	password string // that was shown
}

// runGuide gives a guide to bash. The answer is for the one question.
func runGuide(t *testing.T, text, answer string, settings ...string) guideRun {
	t.Helper()
	cmd, notes := guideBash(t, settings...)
	script := filepath.Join(notes, "guide.sh")
	writeFile(t, script, text, 0o600)
	cmd.Args = append(cmd.Args, script)
	cmd.Stdin = strings.NewReader(answer)
	return endGuide(t, cmd, notes)
}

func guideBash(t *testing.T, settings ...string) (*exec.Cmd, string) {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if runtime.GOOS == "windows" || err != nil {
		t.Skip("there is no bash here")
	}
	notes := t.TempDir()
	bin := filepath.Join(notes, "bin")
	for _, dir := range []string{bin, filepath.Join(notes, "tmp")} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, filepath.Join(bin, "aws"), fakeAWS, 0o700)
	writeFile(t, filepath.Join(bin, "curl"), fakeCurl, 0o700)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, bash, "--norc")
	cmd.Dir = notes
	cmd.Env = append([]string{
		"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"),
		"NOTES=" + notes, "TMPDIR=" + filepath.Join(notes, "tmp"), "HOME=" + notes,
	}, settings...)
	return cmd, notes
}

func writeFile(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

var shownPassword = regexp.MustCompile(`(?m)^The new password: ([A-Za-z0-9]{30})$`)

// endGuide runs it, and checks what must hold however it ended.
func endGuide(t *testing.T, cmd *exec.Cmd, notes string) guideRun {
	t.Helper()
	out, err := cmd.CombinedOutput()
	r := guideRun{TB: t, out: string(out), notes: notes}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		r.code = exit.ExitCode()
	case err != nil:
		t.Fatal(err)
	}
	if shown := shownPassword.FindStringSubmatch(r.out); shown == nil {
		t.Errorf("no password was shown:\n%s", r.out)
	} else if r.password = shown[1]; strings.Contains(r.note("calls"), r.password) {
		t.Errorf("the password is an argument:\n%s", r.note("calls"))
	}
	left, err := os.ReadDir(filepath.Join(notes, "tmp"))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		t.Errorf("left behind: %s", entry.Name())
	}
	return r
}

// note reads what was written down, or "".
func (r guideRun) note(name string) string {
	r.Helper()
	text, err := os.ReadFile(filepath.Join(r.notes, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		r.Fatal(err)
	}
	return string(text)
}

// did lists the commands that were given to AWS, and curl.
func (r guideRun) did() string {
	var all []string
	for line := range strings.Lines(r.note("calls")) {
		words := strings.Fields(line)
		switch {
		case words[0] == "curl":
			all = append(all, "curl")
		case words[1] == "wait":
			all = append(all, "wait "+words[2])
		default:
			all = append(all, words[1])
		}
	}
	return strings.Join(all, ", ")
}

func (r guideRun) want(code int, did string) {
	r.Helper()
	if got := r.did(); r.code != code || got != did {
		r.Errorf("exit %d after %s\nnot %d after %s\n%s", r.code, got, code, did, r.out)
	}
}

func (r guideRun) wantRequest(keys []string, capabilities ...string) {
	r.Helper()
	var request struct {
		StackName, ChangeSetName, ChangeSetType string
		UsePreviousTemplate                     bool
		Capabilities                            []string
		Parameters                              []struct {
			ParameterKey, ParameterValue string
			UsePreviousValue             bool
		}
	}
	decoder := json.NewDecoder(strings.NewReader(r.note("request.json")))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		r.Fatalf("%v in %s", err, r.note("request.json"))
	}
	if request.StackName != "production" || request.ChangeSetType != "UPDATE" || !request.UsePreviousTemplate ||
		!regexp.MustCompile(`^password-[0-9]+$`).MatchString(request.ChangeSetName) || !slices.Equal(request.Capabilities, capabilities) {
		r.Errorf("%+v", request)
	}
	var named []string
	for _, p := range request.Parameters {
		if p.ParameterKey == "Password" {
			if p.ParameterValue != r.password || p.UsePreviousValue {
				r.Error("the password that is sent is not the one that was shown")
			}
			continue
		}
		if p.ParameterValue != "" || !p.UsePreviousValue {
			r.Errorf("%s does not stay as it is", p.ParameterKey)
		}
		named = append(named, p.ParameterKey)
	}
	if len(request.Parameters) != len(keys)+1 || !slices.Equal(named, keys) {
		r.Errorf("named: %q", named)
	}
	if strings.TrimSpace(r.note("private")) != strings.TrimSpace(r.note("work"))+"/request.json" {
		r.Error("others could read the request")
	}
}

const (
	guideBegins = "describe-stacks, create-change-set, wait change-set-create-complete, describe-change-set"
	guideGoesOn = ", execute-change-set, wait stack-update-complete"
	guideEnds   = "update-service, wait services-stable, curl, curl, curl, curl, curl"
)

func TestTheGuideIsAScript(t *testing.T) {
	t.Parallel()
	for name, g := range map[string]guideFacts{"read": guided(), "unread": {Rack: "production"}} {
		cmd, _ := guideBash(t)
		cmd.Args = append(cmd.Args, "-n")
		cmd.Stdin = strings.NewReader(resetGuide(g))
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func TestTheGuideResetsThePassword(t *testing.T) {
	t.Parallel()
	g := guided()
	r := runGuide(t, resetGuide(g), "production\n")
	r.want(0, guideBegins+guideGoesOn+", "+guideEnds)
	r.wantRequest(g.Stack.Parameters, g.Stack.Capabilities...)
	if want := strings.Repeat(`user = "convox:`+r.password+"\"\n", 5); r.note("logins") != want {
		t.Errorf("the logins were not made with the new password")
	}
	wantWords(t, r.note("calls"), "https://"+g.Host+"/auth", "--cluster "+g.Stack.Cluster+" --service "+g.Stack.WebService+" --force-new-deployment")
	wantNone(t, r.note("calls"), "--insecure")
	if r.note("profile") != "work\n" {
		t.Errorf("the profile is %q", r.note("profile"))
	}
	if again := runGuide(t, resetGuide(g), ""); again.password == r.password {
		t.Error("the same password twice")
	}
}

func TestTheGuideFindsWhatIsNotKnown(t *testing.T) {
	t.Parallel()
	r := runGuide(t, resetGuide(guideFacts{Rack: "production", Region: "eu-west-1"}), "production\n")
	r.want(0, "describe-stacks, describe-stacks, "+guideBegins+guideGoesOn+", describe-stack-resource, describe-stacks, update-service, wait services-stable, "+
		"describe-stacks, curl, curl, curl, curl, curl")
	r.wantRequest([]string{"ApiCount", "Version", "WhiteList"}, "CAPABILITY_IAM")
	wantWords(t, r.note("calls"), "--cluster found-cluster --service found-service --force-new-deployment", "https://rack.found.convox.site/auth")
}

func TestTheGuideGoesOnOnlyForTheRacksName(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"", "\n", "staging\n", "yes\n", "productio\n", "production2\n", "Production\n"} {
		r := runGuide(t, resetGuide(guided()), answer)
		r.want(1, guideBegins+", delete-change-set")
		wantWords(t, r.out, "nothing was changed")
	}
}

// Where bash reads the script from standard input, the answer would be its next
// line.
func TestTheGuideDoesNotAnswerItself(t *testing.T) {
	t.Parallel()
	cmd, notes := guideBash(t)
	cmd.Stdin = strings.NewReader(resetGuide(guided()))
	r := endGuide(t, cmd, notes)
	r.want(1, guideBegins+", delete-change-set")
}

func TestTheGuideStopsWhereAWSFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ fail, did, says string }{
		{"StackStatus", "describe-stacks", "can't read the stack"},
		{"create-change-set", "describe-stacks, create-change-set", "nothing was changed"},
		{"wait change-set-create-complete", guideBegins + ", delete-change-set", "nothing was changed"},
		{"execute-change-set", guideBegins + ", execute-change-set", "the old password stays valid"},
		{"wait stack-update-complete", guideBegins + guideGoesOn + ", wait stack-update-complete, describe-stack-events, describe-stacks", "the old password is valid"},
		{"update-service", guideBegins + guideGoesOn + ", update-service", "repeat step 6"},
	} {
		r := runGuide(t, resetGuide(guided()), "production\n", "FAIL="+c.fail)
		r.want(1, c.did)
		wantWords(t, r.out, c.says)
	}
	r := runGuide(t, resetGuide(guided()), "production\n", "STATUS=UPDATE_IN_PROGRESS")
	r.want(1, "describe-stacks")
	wantWords(t, r.out, "UPDATE_IN_PROGRESS")
}

func TestNoNameBreaksOutOfTheGuide(t *testing.T) {
	t.Parallel()
	for _, evil := range []string{"a'b; touch broken #", "$(touch broken)", "a`touch broken`", "a\"; touch broken; \"", "a\ntouch broken\n", "a\\", "a\r\x1b[2J\ntouch broken"} {
		g := guided()
		g.Rack, g.Region, g.Profile, g.Host = evil, evil, evil, evil
		g.Stack.StackID, g.Stack.Cluster, g.Stack.WebService = evil, evil, evil
		for _, shape := range []cfn.StackInfo{g.Stack, {}} {
			g.Stack, g.IsRead = shape, shape.StackID != ""
			script := resetGuide(g)
			wantNone(t, script, "\r", "\x1b")
			r := runGuide(t, script, text.Clean(evil)+"\n")
			if _, err := os.Stat(filepath.Join(r.notes, "broken")); err == nil {
				t.Errorf("%q was run", evil)
			}
			if got := r.note("profile"); got != text.Clean(evil)+"\n" {
				t.Errorf("the profile %q is %q", evil, got)
			}
		}
	}
}
