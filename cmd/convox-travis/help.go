package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"convox-travis/internal/text"
)

// helpWidth is that of the narrowest terminal that most people have.
const helpWidth = 80

// flagGroup is flags that are read together, in the order in which they are
// needed.
type flagGroup struct {
	title string
	names []string
}

// flagGroups are the flags that several commands take. What a command has of its
// own stands before them.
var flagGroups = []flagGroup{
	{"Which Rack or Console, and its credential", []string{
		"console", "rack", "host", "password-stdin", "saved", "fingerprint", "no-verify", "region", "profile",
	}},
	{"Which repositories", []string{
		"repo", "repos-from", "owner", "all", "active", "provider", "branch", "all-branches", "travis-endpoint",
	}},
	{"How it is done and told", []string{
		"dry-run", "skip-existing", "allow-mixed", "yes", "json", "accessible", "timeout", "help", "version",
	}},
}

// usage tells how a command is typed, for SetUsageFunc: what a template of
// cobra's may call is set for the whole process.
func usage(cmd *cobra.Command) error {
	var lines strings.Builder
	lines.WriteString("Usage:")
	if cmd.Runnable() {
		lines.WriteString("\n  " + cmd.UseLine())
	}
	if cmd.HasAvailableSubCommands() {
		lines.WriteString("\n  " + cmd.CommandPath() + " COMMAND")
	}
	lines.WriteString("\n")
	if cmd.HasExample() {
		lines.WriteString("\nExamples:\n" + cmd.Example + "\n")
	}
	if cmd.HasAvailableSubCommands() {
		lines.WriteString("\nCommands:")
		for _, other := range cmd.Commands() {
			if other.IsAvailableCommand() {
				fmt.Fprintf(&lines, "\n  %-*s %s", other.NamePadding(), other.Name(), other.Short)
			}
		}
		lines.WriteString("\n")
	}
	lines.WriteString(groupedFlags(cmd.LocalFlags()))
	if cmd.HasAvailableSubCommands() {
		lines.WriteString("\n" + cmd.CommandPath() + " COMMAND --help tells more of one.\n")
	}
	_, err := io.WriteString(cmd.OutOrStderr(), lines.String())
	return err
}

// groupedFlags lists flags by what they are about.
func groupedFlags(flags *pflag.FlagSet) string {
	own := flagGroup{title: "Flags"}
	flags.VisitAll(func(flag *pflag.Flag) {
		if !slices.ContainsFunc(flagGroups, func(g flagGroup) bool { return slices.Contains(g.names, flag.Name) }) {
			own.names = append(own.names, flag.Name)
		}
	})
	var lines strings.Builder
	for _, group := range append([]flagGroup{own}, flagGroups...) {
		lines.WriteString(group.list(flags))
	}
	return lines.String()
}

// list shows those flags of a group that there are, one a line or two.
func (g flagGroup) list(flags *pflag.FlagSet) string {
	type row struct{ left, right string }
	var rows []row
	width := 0
	for _, name := range g.names {
		flag := flags.Lookup(name)
		if flag == nil || flag.Hidden {
			continue
		}
		left, right := flagTexts(flag)
		rows = append(rows, row{left, right})
		width = max(width, len(left))
	}
	if len(rows) == 0 {
		return ""
	}
	var lines strings.Builder
	fmt.Fprintf(&lines, "\n%s:\n", g.title)
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
