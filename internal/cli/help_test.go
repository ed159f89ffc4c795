package cli

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"convox-travis/internal/connect"
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
			if strings.Contains(help, flag+" ") || strings.Contains(help, flag+"\n") {
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
	w.want(w.run("", "--accessible", "--password-stdin"), 2, "works with apply only")
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
	w.want(w.run("", "apply", "--help"), 0, "--password-stdin")
	w.want(w.run("", "help", "repositories"), 0, "-: standard input")
}

func TestAShellShowsNoQuotesAroundAValue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, command := range []string{"apply", "check", "demo", "racks", "remove", "reset-password", "yml"} {
		if e := w.run("", "__complete", command, "--"); strings.Contains(e.out, "`") || !strings.Contains(e.out, "\t") {
			t.Errorf("%s: %s", command, e.out)
		}
	}
	w.want(w.run("", "__complete", "apply", "--repo"), 0, "name OWNER/NAME; repeatable")
}

func TestTheHelpSetsNothingForTheWholeProcess(t *testing.T) {
	t.Parallel()
	root := newRoot(&program{env: os.Getenv}, &connect.Stop{Soft: t.Context(), Hard: t.Context()})
	if got := root.UsageTemplate(); strings.Contains(got, "Topics") || !strings.HasPrefix(root.UsageString(), "Usage: convox-travis [flags]\n") {
		t.Errorf("%s\n%s", got, root.UsageString())
	}
}

func TestEachHelpFitsOnAScreen(t *testing.T) {
	t.Parallel()
	root := newRoot(&program{env: os.Getenv}, &connect.Stop{Soft: t.Context(), Hard: t.Context()})
	pages := map[string]string{}
	for _, topic := range topics {
		pages[topic.name] = topic.help()
	}
	root.InitDefaultHelpCmd()
	for _, cmd := range append(root.Commands(), root) {
		cmd.InitDefaultHelpFlag()
		page := cmd.Long + "\n\n" + cmd.UsageString()
		pages[cmd.Name()] = page
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			if flag.Name != "help" && !flag.Hidden && !strings.Contains(page, "--"+flag.Name) {
				t.Errorf("%s --help has no --%s", cmd.Name(), flag.Name)
			}
			_, isExplained := topicOf(flag)
			_, _, about := flagTexts(flag)
			if cmd.HasParent() && flag.Name != "help" && !flag.Hidden && !isExplained && !strings.Contains(page, about) {
				t.Errorf("%s --help doesn't explain --%s, and no topic does", cmd.Name(), flag.Name)
			}
		})
		if cmd.Example == "" {
			t.Errorf("%s has no example", cmd.Name())
		}
	}
	if len(pages) != 14 {
		t.Errorf("there are %d pages", len(pages))
	}
	for name, page := range pages {
		if lines := strings.Count(page, "\n"); lines > 24 {
			t.Errorf("%s: %d lines", name, lines)
		}
		for line := range strings.Lines(page) {
			if width := len([]rune(strings.TrimRight(line, "\n"))); width > helpWidth {
				t.Errorf("%s: %d columns: %s", name, width, line)
			}
		}
	}
	for _, part := range []string{"Docs: README.md and docs/", "Topics: run convox-travis help credentials, help repositories, help output"} {
		if !strings.Contains(pages["convox-travis"], part) {
			t.Errorf("the program's help lacks %q", part)
		}
	}
}

func TestATopicExplainsItsFlags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(w.run("", "help", "credentials"), 0, "--rack NAME  ", "CONVOX_PASSWORD")
	w.want(w.run("", "help", "repositories"), 0, "--repo OWNER/NAME  ", "TRAVIS_TOKEN")
	w.want(w.run("", "help", "output"), 0, "--json[=lines]  ", "  130  interrupted")
	w.want(w.run("", "help", "credentials", "apply"), 2, `unknown command "credentials"`)
}
