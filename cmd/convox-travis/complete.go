package main

import (
	"context"
	"path"
	"slices"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/gitrepo"
)

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
		"region":   fixed(cfn.KnownRegions()...),
		"profile":  func(context.Context) []string { return cfn.Profiles(p.env, p.home) },
		"json":     fixed(jsonDocument, jsonLines),
		"step":     fixed("deploy", "after_success"),
	}
	files := []string{"repos-from", "file"}
	for _, cmd := range append(root.Commands(), root) {
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			if slices.Contains(files, flag.Name) {
				return // the shell knows them
			}
			_ = cmd.RegisterFlagCompletionFunc(flag.Name, offering(values[flag.Name])) // the flag is there, and its first one
		})
		if cmd.ValidArgs == nil {
			cmd.ValidArgsFunction = offering(nil)
		}
		if cmd.Name() == "reset-password" {
			cmd.ValidArgsFunction = offering(p.racksAtHand)
		}
	}
}

// offering is what cobra wants: values, but none that a shell could not be given
// as one word of a line, and no names of files.
func offering(values func(context.Context) []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if values == nil || len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), completeWithin)
		defer cancel()
		all := slices.DeleteFunc(slices.Clone(values(ctx)), func(value string) bool {
			return value == "" || slices.ContainsFunc([]rune(value), func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) })
		})
		return all, cobra.ShellCompDirectiveNoFileComp
	}
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

func (p *program) racksAtHand(context.Context) (all []string) {
	logins, _ := convox.SavedLogins(p.env, p.home, p.goos)
	for _, login := range logins {
		if name := login.Host.RackName(); !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}
