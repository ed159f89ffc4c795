package cli

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"convox-travis/internal/text"
	"convox-travis/internal/version"
)

// helpWidth is the width that each help fits in.
const helpWidth = 80

// Annotations of a command.
const (
	// helpFooter is the end of its help.
	helpFooter = "footer"
	// helpExits lists exit codes with the command's own words for them. Above exitUsage
	// it has no others, except exitInterrupted.
	helpExits = "exits"
)

// docs is where everything is explained.
const docs = "README.md and docs/, in the source and in each release archive"

// topic is a page of help about flags that several commands share.
type topic struct {
	name, about string
	flags       func(*options, *pflag.FlagSet)
	note        string
	exitCodes   []entry
	environment []entry
	files       []entry // in manual pages only
}

// entry explains a name: a flag, an exit code, a variable or a file.
type entry struct{ name, about string }

var topics = []topic{
	{
		name: "credentials", about: "The Rack or Console, and where its credential comes from.",
		flags: func(o *options, flags *pflag.FlagSet) {
			o.credentialFlags(flags)
			o.passwordFlag(flags)
			o.unverifiedFlag(flags)
		},
		note: `A secret is never the value of a flag. It comes from standard input, else from
CONVOX_PASSWORD if CONVOX_HOST is unset or names this host, else from --saved.
`,
		environment: []entry{
			{"CONVOX_HOST", "the Rack or Console, if no flag names one"},
			{"CONVOX_PASSWORD", "the Rack password or deploy key"},
			{"CONVOX_CONFIG", "the folder of the convox CLI's saved logins"},
			{"AWS_PROFILE, AWS_…", "AWS credentials, as the AWS CLI reads them"},
			{"HTTPS_PROXY, NO_PROXY", "the proxy, and the hosts that need none"},
			{"SSL_CERT_FILE", "certificates to trust, such as your company's"},
		},
		files: []entry{
			{"~/.config/convox2/auth", "Logins that the convox CLI saved; ~/Library/Preferences/convox2/auth on macOS. The program adds the password of a reset, if you choose so."},
			{"~/.config/convox/auth, ~/.convox/auth", "The same of other versions of the convox CLI. The program only reads them."},
			{"~/.aws/", "Profiles and logins of the AWS CLI. AWS's library can renew an SSO login there; the program itself only reads them."},
		},
	},
	{
		name: "repositories", about: "Which repositories on Travis CI, and for which builds.",
		flags: func(o *options, flags *pflag.FlagSet) {
			o.repositoryFlags(flags)
			o.ownerFlags(flags)
			o.existingFlags(flags)
		},
		note: `Without them, the clone that you are in decides. A repository without --provider
is on GitHub, unless it is the clone's own.
`,
		environment: []entry{
			{"TRAVIS_TOKEN", "the Travis token; default: what the Travis CLI saved"},
			{"TRAVIS_ENDPOINT", "as --travis-endpoint"},
			{"TRAVIS_CONFIG_PATH", "the folder of the Travis CLI's config.yml"},
		},
		files: []entry{
			{".travis.yml", "The file of the clone. The wizard adds the deploy step if you confirm it; yml does with --write."},
			{".git/", "The clone's remotes, settings and recent commits. git reads them."},
			{".convox/app", "The name of the clone's app. The program only reads it."},
			{"~/.travis/config.yml", "The token that the Travis CLI saved. The program only reads it."},
			{"~/.cache/convox-travis/", "Times of the last writes to Travis, so that several runs together stay under its limit; ~/Library/Caches/convox-travis/ on macOS. You can delete it at any time."},
		},
	},
	{
		name: "output", about: "How the result is printed.",
		flags: func(o *options, flags *pflag.FlagSet) {
			o.resultFlags(flags)
			o.accessibleFlag(flags)
		},
		note: `Results go to standard output, all else to standard error. docs/json.md has the
fields of --json.
`,
		exitCodes: []entry{
			{strconv.Itoa(exitDone), "done"},
			{strconv.Itoa(exitFailed), "failed; nothing was written"},
			{strconv.Itoa(exitUsage), "wrong usage, or answers are missing"},
			{strconv.Itoa(exitPartial), "partly done: something was written"},
			{strconv.Itoa(exitRefused), "the Rack, Console, Travis or AWS refused a credential"},
			{strconv.Itoa(exitFound), "check found something; yml --check: a push doesn't deploy"},
			{strconv.Itoa(exitInterrupted), "interrupted"},
		},
		environment: []entry{
			{"NO_COLOR=1", "no colors"},
			{"ACCESSIBLE=1, TERM=dumb", "as --accessible"},
		},
	},
}

// flagSet has the flags that the topic explains.
func (t topic) flagSet() *pflag.FlagSet {
	flags := pflag.NewFlagSet(t.name, pflag.ContinueOnError)
	flags.SortFlags = false
	t.flags(new(options), flags)
	return flags
}

// help is the page of a topic.
func (t topic) help() string {
	var all []*pflag.Flag
	t.flagSet().VisitAll(func(flag *pflag.Flag) { all = append(all, flag) })
	page := t.about + "\n\n" + describeFlags(all) + "\n" + t.note
	if len(t.exitCodes) > 0 {
		page += "\nExit codes:\n" + alignEntries(t.exitCodes)
	}
	return page + "\nEnvironment:\n" + alignEntries(t.environment)
}

// newHelp replaces cobra's help command: it knows topics, and refuses what it doesn't
// know.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND | TOPIC]",
		Short:   "Explain a command or a topic",
		Long:    "Explain a command, or a topic: credentials, repositories or output.",
		Example: "  convox-travis help apply\n  convox-travis help credentials",
		Hidden:  true,
		ValidArgsFunction: firstArgument(func(cmd *cobra.Command, _ []string, _ string) (all []string, _ cobra.ShellCompDirective) {
			for _, other := range listedCommands(cmd.Root()) {
				all = append(all, cobra.CompletionWithDesc(other.Name(), other.Short))
			}
			for _, t := range topics {
				all = append(all, cobra.CompletionWithDesc(t.name, t.about))
			}
			return all, cobra.ShellCompDirectiveNoFileComp
		}),
		RunE: func(cmd *cobra.Command, args []string) error {
			var names []string
			for _, t := range topics {
				if names = append(names, t.name); len(args) == 1 && args[0] == t.name {
					_, err := io.WriteString(cmd.OutOrStdout(), t.help())
					return err
				}
			}
			asked, rest, _ := cmd.Root().Find(args) // the root takes any arguments, so it never fails
			if len(rest) > 0 {
				return unknownCommand(cmd.Root(), rest[0], names...)
			}
			asked.InitDefaultHelpFlag()
			return asked.Help()
		},
	}
}

// listedCommands are the commands that help lists.
func listedCommands(root *cobra.Command) []*cobra.Command {
	return slices.DeleteFunc(slices.Clone(root.Commands()), func(cmd *cobra.Command) bool { return !cmd.IsAvailableCommand() })
}

// usage prints how a command is used, for SetUsageFunc: the functions of cobra's
// templates are set for the whole process.
func usage(cmd *cobra.Command) error {
	var page strings.Builder
	page.WriteString("Usage: " + cmd.UseLine() + "\n" + cmd.Example + "\n")
	if !cmd.HasParent() {
		page.WriteString("\nCommands:\n")
		for _, other := range listedCommands(cmd) {
			fmt.Fprintf(&page, "  %-*s %s\n", other.NamePadding(), other.Name(), other.Short)
		}
	}
	groups := groupFlags(cmd)
	page.WriteString("\n" + describeFlags(groups[""]) + nameFlags(groups, !cmd.HasParent()))
	if footer := cmd.Annotations[helpFooter]; footer != "" {
		page.WriteString(footer + "\n")
	}
	if exits := cmd.Annotations[helpExits]; exits != "" {
		page.WriteString("Exit codes: " + exits + "\n")
	}
	_, err := io.WriteString(cmd.OutOrStderr(), page.String())
	return err
}

// topicOf is the index of the topic that has a flag, or -1, and whether it explains it:
// a command can use a flag in its own way.
func topicOf(flag *pflag.Flag) (index int, isExplained bool) {
	index = slices.IndexFunc(topics, func(t topic) bool {
		known := t.flagSet().Lookup(flag.Name)
		isExplained = known != nil && known.Usage == flag.Usage
		return known != nil
	})
	return index, isExplained
}

// flagGroups are the names of the groups, in their order: the topics, and one more for
// the root. A command's own flags are in "".
var flagGroups = []string{"", "credentials", "repositories", "writing", "output"}

// groupFlags groups the flags of a command by the topic that explains them.
func groupFlags(cmd *cobra.Command) map[string][]*pflag.Flag {
	isRoot := !cmd.HasParent()
	groups := map[string][]*pflag.Flag{}
	cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) {
		group := ""
		switch i, isExplained := topicOf(flag); {
		case flag.Hidden:
			return
		case isExplained || isRoot && i >= 0:
			group = topics[i].name
		case flag.Name == "version", flag.Name == "help" && len(groups["output"]) > 0:
			group = "output"
		case isRoot:
			group = "writing"
		}
		groups[group] = append(groups[group], flag)
	})
	return groups
}

// nameFlags names the flags that topics explain. The help of the root names all flags: it
// has no room for their values.
func nameFlags(groups map[string][]*pflag.Flag, isRoot bool) string {
	var lines strings.Builder
	var explained []string
	for _, group := range flagGroups[1:] {
		label, line := group+":", ""
		for i, flag := range groups[group] {
			name, value, _ := flagTexts(flag)
			if isRoot {
				name, value = "--"+flag.Name, ""
			}
			if line != "" && len(line)+len(name+value) > helpWidth-len("  repositories:  ") {
				fmt.Fprintf(&lines, "  %-13s  %s\n", label, strings.TrimSpace(line))
				label, line = "", ""
			}
			if line += name + value + "  "; i == len(groups[group])-1 {
				fmt.Fprintf(&lines, "  %-13s  %s\n", label, strings.TrimSpace(line))
			}
		}
		if len(groups[group]) > 0 && group != "writing" {
			explained = append(explained, group)
		}
	}
	if len(explained) > 0 {
		lines.WriteString("Topics: run convox-travis help " + strings.Join(explained, ", help ") + "\n")
	}
	return lines.String()
}

// describeFlags explains flags, one or two lines each.
func describeFlags(flags []*pflag.Flag) string {
	var entries []entry
	for _, flag := range flags {
		name, value, about := flagTexts(flag)
		entries = append(entries, entry{name + value, about})
	}
	return alignEntries(entries)
}

// alignEntries prints a table in two columns.
func alignEntries(entries []entry) string {
	width := 0
	for _, e := range entries {
		width = max(width, utf8.RuneCountInString(e.name))
	}
	var lines strings.Builder
	for _, e := range entries {
		for _, line := range text.WrapWhole(e.about, helpWidth-width-4) {
			fmt.Fprintf(&lines, "  %-*s  %s\n", width, e.name, line)
			e.name = ""
		}
	}
	return lines.String()
}

// flagTexts are a flag as it is typed, its value with what is before it, and what it
// does.
func flagTexts(flag *pflag.Flag) (name, value, about string) {
	value, about = pflag.UnquoteUsage(flag)
	name = "--" + flag.Name
	switch {
	case flag.Shorthand != "":
		return "-" + flag.Shorthand + ", " + name, "", about
	case flag.NoOptDefVal != "" && flag.Value.Type() != "bool":
		return name, "[=" + value + "]", about
	case value != "":
		return name, " " + value, about
	}
	return name, "", about
}

// newMan comes after the other commands: it completes their names.
func newMan(p *program, root *cobra.Command) *cobra.Command {
	var names []string
	for _, cmd := range listedCommands(root) {
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
		for _, other := range listedCommands(cmd) {
			page.entry(bold(other.Name()), other.Short)
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
	for _, other := range append([]*cobra.Command{cmd.Root()}, listedCommands(cmd.Root())...) {
		if other != cmd {
			pages = append(pages, bold(pageName(other))+"(1)")
		}
	}
	page.WriteString(strings.Join(pages, ",\n") + "\n.PP\n")
	page.paragraphs(docs)
	return page.String()
}

// exitsOf are the exit codes of a command, in its own words if those differ.
func exitsOf(cmd *cobra.Command) (exits []entry) {
	words := map[string]string{strconv.Itoa(exitUsage): "", strconv.Itoa(exitInterrupted): ""}
	for exit := range strings.SplitSeq(cmd.Annotations[helpExits], ", ") {
		code, about, _ := strings.Cut(exit, " ")
		words[code] = about
	}
	for _, t := range topics {
		for _, exit := range t.exitCodes {
			about, isNamed := words[exit.name]
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
