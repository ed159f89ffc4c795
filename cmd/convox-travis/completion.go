package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

var shells = []string{"bash", "fish", "powershell", "zsh"}

func newCompletion(p *program, root *cobra.Command) *cobra.Command {
	return p.newCommand(&cobra.Command{
		Use:   "completion SHELL",
		Short: "Print the completions for bash, zsh, fish or PowerShell",
		Long: `Print the script that lets a shell complete commands, flags and their values:
repositories and branches of the clone, Racks and hosts that the convox client
has saved, regions, AWS profiles. Nothing is asked of a server, and no secret is
ever among them.`,
		Example: `  # in ~/.bashrc, where bash-completion is installed
  source <(convox-travis completion bash)
  # in ~/.zshrc, after compinit
  source <(convox-travis completion zsh)
  # in ~/.config/fish/config.fish
  convox-travis completion fish | source
  # in $PROFILE
  convox-travis completion powershell | Out-String | Invoke-Expression`,
		ValidArgs: shells,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(shells, args[0]) {
				return &usageError{what: "there are completions for one shell at a time", hints: []string{"give one of " + strings.Join(shells, ", ")}}
			}
			return nil
		},
	}, nil, func(_ context.Context, args []string) result {
		var text strings.Builder // which takes everything
		switch args[0] {
		case "bash":
			_ = root.GenBashCompletionV2(&text, true)
		case "fish":
			_ = root.GenFishCompletion(&text, true)
		case "powershell":
			_ = root.GenPowerShellCompletionWithDesc(&text)
		case "zsh":
			_ = root.GenZshCompletion(&text)
		}
		return result{text: text.String()}
	})
}

// newHelp is cobra's help command, but for a command that there is not.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:    "help COMMAND",
		Short:  "Tell more of a command",
		Hidden: true,
		ValidArgsFunction: first(func(cmd *cobra.Command, _ []string, _ string) (all []string, _ cobra.ShellCompDirective) {
			for _, other := range cmd.Root().Commands() {
				if other.IsAvailableCommand() {
					all = append(all, cobra.CompletionWithDesc(other.Name(), other.Short))
				}
			}
			return all, cobra.ShellCompDirectiveNoFileComp
		}),
		RunE: func(cmd *cobra.Command, args []string) error {
			asked, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return noSuchCommand(cmd.Root(), args[0])
			}
			asked.InitDefaultHelpFlag()
			return asked.Help()
		},
	}
}

// noSuchCommand names the commands that are nearest. It does not repeat the
// text, which may be a secret.
func noSuchCommand(root *cobra.Command, text string) error {
	err := &usageError{what: "there is no such command"}
	root.SuggestionsMinimumDistance = 2
	for _, name := range root.SuggestionsFor(text) {
		err.hints = append(err.hints, root.Name()+" "+name+" may be meant")
	}
	err.hints = append(err.hints, root.Name()+" --help lists the commands")
	return err
}
