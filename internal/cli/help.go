package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"convox-travis/internal/text"
)

// helpWidth and helpHeight are the terminal that each help fits on.
const (
	helpWidth  = 80
	helpHeight = 24
)

// helpFooter is the annotation of a command that holds the end of its help.
const helpFooter = "footer"

// topic is a page of help about flags that several commands share.
type topic struct {
	name, about string
	flags       func(*options, *pflag.FlagSet)
	footer      string
}

var topics = []topic{
	{"credentials", "The Rack or Console, and where its credential comes from.", func(o *options, flags *pflag.FlagSet) {
		o.credentialFlags(flags)
		o.passwordFlag(flags)
		o.unverifiedFlag(flags)
	}, `A secret is never the value of a flag. It comes from standard input, else from
CONVOX_PASSWORD if CONVOX_HOST is unset or names this host, else from --saved.

Environment:
  CONVOX_HOST            the Rack or Console, if no flag names one
  CONVOX_PASSWORD        the Rack password or deploy key
  AWS_PROFILE, AWS_…     AWS credentials, as the AWS CLI reads them
  HTTPS_PROXY, NO_PROXY  the proxy, and the hosts that need none
`},
	{"repositories", "Which repositories on Travis CI, and for which builds.", func(o *options, flags *pflag.FlagSet) {
		o.repositoryFlags(flags)
		o.ownerFlags(flags)
	}, `Without them, the clone that you are in decides. A repository without --provider
is on GitHub, unless it is the clone's own.

Environment:
  TRAVIS_TOKEN     the Travis token; default: what the Travis CLI saved
  TRAVIS_ENDPOINT  as --travis-endpoint
`},
	{"output", "How the result is printed.", func(o *options, flags *pflag.FlagSet) {
		o.resultFlags(flags)
		o.accessibleFlag(flags)
	}, `Results go to standard output, all else to standard error. docs/json.md has the
fields of --json.

Exit codes:
  0    done
  1    failed; nothing was written
  2    wrong usage, or answers are missing
  3    partly done: something was written
  4    the Rack, Console, Travis or AWS refused a credential
  5    check found something; yml --check: a push doesn't deploy
  130  interrupted

Environment:
  NO_COLOR=1                  no colors
  ACCESSIBLE=1, TERM=dumb     as --accessible
`},
}

// help is the page of a topic.
func (t topic) help() string {
	var o options
	flags := pflag.NewFlagSet(t.name, pflag.ContinueOnError)
	flags.SortFlags = false
	t.flags(&o, flags)
	return t.about + "\n\n" + describeFlags(flags, func(*pflag.Flag) bool { return true }) + "\n" + t.footer
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
			for _, other := range cmd.Root().Commands() {
				if other.IsAvailableCommand() {
					all = append(all, cobra.CompletionWithDesc(other.Name(), other.Short))
				}
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

// unknownCommand names the nearest commands and other names.
func unknownCommand(root *cobra.Command, typed string, names ...string) error {
	for _, cmd := range root.Commands() {
		if cmd.IsAvailableCommand() || cmd.Name() == "help" {
			names = append(names, cmd.Name())
		}
	}
	return usageError("unknown command"+quoted(typed)+didYouMean(typed, names), "run "+root.Name()+" --help to list the commands")
}

// usage prints how a command is used, for SetUsageFunc: the functions of cobra's
// templates are set for the whole process.
func usage(cmd *cobra.Command) error {
	var page strings.Builder
	page.WriteString("Usage: " + cmd.UseLine() + "\n" + cmd.Example + "\n")
	if !cmd.HasParent() {
		page.WriteString("\nCommands:\n")
		for _, other := range cmd.Commands() {
			if other.IsAvailableCommand() {
				fmt.Fprintf(&page, "  %-*s %s\n", other.NamePadding(), other.Name(), other.Short)
			}
		}
	}
	page.WriteString("\n")
	if cmd.HasParent() {
		page.WriteString(describeFlags(cmd.LocalFlags(), isOwn))
	}
	page.WriteString(groupFlags(cmd))
	if footer := cmd.Annotations[helpFooter]; footer != "" {
		page.WriteString(footer + "\n")
	}
	_, err := io.WriteString(cmd.OutOrStderr(), page.String())
	return err
}

// topicOf is the index of the topic that has a flag, or -1, and whether it explains it:
// a command can use a flag in its own way.
func topicOf(flag *pflag.Flag) (index int, isExplained bool) {
	index = slices.IndexFunc(topics, func(t topic) bool {
		var o options
		flags := pflag.NewFlagSet(t.name, pflag.ContinueOnError)
		t.flags(&o, flags)
		known := flags.Lookup(flag.Name)
		isExplained = known != nil && known.Usage == flag.Usage
		return known != nil
	})
	return index, isExplained
}

func isOwn(flag *pflag.Flag) bool {
	_, isExplained := topicOf(flag)
	return !isExplained && flag.Name != "help"
}

// groupFlags names the flags that topics explain. The help of the root names all flags: it
// has no room to explain them.
func groupFlags(cmd *cobra.Command) string {
	isRoot := !cmd.HasParent()
	names := map[string][]string{}
	cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) {
		left, _ := flagTexts(flag)
		if isRoot {
			left = "--" + flag.Name
		}
		switch i, isExplained := topicOf(flag); {
		case flag.Hidden:
		case isExplained || isRoot && i >= 0:
			names[topics[i].name] = append(names[topics[i].name], left)
		case flag.Name == "version", flag.Name == "help" && len(names) > 0:
			names["output"] = append(names["output"], left)
		case flag.Name == "help":
		case isRoot:
			names["writing"] = append(names["writing"], left)
		}
	})
	var lines strings.Builder
	var explained []string
	for _, name := range []string{"credentials", "repositories", "writing", "output"} {
		label, line := name+":", ""
		for i, flag := range names[name] {
			line += flag + "  "
			if next := i + 1; next == len(names[name]) || len(line)+len(names[name][next]) > helpWidth-len("  repositories:  ") {
				fmt.Fprintf(&lines, "  %-13s  %s\n", label, strings.TrimSpace(line))
				label, line = "", ""
			}
		}
		if len(names[name]) > 0 && name != "writing" {
			explained = append(explained, name)
		}
	}
	if len(explained) > 0 {
		lines.WriteString("Topics: run convox-travis help " + strings.Join(explained, ", help ") + "\n")
	}
	return lines.String()
}

// describeFlags explains the flags that are shown, one or two lines each.
func describeFlags(flags *pflag.FlagSet, isShown func(*pflag.Flag) bool) string {
	type row struct{ left, right string }
	var rows []row
	width := 0
	flags.VisitAll(func(flag *pflag.Flag) {
		if flag.Hidden || !isShown(flag) {
			return
		}
		left, right := flagTexts(flag)
		rows = append(rows, row{left, right})
		width = max(width, len(left))
	})
	var lines strings.Builder
	for _, r := range rows {
		left := r.left
		for _, line := range text.WrapWhole(r.right, helpWidth-width-4) {
			fmt.Fprintf(&lines, "  %-*s  %s\n", width, left, line)
			left = ""
		}
	}
	return lines.String()
}

// flagTexts are a flag as it is typed, and what it does.
func flagTexts(flag *pflag.Flag) (left, right string) {
	value, right := pflag.UnquoteUsage(flag)
	left = "--" + flag.Name
	switch {
	case flag.Shorthand != "":
		left = "-" + flag.Shorthand + ", " + left
	case flag.Value.Type() == "bool":
	case flag.NoOptDefVal != "":
		left += "[=" + value + "]"
	case value != "":
		left += " " + value
	}
	return left, right
}
