package main

import (
	"context"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/travisyml"
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
			use := "use one of " + strings.Join(shells, ", ")
			if len(args) != 1 {
				return usageError("there are completions for one shell at a time", use)
			}
			if !slices.Contains(shells, args[0]) {
				return usageError("there are no completions for the shell"+quoted(args[0]), use)
			}
			return nil
		},
	}, nil, nil, func(_ context.Context, args []string) result {
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
			if err != nil {
				rest = args
			}
			if len(rest) > 0 {
				return noSuchCommand(cmd.Root(), rest[0])
			}
			asked.InitDefaultHelpFlag()
			return asked.Help()
		},
	}
}

// noSuchCommand names the commands that are nearest.
func noSuchCommand(root *cobra.Command, typed string) error {
	var names []string
	for _, cmd := range root.Commands() {
		if cmd.IsAvailableCommand() {
			names = append(names, cmd.Name())
		}
	}
	return usageError("unknown command"+quoted(typed)+didYouMean(typed, names), "run "+root.Name()+" --help to list the commands")
}

// completeWithin is how long someone who pressed the tab key is kept waiting.
const completeWithin = 500 * time.Millisecond

// complete tells the shells what the values of flags may be. All of it is at
// hand: no server is asked, and nothing that is secret is told.
func (p *program) complete(root *cobra.Command) {
	values := map[string]func(context.Context) []string{
		"repo":     p.repositoriesAtHand,
		"owner":    p.ownersAtHand,
		"branch":   func(ctx context.Context) []string { return gitrepo.Branches(ctx, p.dir) },
		"provider": fixed("github", "gitlab", "bitbucket", "assembla"),
		"console":  fixed(convox.HostedConsole),
		"host":     p.hostsAtHand,
		"rack":     p.racksAtHand,
		"app":      p.appAtHand,
		"region":   fixed(cfn.KnownRegions()...),
		"profile":  p.profilesAtHand,
		"json":     fixed(jsonDocument, jsonLines),
		"step":     fixed("deploy", "after_success"),
	}
	files := []string{"repos-from", "file"}
	asked := len(p.args) > 0 && strings.HasPrefix(p.args[0], cobra.ShellCompRequestCmd)
	for _, cmd := range append(root.Commands(), root) {
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			if asked { // a shell would show the quotes around a value's name
				_, flag.Usage = pflag.UnquoteUsage(flag)
			}
			if slices.Contains(files, flag.Name) {
				return // the shell knows them
			}
			offer := offering(values[flag.Name])
			if flag.Name == "rack" {
				offer = withoutConsole(offer)
			}
			_ = cmd.RegisterFlagCompletionFunc(flag.Name, offer) // the flag is there, and its first one
		})
		if cmd.ValidArgs == nil {
			cmd.ValidArgsFunction = offering(nil)
		}
		if cmd.Name() == "reset-password" {
			cmd.ValidArgsFunction = first(offering(p.racksAtHand))
		}
	}
}

// offering is what cobra wants: values, and no names of files.
func offering(values func(context.Context) []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		if values == nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), completeWithin)
		defer cancel()
		all := slices.DeleteFunc(slices.Clone(values(ctx)), func(value string) bool { return !isPlainWord(value) })
		return all, cobra.ShellCompDirectiveNoFileComp
	}
}

// first offers nothing behind the first argument.
func first(offer cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return offer(cmd, args, word)
	}
}

// withoutConsole offers nothing where the way in is a Console: a Rack is called
// ORG/NAME there, and the Console alone knows which there are.
func withoutConsole(offer cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		if cmd.Flags().Changed("console") {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return offer(cmd, args, word)
	}
}

// isPlainWord reports whether a shell takes a text for itself. No other is
// offered: Bash types what several have in common as it is, and a branch of
// somebody else's may be called $(command).
func isPlainWord(text string) bool {
	return text != "" && !strings.HasPrefix(text, "-") && !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_./@+,:%=", r)
	})
}

func fixed(values ...string) func(context.Context) []string {
	return func(context.Context) []string { return values }
}

func (p *program) repositoriesAtHand(ctx context.Context) (all []string) {
	clone, _ := gitrepo.Open(ctx, p.dir) // outside of a clone there are none
	for _, remote := range clone.Candidates() {
		if !slices.Contains(all, remote.Slug) {
			all = append(all, remote.Slug)
		}
	}
	return all
}

func (p *program) ownersAtHand(ctx context.Context) (all []string) {
	for _, slug := range p.repositoriesAtHand(ctx) {
		if owner := path.Dir(slug); !slices.Contains(all, owner) {
			all = append(all, owner)
		}
	}
	return all
}

// hostsAtHand are those that the convox client has saved a login for. What it
// cannot be read of is told when it matters.
func (p *program) hostsAtHand(context.Context) (all []string) {
	logins, _ := convox.SavedLogins(p.env, p.home, p.goos)
	for _, login := range logins {
		all = append(all, login.Host.String())
	}
	return all
}

// appAtHand is the app that the convox client would take here.
func (p *program) appAtHand(ctx context.Context) []string {
	file, err := travisyml.Open(p.dir)
	if err != nil {
		return nil
	}
	clone, _ := gitrepo.Open(ctx, p.dir) // outside of a clone there is no remote
	return []string{repositories{found: clone.Candidates()}.app(file)}
}

func (p *program) racksAtHand(context.Context) (all []string) {
	logins, _ := convox.SavedLogins(p.env, p.home, p.goos)
	for _, login := range logins {
		if name := login.Host.RackName(); !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

func (p *program) profilesAtHand(context.Context) (names []string) {
	for _, profile := range cfn.Profiles(p.env, p.home, "") {
		names = append(names, profile.Name)
	}
	return names
}
