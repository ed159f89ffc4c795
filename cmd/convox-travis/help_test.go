package main

import (
	"os"
	"strings"
	"testing"

	"convox-travis/internal/setup"
)

func TestHelpOffersNoFlagThatACommandHasNoUseFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for command, flags := range map[string][]string{
		"": {"--password-stdin"}, "apply": {"--yes"}, "racks": {"--yes", "--accessible"}, "yml": {"--yes", "--accessible"}, "check": {"--yes", "--no-verify"},
	} {
		args := strings.Fields(command)
		help := w.run("", append(args, "--help")...).out
		for _, flag := range flags {
			if strings.Contains(help, "\n  "+flag) {
				t.Errorf("%s --help has %s", command, flag)
			}
			if offered := w.offers(append(args, flag)...); strings.Contains(offered, flag) {
				t.Errorf("%s: %s is offered to the shell", command, flag)
			}
		}
	}
	// They are taken as ever.
	w.want(w.run("", "check", "--yes", "--no-verify", "--repo", "acme/admin"), 0)
	w.want(w.run("", "racks", "--yes", "--accessible", "--region", "us-west-2"), 0)
	w.want(w.run(w.password(), "apply", "--yes", "--host", w.setting("DEMO_RACK_HOST"), "--repo", w.setting("DEMO_REPO"), "--password-stdin"), 0)
	w.want(w.run("", "--accessible", "--password-stdin"), 2, "is for apply")
}

// There standard input answers the questions.
func TestTheWizardOffersNothingThatIsReadFromStandardInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, text := range []string{w.run("", "--help").out, w.run("", "__complete", "--").out} {
		if strings.Contains(text, "standard input") || !strings.Contains(text, "--repos-from") {
			t.Errorf("it says\n%s", text)
		}
	}
	w.want(w.run("", "apply", "--help"), 0, "--password-stdin", "- is standard input")
}

func TestAShellShowsNoQuotesAroundAValue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, command := range []string{"apply", "check", "demo", "racks", "remove", "reset-password", "yml"} {
		if e := w.run("", "__complete", command, "--"); strings.Contains(e.out, "`") || !strings.Contains(e.out, "\t") {
			t.Errorf("%s: %s", command, e.out)
		}
	}
	w.want(w.run("", "__complete", "apply", "--repo"), 0, "OWNER/NAME; may be repeated")
}

func TestTheHelpSetsNothingForTheWholeProcess(t *testing.T) {
	t.Parallel()
	root := newRoot(&program{env: os.Getenv}, &setup.Stop{Soft: t.Context(), Hard: t.Context()})
	if got := root.UsageTemplate(); strings.Contains(got, "flagGroups") || !strings.HasPrefix(root.UsageString(), "Usage:\n  convox-travis [flags]\n  convox-travis COMMAND\n") {
		t.Errorf("%s\n%s", got, root.UsageString())
	}
}
