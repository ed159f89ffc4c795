package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"convox-travis/internal/crash"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/setup"
	"convox-travis/travisapi"
	"convox-travis/tui/flow"
)

// ownerFlags name all repositories of an owner.
func (o *options) ownerFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.owner, "owner", "", "with --all: the person or organization, by `LOGIN`")
	flags.BoolVar(&o.all, "all", false, "all repositories of --owner")
	flags.BoolVar(&o.active, "active", false, "with --all: only those that Travis builds")
}

// checkOwner refuses what cannot be meant.
func (o *options) checkOwner() error {
	switch {
	case o.all && o.owner == "":
		return &usageError{what: "--all needs --owner", hints: []string{"whose repositories: --owner LOGIN --all"}}
	case !o.all && o.owner != "":
		return &usageError{what: "--owner needs --all", hints: []string{"all of the owner's repositories: --owner LOGIN --all; one of them: --repo OWNER/NAME"}}
	case !o.all && o.active:
		return &usageError{what: "--active needs --all", hints: []string{"--owner LOGIN --all --active takes those that Travis builds"}}
	case o.all && !isOwner(o.owner):
		return &usageError{what: "--owner is no login of a person or organization", hints: []string{"as it stands in OWNER/NAME: --owner LOGIN --all"}}
	case o.all && (len(o.repos) > 0 || o.reposFrom != ""):
		return &usageError{what: "--all and a list of repositories contradict each other", hints: []string{"give --owner LOGIN --all, or --repo or --repos-from"}}
	}
	return nil
}

// isOwner reports whether text can be the OWNER of OWNER/NAME.
func isOwner(text string) bool {
	_, err := gitrepo.ParseSlug(text + "/name")
	return err == nil
}

// lister lists repositories; a travisapi.Client does.
type lister interface {
	Repositories(context.Context, travisapi.ListOptions) ([]travisapi.Repository, error)
}

// owned is how the wizard lists what --all means; nil without it.
func (p *program) owned(o *options) func(context.Context, flow.Travis) ([]setup.Target, error) {
	if !o.all {
		return nil
	}
	return func(ctx context.Context, client flow.Travis) ([]setup.Target, error) {
		return o.owned(ctx, client, nil)
	}
}

// owned returns the repositories that --all means, and targets without it.
func (o *options) owned(ctx context.Context, client lister, targets []setup.Target) ([]setup.Target, error) {
	if !o.all {
		return targets, nil
	}
	targets, _, err := o.listOwned(ctx, client)
	return targets, err
}

// listOwned returns the repositories that --all means, and what Travis says of
// them.
func (o *options) listOwned(ctx context.Context, client lister) ([]setup.Target, []travisapi.Repository, error) {
	provider, err := o.readProvider()
	if err != nil {
		return nil, nil, err
	}
	all, err := client.Repositories(ctx, travisapi.ListOptions{Owner: o.owner, Provider: provider, Active: o.active})
	if stopped := context.Cause(ctx); stopped != nil {
		return nil, nil, stopped
	}
	if err != nil {
		return nil, nil, err
	}
	if len(all) == 0 {
		return nil, nil, &usageError{
			what:  fmt.Sprintf("--all: this account sees no such repository of %s on Travis", o.owner),
			hints: []string{"check --owner, --provider and --active; what was made today is unknown until Travis is synced"},
		}
	}
	targets, err := setup.OwnedBy(o.owner, provider, all)
	return targets, all, err
}

// manyOfOne is how many repositories of one owner are so many that they are listed
// together: a page of a list is one call for a hundred.
const manyOfOne = 200

// listMany lists the repositories of those owners of whom many are named, in the
// order of the owners. What it doesn't return is read one by one, also after an
// error.
func listMany(ctx context.Context, client lister, targets []setup.Target) ([]travisapi.Repository, error) {
	var owners []setup.Target // in the place of the slug
	named := map[setup.Target]int{}
	for _, target := range targets {
		login, _, _ := strings.Cut(target.Slug, "/")
		owner := setup.Target{Provider: target.Provider, Slug: strings.ToLower(login)}
		if named[owner]++; named[owner] == manyOfOne {
			owners = append(owners, owner)
		}
	}
	listed, errs := make([][]travisapi.Repository, len(owners)), make([]error, len(owners))
	var reads errgroup.Group
	reads.SetLimit(listsAtATime)
	for i, owner := range owners {
		reads.Go(func() error {
			defer crash.Catch()
			var err error
			listed[i], err = client.Repositories(ctx, travisapi.ListOptions{Owner: owner.Slug, Provider: owner.Provider})
			if err != nil {
				errs[i] = fmt.Errorf("%s: %w", owner, err)
			}
			return nil
		})
	}
	_ = reads.Wait() // the errors are in errs
	return slices.Concat(listed...), errors.Join(errs...)
}

const listsAtATime = 4
