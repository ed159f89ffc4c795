package cli

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"convox-travis/internal/connect"
	"convox-travis/internal/version"
)

// manPages are the manual pages of a release, by the name of the command.
func manPages() (root *cobra.Command, pages map[string]string) {
	root = newRoot(&program{env: os.Getenv}, &connect.Stop{})
	pages = map[string]string{}
	for _, cmd := range append(root.Commands(), root) {
		if cmd == root || cmd.IsAvailableCommand() {
			pages[cmd.Name()] = manPage(cmd, version.Build{Version: "1.2.3", Date: "2026-11-20T11:00:00Z"})
		}
	}
	return root, pages
}

func TestEachCommandHasAManualPage(t *testing.T) {
	t.Parallel()
	root, pages := manPages()
	sections := regexp.MustCompile(`(?m)^\.SH (.*)$`)
	for _, cmd := range append(root.Commands(), root) {
		page, there := pages[cmd.Name()]
		if there == cmd.Hidden {
			t.Errorf("%s: hidden %t, with a page %t", cmd.Name(), cmd.Hidden, there)
		}
		if cmd.Hidden {
			continue
		}
		if !strings.HasPrefix(page, `.TH "CONVOX\-TRAVIS`) || !strings.Contains(page, `1 "2026-11-20" "convox\-travis 1.2.3"`) {
			t.Errorf("%s begins with %.100s", cmd.Name(), page)
		}
		if strings.Contains(page, `\[u`) {
			t.Errorf("%s has letters that man in the C locale can't print", cmd.Name())
		}
		var got []string
		for _, section := range sections.FindAllStringSubmatch(page, -1) {
			got = append(got, section[1])
		}
		want := "NAME, SYNOPSIS, DESCRIPTION, OPTIONS, EXAMPLES, EXIT STATUS, ENVIRONMENT, FILES, SEE ALSO"
		switch cmd.Name() {
		case "convox-travis":
			want = strings.Replace(want, "OPTIONS", "COMMANDS, OPTIONS", 1)
		case "completion":
			want = strings.Replace(want, ", ENVIRONMENT, FILES", "", 1)
		case "demo":
			want = strings.Replace(want, ", FILES", "", 1)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s has the sections %q", cmd.Name(), got)
		}
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			name, _, about := flagTexts(flag)
			there := strings.Contains(page, "\n"+bold(name)) && strings.Contains(page, "\n"+roffText(about)+"\n")
			if there == flag.Hidden {
				t.Errorf("%s: explains --%s: %t", cmd.Name(), flag.Name, there)
			}
		})
		for _, other := range root.Commands() {
			if name := bold("convox-travis-" + other.Name()); strings.Contains(page, name) == (other == cmd || other.Hidden) {
				t.Errorf("%s: %s is wrong in SEE ALSO", cmd.Name(), other.Name())
			}
		}
		for _, named := range regexp.MustCompile(`[A-Z]{3,}_[A-Z]+`).FindAllString(cmd.Long+cmd.UsageString(), -1) {
			if !strings.Contains(page, named) {
				t.Errorf("%s lacks %s, which its help names", cmd.Name(), named)
			}
		}
	}
}

func TestTheInstallPageSavesEachManualPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/install.md")
	if err != nil {
		t.Fatal(err)
	}
	root, _ := manPages()
	var names []string
	for _, cmd := range root.Commands() {
		if cmd.IsAvailableCommand() {
			names = append(names, cmd.Name())
		}
	}
	if loop := "for command in " + strings.Join(names, " ") + "; do\n"; !strings.Contains(string(text), loop) {
		t.Errorf("docs/install.md lacks %s", loop)
	}
}

func TestTheManualPageHasTheExitCodesOfTheHelp(t *testing.T) {
	t.Parallel()
	root, _ := manPages()
	for command, want := range map[string]string{
		"check":          "0 no finding but notes, 1 failed; nothing was written, 2 wrong usage, or answers are missing, 4 the Rack, Console, Travis or AWS refused a credential, 5 findings, 130 interrupted",
		"reset-password": "0 done, 1 failed; nothing was written, 2 wrong usage, or answers are missing, 3 update unfinished, 4 the Rack, Console, Travis or AWS refused a credential, 130 interrupted",
		"demo":           "0 done, 1 failed; nothing was written, 2 wrong usage, or answers are missing, 3 partly done: something was written, 4 the Rack, Console, Travis or AWS refused a credential, 5 check found something; yml --check: a push doesn't deploy, 130 interrupted",
	} {
		cmd, _, _ := root.Find([]string{command})
		var got []string
		for _, exit := range exitsOf(cmd) {
			got = append(got, exit.name+" "+exit.about)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %q", command, got)
		}
	}
}

func TestTextIsEscapedForManualPages(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain words, 1 (or 2)": `plain words, 1 (or 2)`,
		"--dry-run":             `\-\-dry\-run`,
		".travis.yml":           `\&.travis.yml`,
		"in .travis.yml":        `in .travis.yml`,
		"'quoted' can't":        `\(aqquoted\(aq can\(aqt`,
		"`command`":             "\\(gacommand\\(ga",
		`C:\new\fB`:             `C:\(rsnew\(rsfB`,
		"~/.bashrc ^C":          `\(ti/.bashrc \(haC`,
		"AWS_… Größe 𝄞":         `AWS_... Gr\[u00F6]\[u00DF]e \[u1D11E]`,
		"":                      "",
	} {
		if got := roffText(text); got != want {
			t.Errorf("%q: %s", text, got)
		}
	}
	var page roff
	page.paragraphs("\none\n  two\n\n.SH three\n")
	page.table("NONE", nil)
	if got, want := page.String(), "one\ntwo\n.PP\n\\&.SH three\n"; got != want {
		t.Errorf("%q", got)
	}
}

func TestFormattersReadTheManualPages(t *testing.T) {
	t.Parallel()
	_, pages := manPages()
	over := regexp.MustCompile(".\b")
	formatted := 0
	for _, formatter := range [][]string{{"groff", "-ww", "-man", "-Tascii", "-rLL=78n", "-P-c"}, {"groff", "-ww", "-man", "-Tutf8", "-rLL=78n", "-P-c"}, {"mandoc", "-Tlint", "-Wwarning"}, {"mandoc", "-Tutf8", "-Owidth=78"}} {
		if _, err := exec.LookPath(formatter[0]); err != nil {
			continue
		}
		for name, page := range pages {
			var out, errs bytes.Buffer
			cmd := exec.Command(formatter[0], formatter[1:]...)
			cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(page), &out, &errs
			if err := cmd.Run(); err != nil || errs.Len() > 0 {
				t.Errorf("%s %s: %v: %s%s", formatter, name, err, errs.Bytes(), out.Bytes())
				continue
			}
			formatted++
			if formatter[1] == "-Tlint" {
				continue
			}
			text := over.ReplaceAllString(out.String(), "")
			for line := range strings.Lines(text) {
				if line = strings.TrimRight(line, "\n"); len([]rune(line)) > helpWidth || strings.HasSuffix(line, "-") || strings.HasSuffix(line, "‐") {
					t.Errorf("%s %s: too wide, or a broken word: %s", formatter[0], name, line)
				}
			}
			for _, part := range map[string][]string{
				"apply":         {"apply --console --password-stdin < deploy-key.txt\n", "--console[=HOST]\n", "  .travis.yml\n", "~/.travis/config.yml\n", "AWS_...\n", "clone's"},
				"convox-travis": {"convox-travis-reset-password(1)", "convox-travis COMMAND [flags]\n"},
			}[name] {
				if !strings.Contains(text, part) {
					t.Errorf("%s %s lacks %q:\n%s", formatter[0], name, part, text)
				}
			}
		}
	}
	if formatted == 0 {
		t.Skip("there is no groff and no mandoc")
	}
}

func TestAManualPageIsPrinted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(w.run("", "man"), 0, `.TH "CONVOX\-TRAVIS" 1 `)
	w.want(w.run("", "man", "reset-password"), 0, `.TH "CONVOX\-TRAVIS\-RESET\-PASSWORD" 1 `)
	w.want(w.run("", "man", "aply"), 2, `unknown command "aply". Did you mean "apply"?`)
	w.want(w.run("", "man", "apply", "check"), 2, `unknown command "check"`)
	w.want(w.run("", "man", "help"), 2, "there is no manual page for help", "hint: run convox-travis help --help")
	if got := w.offers("man", "re"); got != "remove reset-password :4" {
		t.Errorf("offered is %s", got)
	}
}
