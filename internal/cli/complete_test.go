package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"convox-travis/internal/connect"
	"convox-travis/internal/secret/secrettest"
)

// offers are what the shell is told for the last of args.
func (w *world) offers(args ...string) string {
	w.Helper()
	e := w.run("", append([]string{"__complete"}, args...)...)
	lines := strings.Split(strings.TrimSpace(e.out), "\n")
	for i, line := range lines {
		lines[i], _, _ = strings.Cut(line, "\t")
	}
	return strings.Join(lines, " ")
}

func TestWhatIsAtHandIsOfferedToTheShell(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone().saved()
	gitIn(w, w.dir, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "--allow-empty", "-m", "one")
	gitIn(w, w.dir, "branch", "release")
	for name, text := range map[string]string{
		"config/convox/auth": `{"rack.staging-1612345678.eu-west-1.convox.site": "x"}`, ".aws/config": "[profile work]\nregion = eu-west-1\n[profile two words]\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(w.dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const noFiles = " :4"
	for line, want := range map[string]string{
		"apply --repo ":               "acme/web",
		"check --owner ":              "acme",
		"apply --rack ":               "staging",
		"reset-password ":             "staging",
		"--host ":                     "rack.staging-1612345678.eu-west-1.convox.site",
		"racks --profile ":            "work",
		"apply --json=":               "document lines",
		"yml --step ":                 "deploy after_success",
		"completion ":                 "bash fish powershell zsh",
		"remove --provider g":         "github gitlab bitbucket assembla",
		"apply --timeout ":            "",
		"apply x":                     "",
		"apply --console --rack ":     "",
		"yml --app ":                  "web",
		"help r":                      "apply check completion demo racks remove reset-password yml credentials repositories output",
		"reset-password production x": "",
		"reset-password x --profile ": "work",
	} {
		got := w.offers(strings.Split(line, " ")...)
		if got != strings.TrimSpace(want+noFiles) {
			t.Errorf("%s: %q", line, got)
		}
	}
	if got := w.offers("racks", "--region", ""); !strings.Contains(got, "eu-west-1 eu-west-2") {
		t.Errorf("the regions are %q", got)
	}
	if got := w.offers("apply", "--branch", ""); !strings.Contains(got, "release") {
		t.Errorf("the branches are %q", got)
	}
	if got := w.offers("apply", "--repos-from", ""); got != ":0" {
		t.Errorf("for a file there is %q", got)
	}
	if n := len(w.Travis.Faults.Requests()) + len(w.AWS.Calls()) + len(w.Rack.Faults.Requests()) + len(w.Console.Faults.Requests()); n > 0 {
		t.Errorf("%d requests were made", n)
	}
}

// Bash types what several offers have in common as it is, so that one Enter more
// would run it.
func TestNothingIsOfferedThatAShellWouldRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone()
	gitIn(w, w.dir, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "--allow-empty", "-m", "one")
	for _, branch := range []string{"$(id)", "$(id)2", "`id`", "x;id", "x&id", "x'id", "x{1,2}", "x$HOME", "x!!", "#x", "fix/Größe_1.0@a"} {
		gitIn(w, w.dir, "update-ref", "refs/remotes/origin/"+branch, "HEAD")
	}
	got := strings.Fields(w.offers("apply", "--branch", ""))
	if !slices.Contains(got, "fix/Größe_1.0@a") || len(got) != 3 {
		t.Errorf("there is %q", got)
	}
}

func TestNoFlagAsksTheShellForFilesThatAreNoFiles(t *testing.T) {
	t.Parallel()
	root := newRoot(&program{env: os.Getenv}, &connect.Stop{Soft: t.Context(), Hard: t.Context()})
	for _, cmd := range append(root.Commands(), root) {
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			if _, offered := cmd.GetFlagCompletionFunc(flag.Name); !offered && flag.Value.Type() != "bool" && !slices.Contains([]string{"repos-from", "file", "manifest"}, flag.Name) {
				t.Errorf("%s --%s would be completed with files", cmd.Name(), flag.Name)
			}
		})
	}
}

func TestAnErrorNamesWhatWasTyped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for args, want := range map[string]string{
		"--timeout abc":              `--timeout "abc": use a duration such as 90s`,
		"apply --timeout 90":         `--timeout "90": use a duration such as 90s`,
		"racks --timeout=-5s":        `--timeout "-5s": use a duration such as 90s`,
		"demo --repos x":             `--repos "x": use a number`,
		"apply -y":                   "unknown flag -y. Did you mean --yes?",
		"apply -rack=production":     "unknown flag -r. Did you mean --rack?",
		"apply -q":                   "unknown flag -q\n",
		"apply --repos acme/web":     "unknown flag --repos. Did you mean --repo?",
		"apply --fingreprint x":      "unknown flag --fingreprint. Did you mean --fingerprint?",
		"yml --nonsense":             "unknown flag --nonsense\nhint: run convox-travis yml --help to list the flags",
		"aply":                       `unknown command "aply". Did you mean "apply"?`,
		"help chek":                  `unknown command "chek". Did you mean "check"?`,
		"help apply nonsense":        `unknown command "nonsense"`,
		"completion csh":             `completion "csh": unknown shell`,
		"apply production":           `apply takes no argument "production", only flags`,
		"racks --json=xml":           `--json "xml": use document or lines`,
		"apply --provider svn":       `--provider "svn": `,
		"yml --step after":           `--step "after": use deploy or after_success`,
		"apply --saved=x":            "--saved takes no value",
		"apply --branch=":            "--branch is empty",
		"hlep":                       `unknown command "hlep". Did you mean "help"?`,
		"completion":                 "completion needs a shell",
		"completion bash zsh":        "completion takes one shell",
		"completion bahs":            `completion "bahs": unknown shell. Did you mean "bash"`,
		"racks --json=line":          `--json "line": use document or lines. Did you mean "lines"?`,
		"racks -yes":                 "unknown flag -y. Did you mean --yes?",
		"reset-password x -y":        "unknown flag -y. Did you mean --yes?",
		"remove -f":                  "unknown flag -f\n",
		"--verison":                  "unknown flag --verison. Did you mean --version?",
		"--rack production aply":     `unknown command "aply". Did you mean "apply"?`,
		"help credentails":           `unknown command "credentails". Did you mean "credentials"?`,
		"apply --provider gihub":     `--provider "gihub": unknown provider. Did you mean "github"`,
		"apply --branch a..b":        `--branch "a..b": `,
		"apply --branch x.":          `--branch "x.": `,
		"apply --repo web":           `--repo "web": `,
		"apply --repos-from nothere": `--repos-from "nothere": no such file`,
		"apply --host nothere":       `--host "nothere": not a host`,
		"apply --console=nothere":    `--console "nothere": not a host`,
		"apply --console --rack x":   `--rack "x": with --console it is ORG/NAME`,
		"apply --fingerprint abc":    `--fingerprint "abc": `,
		"apply --rack acme/web":      `--rack "acme/web": ORG/NAME needs --console`,
		"apply --host acme/web":      `--host "acme/web": not a host`,
		"help aply":                  `unknown command "aply". Did you mean "apply"?`,
		"apply -=x":                  "unknown flag -=\n", // every flag is near
		"apply --console acme":       `apply takes no argument "acme", only flags` + "\nhint: write a Console's host with an equals sign: --console=HOST",
		"a-long-word-of-letters":     "unknown command\n",
		"apply --timeout 123456789":  "--timeout: use a duration such as 90s",
		"apply --timeout CANARY":     "--timeout: use a duration such as 90s",
		"apply CANARY":               "apply takes no argument, only flags",
		"apply CANARY1x":             "apply takes no argument, only flags",
		"CANARY":                     "unknown command\n",
		"completion CANARY":          "completion: unknown shell\n",
		"racks --json=CANARY":        "--json: use document or lines",
		"apply --provider CANARY":    "--provider: ",
		"apply -pCANARY":             "unknown flag -p",
		"apply --saved=CANARY":       "--saved takes no value",
		"apply --password=CANARY":    "unknown flag --password",
		"demo --stacks CANARY":       "--stacks: use a number",
		"reset-password a CANARY":    "reset-password takes one argument",
		"apply --all --owner CANARY": "--owner: not a login",
	} {
		e := w.run("", strings.Fields(strings.ReplaceAll(args, "CANARY", secrettest.Canary))...)
		w.want(e, 2, "error: "+want, "hint: ")
	}
}

func TestACommandThatThereIsNotIsWrongUsage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, args := range []string{"completion tcsh", "completion", "completion bash zsh", "help nonsense", "help apply nonsense", "nonsense"} {
		w.want(w.run("", strings.Fields(args)...), 2, "error: ", "hint: ")
	}
	for _, args := range []string{"help", "help apply", "apply --help"} {
		if e := w.run("", strings.Fields(args)...); e.code != 0 || !strings.Contains(e.out, "Usage:") || e.err != "" {
			t.Errorf("%s: exit %d, %q, %q", args, e.code, e.out, e.err)
		}
	}
}
