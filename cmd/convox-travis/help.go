package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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
	var text strings.Builder
	text.WriteString("Usage:")
	if cmd.Runnable() {
		text.WriteString("\n  " + cmd.UseLine())
	}
	if cmd.HasAvailableSubCommands() {
		text.WriteString("\n  " + cmd.CommandPath() + " COMMAND")
	}
	text.WriteString("\n")
	if cmd.HasExample() {
		text.WriteString("\nExamples:\n" + cmd.Example + "\n")
	}
	if cmd.HasAvailableSubCommands() {
		text.WriteString("\nCommands:")
		for _, other := range cmd.Commands() {
			if other.IsAvailableCommand() {
				fmt.Fprintf(&text, "\n  %-*s %s", other.NamePadding(), other.Name(), other.Short)
			}
		}
		text.WriteString("\n")
	}
	text.WriteString(groupedFlags(cmd.LocalFlags()))
	if cmd.HasAvailableSubCommands() {
		text.WriteString("\n" + cmd.CommandPath() + " COMMAND --help tells more of one.\n")
	}
	_, err := io.WriteString(cmd.OutOrStderr(), text.String())
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
	var text strings.Builder
	for _, group := range append([]flagGroup{own}, flagGroups...) {
		text.WriteString(group.list(flags))
	}
	return text.String()
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
	var text strings.Builder
	fmt.Fprintf(&text, "\n%s:\n", g.title)
	for _, r := range rows {
		left := r.left
		for _, line := range inLines(r.right, helpWidth-width-4) {
			fmt.Fprintf(&text, "  %-*s  %s\n", width, left, line)
			left = ""
		}
	}
	return text.String()
}

// inLines breaks a text between words alone: a flag in it has dashes.
func inLines(text string, width int) (lines []string) {
	for _, word := range strings.Fields(text) {
		last := len(lines) - 1
		if last < 0 || len(lines[last])+1+len(word) > width {
			lines = append(lines, word)
			continue
		}
		lines[last] += " " + word
	}
	return lines
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
