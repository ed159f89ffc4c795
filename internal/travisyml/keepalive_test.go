//go:build unix

package travisyml_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"convox-travis/internal/problem"
	"convox-travis/internal/travisyml"
)

// written are files of each shape to which a step is added in another way.
var written = []string{
	"language: minimal\n",
	"language: minimal\nafter_success: |\n  true\n",
	"language: minimal\nafter_success: >\n  true\n",
	"language: minimal\nafter_success: [\"true\"]\n",
	"language: minimal\ndeploy: {provider: npm}\n",
	"language: go\ngo: [1.1, 1.2]\n",
	"language: go\ngo: [1.1, 1.2]\ndeploy:\n  provider: npm\n",
	"language: minimal\nscript: exit 0\n",
}

// eachStep calls with every command that a build runs for a step, and whether
// Travis passes it on in double quotes.
func eachStep(t *testing.T, call func(name, command string, quoted bool)) {
	t.Helper()
	for _, step := range []travisyml.Step{
		{App: "web-1.a_b", Branch: "main", Generation: travisyml.SecondGeneration},
		{App: "api", Rack: "acme/prod-1.a_b", Branch: "main", Generation: travisyml.ThirdGeneration},
	} {
		for _, form := range []travisyml.Form{travisyml.AfterSuccess, travisyml.DeployScript} {
			step.Form = form
			for _, old := range written {
				change, err := addStep(parse(t, old), step)
				text := change.New
				if refusal, is := problem.Detail[*travisyml.Refusal](err); is {
					text = strings.Join(refusal.Lines, "\n") + "\n"
					if refusal.Line > 0 {
						text = refusal.Place + ":\n" + text
					}
				} else if err != nil {
					t.Fatal(err)
				}
				command, quoted := commandOf(t, text)
				call(fmt.Sprintf("%s for %q in %q", form, step.Rack, old), command, quoted)
			}
		}
	}
}

// commandOf finds the text of a build that deploys, in a file or in a part of one.
func commandOf(t *testing.T, text string) (command string, quoted bool) {
	t.Helper()
	var look func(value any, script bool)
	look = func(value any, script bool) {
		switch value := value.(type) {
		case map[string]any:
			for key, inner := range value {
				look(inner, key == "script" && value["provider"] != nil)
			}
		case []any:
			for _, inner := range value {
				look(inner, script)
			}
		case string:
			if strings.Contains(value, "/tmp/convox deploy") || strings.Contains(value, "/tmp/convox build") {
				command, quoted = strings.TrimPrefix(value, "!!str "), script
			}
		}
	}
	look(meaning(t, text), false)
	if command == "" {
		t.Fatalf("nothing deploys in\n%s", text)
	}
	return command, quoted
}

// statuses are those of what the step calls.
type statuses struct{ curl, chmod, convox, run, promote int }

// runStep runs a command in the shell of a job in which four minutes pass at once, three
// times, while one of its programs is silent. It returns the output, the status, and what
// is left of the step in that shell.
func runStep(t *testing.T, command string, quoted bool, s statuses, silent string) string {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash here")
	}
	folder := t.TempDir()
	const untilItPrinted = "[ \"$SILENT\" = %s ] && touch \"$TICKS.silent\" && until [ \"$(wc -l < \"$TICKS\" 2>/dev/null)\" = 4 ]; do /bin/sleep 0.01; done\n"
	program(t, filepath.Join(folder, "sleep"), `[ "$*" = 240 ] || exit 1
until [ -e "$TICKS.silent" ]; do /bin/sleep 0.01; done
if [ "$(wc -l < "$TICKS")" = 3 ]; then echo $$ > "$TICKS.pid"; echo >> "$TICKS"; exec /bin/sleep 600; fi
echo >> "$TICKS"
`)
	program(t, filepath.Join(folder, "curl"), fmt.Sprintf(untilItPrinted, "curl")+`echo "curl $*"
for word; do [ "$last" = -o ] && to=$word; last=$word; done
/bin/cp "${0%/*}/client" "$to"
exit $CURL
`)
	program(t, filepath.Join(folder, "client"), fmt.Sprintf(untilItPrinted, `"$1"`)+`printf -v call ' %q' "$@"
echo "convox$call" >&2
case $1 in
build) [ $CONVOX = 0 ] && printf RABC ;;
run) exit $RUN ;;
releases) exit $PROMOTE ;;
esac
exit $CONVOX
`)
	program(t, filepath.Join(folder, "chmod"), "echo \"chmod ${*%/*}\"\n/bin/chmod \"$@\" && exit $CHMOD\n")
	program(t, filepath.Join(folder, "dpl"), "exec sh -c \"${1#--script=}\"\n")
	ticks := filepath.Join(folder, "ticks")
	if err := os.WriteFile(ticks, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	command = strings.NewReplacer("/tmp/convox", filepath.Join(folder, "convox"), "/tmp/release", filepath.Join(folder, "release")).Replace(command)
	if quoted { // as Ruby writes it, which dpl then reads
		command = `dpl --script="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(strings.ReplaceAll(command, "  ", " ")) + `"`
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	job := exec.CommandContext(ctx, bash, "-c", `eval "$COMMAND"; echo "exit $?"; trap; jobs; echo "$(type -t stop)"`)
	job.WaitDelay = time.Second
	job.Env = []string{
		"PATH=" + folder + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + folder, "COMMAND=" + command, "TICKS=" + ticks,
		"TRAVIS_BRANCH=main", "TRAVIS_PULL_REQUEST=false",
		"SILENT=" + silent, fmt.Sprint("CURL=", s.curl), fmt.Sprint("CHMOD=", s.chmod), fmt.Sprint("CONVOX=", s.convox),
		fmt.Sprint("RUN=", s.run), fmt.Sprint("PROMOTE=", s.promote),
	}
	output, err := job.CombinedOutput()
	if err != nil {
		t.Errorf("%v: something is left that holds the job's output", err)
	}
	if text, err := os.ReadFile(ticks + ".pid"); err != nil {
		t.Error("nothing ticks")
	} else if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err != nil || syscall.Kill(pid, 0) == nil {
		t.Errorf("sleep %d is left running, %v", pid, err)
	}
	return strings.ReplaceAll(string(output), folder, "/tmp")
}

func TestEveryStepPrintsWhileItRunsAndKeepsTheStatus(t *testing.T) {
	const ticking = "still deploying\nstill deploying\nstill deploying\n"
	eachStep(t, func(name, command string, quoted bool) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			curl, deploy := secondClient, "convox deploy --app web-1.a_b --wait\n"
			if strings.Contains(command, "--rack") {
				curl, deploy = thirdClient, "convox deploy --app api --rack acme/prod-1.a_b --wait\n"
			}
			for s, want := range map[statuses]string{
				{}:          curl + "chmod +x /tmp\n" + deploy + "exit 0\n\n",
				{convox: 1}: curl + "chmod +x /tmp\n" + deploy + "exit 1\n\n",
				{convox: 7}: curl + "chmod +x /tmp\n" + deploy + "exit 7\n\n",
				{chmod: 7}:  curl + "chmod +x /tmp\nexit 7\n\n",
				{curl: 7}:   curl + "exit 7\n\n",
				{curl: 1}:   curl + "exit 1\n\n",
			} {
				if got := runStep(t, command, quoted, s, "curl"); got != ticking+want {
					t.Errorf("%+v: it prints %q, not %q", s, got, ticking+want)
				}
			}
		})
	})
}

func TestEveryStepIsRecognizedAndAddedOnce(t *testing.T) {
	for _, generation := range []travisyml.Generation{travisyml.SecondGeneration, travisyml.ThirdGeneration} {
		for _, form := range []travisyml.Form{travisyml.AfterSuccess, travisyml.DeployScript} {
			for _, old := range written {
				step := travisyml.Step{Form: form, App: "api", Rack: "acme/prod", Branch: "main", Generation: generation}
				change, err := addStep(parse(t, old), step)
				if err != nil {
					continue // the lines to paste are another test's
				}
				// The same step without --wait still deploys.
				hasty := strings.ReplaceAll(change.New, " --wait'", "'")
				for text, waits := range map[string]bool{change.New: true, hasty: false} {
					again, err := addStep(parse(t, text), step)
					if err != nil || again.Changed() || len(again.Found) != 1 {
						t.Fatalf("it is added twice: %v, %+v, to\n%s", err, again.Found, text)
					}
					found := again.Found[0]
					if found.App != "api" || found.Rack != "acme/prod" || found.From != "main" || found.Waits != waits {
						t.Errorf("%+v in\n%s", found, text)
					}
				}
			}
		}
	}
}
