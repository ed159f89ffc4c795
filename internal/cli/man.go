package cli

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"convox-travis/internal/text"
	"convox-travis/internal/version"
)

// newMan comes after the other commands: it completes their names.
func newMan(p *program, root *cobra.Command) *cobra.Command {
	var names []string
	for _, cmd := range root.Commands() {
		names = append(names, cmd.Name())
	}
	return p.newCommand(&cobra.Command{
		Use:       "man [COMMAND]",
		Short:     "Print the manual page of the program or of a command",
		Long:      "Print the manual page of the program or of a command, for man and mandoc.",
		Example:   "  convox-travis man | man -l -\n  convox-travis man apply > convox-travis-apply.1",
		Hidden:    true,
		ValidArgs: names,
		Args:      cobra.ArbitraryArgs,
	}, nil, nil, func(_ context.Context, args []string) result {
		cmd, rest, _ := root.Find(args) // the root takes any arguments, so it never fails
		switch {
		case len(rest) > 0:
			return failure(unknownCommand(root, rest[0]))
		case cmd.Hidden:
			return failure(usageError("there is no manual page for "+cmd.Name(), "run convox-travis "+cmd.Name()+" --help"))
		}
		return result{text: manPage(cmd, version.Read())}
	})
}

// manPage is the manual page of a command, made from its help, in the language of man(7)
// (https://man.openbsd.org/man.7).
func manPage(cmd *cobra.Command, build version.Build) string {
	cmd.InitDefaultHelpFlag()
	groups := groupFlags(cmd)
	var page roff
	day, _, _ := strings.Cut(build.Date, "T")
	source := strings.TrimSpace("convox-travis " + build.Version)
	fmt.Fprintf(&page, ".TH \"%s\" 1 \"%s\" \"%s\" \"User Commands\"\n", strings.ToUpper(roffText(pageName(cmd))), day, roffText(source))
	page.WriteString(".nh\n.ad l\n") // a word that is broken can't be copied

	page.heading("NAME")
	page.paragraphs(pageName(cmd) + " - " + cmd.Short)
	page.heading("SYNOPSIS")
	usage := strings.TrimPrefix(cmd.UseLine(), cmd.CommandPath())
	page.WriteString(bold(cmd.CommandPath()) + roffText(usage) + "\n")
	if !cmd.HasParent() {
		page.WriteString(".br\n" + bold(cmd.Name()) + " COMMAND" + roffText(usage) + "\n")
	}
	page.heading("DESCRIPTION")
	page.paragraphs(cmd.Long)
	if !cmd.HasParent() {
		page.heading("COMMANDS")
		for _, other := range cmd.Commands() {
			if other.IsAvailableCommand() {
				page.entry(bold(other.Name()), other.Short)
			}
		}
	}

	page.heading("OPTIONS")
	var used []topic
	for _, group := range flagGroups {
		var note string
		if group != "" && len(groups[group]) > 0 {
			fmt.Fprintf(&page, ".SS %s\n", text.Capitalize(group))
			for _, t := range topics {
				if t.name == group {
					used, note = append(used, t), t.note
					page.paragraphs(t.about)
				}
			}
		}
		for _, flag := range groups[group] {
			name, value, about := flagTexts(flag)
			page.entry(bold(name)+placeholder.ReplaceAllString(roffText(value), `\fI$0\fR`), about)
		}
		if note != "" {
			page.WriteString(".PP\n")
			page.paragraphs(note)
		}
	}

	page.heading("EXAMPLES")
	page.WriteString(".nf\n")
	for line := range strings.Lines(cmd.Example) {
		page.WriteString(roffText(strings.TrimSpace(line)) + "\n")
	}
	page.WriteString(".fi\n")
	page.table("EXIT STATUS", exitsOf(cmd))
	var environment, files []entry
	for _, t := range used {
		environment, files = append(environment, t.environment...), append(files, t.files...)
	}
	page.table("ENVIRONMENT", environment)
	page.table("FILES", files)

	page.heading("SEE ALSO")
	var pages []string
	for _, other := range append([]*cobra.Command{cmd.Root()}, cmd.Root().Commands()...) {
		if other != cmd && !other.Hidden {
			pages = append(pages, bold(pageName(other))+"(1)")
		}
	}
	page.WriteString(strings.Join(pages, ",\n") + "\n.PP\n")
	page.paragraphs(docs)
	return page.String()
}

// exitsOf are the exit codes of a command, in its own words if those differ.
func exitsOf(cmd *cobra.Command) (exits []entry) {
	own := map[string]string{strconv.Itoa(exitUsage): "", strconv.Itoa(exitInterrupted): ""}
	for exit := range strings.SplitSeq(cmd.Annotations[helpExits], ", ") {
		code, about, _ := strings.Cut(exit, " ")
		own[code] = about
	}
	for _, t := range topics {
		for _, exit := range t.exitCodes {
			about, isNamed := own[exit.name]
			if !strings.Contains(exit.about, about) {
				exit.about = about
			}
			if isNamed || cmd.Annotations[helpExits] == "" {
				exits = append(exits, exit)
			}
		}
	}
	return exits
}

// pageName is what man finds the page of a command under.
func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// placeholder is the word for a value.
var placeholder = regexp.MustCompile(`[A-Za-z0-9/]+`)

// roff builds a manual page.
type roff struct{ strings.Builder }

func (r *roff) heading(title string) { r.WriteString(".SH " + title + "\n") }

// table is a section of entries, if there are any.
func (r *roff) table(title string, entries []entry) {
	if len(entries) == 0 {
		return
	}
	r.heading(title)
	for _, e := range entries {
		r.entry(bold(e.name), e.about)
	}
}

// entry explains a name, which is roff already.
func (r *roff) entry(name, about string) {
	r.WriteString(".TP\n" + name + "\n")
	r.paragraphs(about)
}

// paragraphs writes text; an empty line separates paragraphs.
func (r *roff) paragraphs(text string) {
	for line := range strings.Lines(strings.TrimSpace(text)) {
		if line = strings.TrimSpace(line); line == "" {
			r.WriteString(".PP\n")
			continue
		}
		r.WriteString(roffText(line) + "\n")
	}
}

func bold(text string) string { return `\fB` + roffText(text) + `\fR` }

// roffCharacters are those that roff reads or prints as others: a hyphen that can't be
// copied into a shell, for one (https://man.openbsd.org/mandoc_char.7).
var roffCharacters = strings.NewReplacer(`\`, `\(rs`, "-", `\-`, "'", `\(aq`, "`", "\\(ga", "^", `\(ha`, "~", `\(ti`, "…", "...")

// roffText is a line of text in roff.
func roffText(line string) string {
	var text strings.Builder
	for _, r := range roffCharacters.Replace(line) {
		if r < 0x80 {
			text.WriteRune(r)
		} else {
			fmt.Fprintf(&text, `\[u%04X]`, r)
		}
	}
	if line = text.String(); strings.HasPrefix(line, ".") {
		return `\&` + line
	}
	return line
}
