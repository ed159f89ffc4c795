package cli

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
		Short: "Print shell completions for bash, zsh, fish or PowerShell",
		Long: `Print the script with which a shell completes commands, flags and values: the
clone's repositories and branches, Racks and hosts in the convox CLI's saved
logins, AWS regions and profiles. It calls no server and offers no secrets.`,
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
			use := "run convox-travis completion SHELL, for " + strings.Join(shells, ", ")
			switch {
			case len(args) == 0:
				return usageError("completion needs a shell", use)
			case len(args) > 1:
				return usageError("completion takes one shell", use)
			case !slices.Contains(shells, args[0]):
				return usageError("completion"+quoted(args[0])+": unknown shell"+didYouMean(args[0], shells), use)
			}
			return nil
		},
	}, nil, nil, func(_ context.Context, args []string) result {
		var text strings.Builder // writing to it never fails
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

// completeWithin limits how long the tab key waits.
const completeWithin = 500 * time.Millisecond

// complete offers values of flags to the shell. It calls no server and offers no
// secret.
func (p *program) complete(root *cobra.Command) {
	racks := completer(p.completeRacks)
	offers := map[string]cobra.CompletionFunc{
		"repo":     completer(p.completeRepositories),
		"owner":    completer(p.completeOwners),
		"branch":   completer(func(ctx context.Context) []string { return gitrepo.Branches(ctx, p.dir) }),
		"provider": fixed(providers...),
		"console":  fixed(convox.HostedConsole),
		"host":     completer(p.completeHosts),
		"rack": func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if cmd.Flags().Changed("console") { // only Console knows its Racks, ORG/NAME
				return cobra.NoFileCompletions(cmd, args, word)
			}
			return racks(cmd, args, word)
		},
		"app":     completer(p.completeApps),
		"region":  fixed(cfn.KnownRegions()...),
		"profile": completer(p.completeProfiles),
		"json":    fixed(jsonDocument, jsonLines),
		"step":    fixed("deploy", "after_success"),
	}
	files := []string{"repos-from", "file", "manifest"} // the shell completes them
	isCompletion := len(p.args) > 0 && strings.HasPrefix(p.args[0], cobra.ShellCompRequestCmd)
	for _, cmd := range append(root.Commands(), root) {
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			if isCompletion { // a shell would show the quotes around a value's name
				_, flag.Usage = pflag.UnquoteUsage(flag)
			}
			offer, isOffered := offers[flag.Name]
			switch {
			case slices.Contains(files, flag.Name):
				return
			case !isOffered:
				offer = cobra.NoFileCompletions
			}
			_ = cmd.RegisterFlagCompletionFunc(flag.Name, offer) // fails only for an unknown flag or a second function
		})
		switch {
		case cmd.Name() == "reset-password":
			cmd.ValidArgsFunction = firstArgument(racks)
		case cmd.ValidArgs == nil:
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		}
	}
}

func fixed(values ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
}

// completer adapts values for cobra, without file names.
func completer(values func(context.Context) []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), completeWithin)
		defer cancel()
		all := slices.DeleteFunc(slices.Clone(values(ctx)), func(value string) bool { return !isPlainWord(value) })
		return all, cobra.ShellCompDirectiveNoFileComp
	}
}

// firstArgument offers values for the first argument only.
func firstArgument(offer cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return offer(cmd, args, word)
	}
}

// isPlainWord reports whether a shell reads a text literally. Others aren't offered:
// Bash inserts a common prefix unquoted, and a branch can be called $(command).
func isPlainWord(text string) bool {
	return text != "" && !strings.HasPrefix(text, "-") && !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_./@+,:%=", r)
	})
}

func (p *program) completeRepositories(ctx context.Context) (all []string) {
	clone, _ := gitrepo.Open(ctx, p.dir) // outside a clone there are none
	for _, remote := range clone.Candidates() {
		if !slices.Contains(all, remote.Slug) {
			all = append(all, remote.Slug)
		}
	}
	return all
}

func (p *program) completeOwners(ctx context.Context) (all []string) {
	for _, slug := range p.completeRepositories(ctx) {
		if owner := path.Dir(slug); !slices.Contains(all, owner) {
			all = append(all, owner)
		}
	}
	return all
}

// completeHosts offers the hosts with a saved login. Other commands report what can't be
// read.
func (p *program) completeHosts(context.Context) []string {
	return p.savedHosts(convox.Host.String)
}

func (p *program) completeRacks(context.Context) []string {
	return p.savedHosts(convox.Host.RackName)
}

func (p *program) savedHosts(name func(convox.Host) string) (all []string) {
	logins, _ := convox.SavedLogins(p.env, p.home, p.goos)
	for _, login := range logins {
		all = append(all, name(login.Host))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// completeApps offers the app that the convox CLI would use here.
func (p *program) completeApps(ctx context.Context) []string {
	file, err := travisyml.Open(p.dir)
	if err != nil {
		return nil
	}
	clone, _ := gitrepo.Open(ctx, p.dir) // outside a clone there is no remote
	return []string{repositories{candidates: clone.Candidates()}.app(file)}
}

func (p *program) completeProfiles(context.Context) (names []string) {
	for _, profile := range cfn.Profiles(p.env, p.home, "") {
		names = append(names, profile.Name)
	}
	return names
}
