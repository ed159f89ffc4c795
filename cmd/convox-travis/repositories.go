package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"convox-travis/internal/crash"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/problem"
	"convox-travis/internal/setup"
	"convox-travis/internal/travisyml"
	"convox-travis/travisapi"
	"convox-travis/tui/flow"
)

// repositories are the ones asked for, and the clone they were read in.
type repositories struct {
	targets []setup.Target
	found   []gitrepo.Remote // in the clone, likeliest first
	source  string           // of the target, where a setting of the clone decided; else ""
	unread  error            // why the clone could not be read, where that can be fixed
}

// repositories reads --repo and --repos-from, else the clone. It returns no
// target when the clone has none or more than one: which, is then missing.
func (p *program) repositories(ctx context.Context, o *options) (repositories, error) {
	var r repositories
	provider, err := o.readProvider()
	if err != nil {
		return r, err
	}
	clone, err := gitrepo.Open(ctx, p.dir)
	if err == nil {
		r.found = clone.Candidates()
	} else if !problem.Has(err, gitrepo.CodeNoClone) {
		r.unread = err
	}
	named, err := p.namedRepositories(ctx, o)
	if err != nil {
		return r, err
	}
	for _, n := range named {
		target, err := r.read(n, provider)
		if err != nil {
			return r, err
		}
		r.targets = append(r.targets, target)
	}
	if own, source, ok := setup.CloneTarget(clone, provider); ok && len(named) == 0 && !o.all {
		r.targets, r.source = []setup.Target{own}, source
	}
	return r, nil
}

// repositoriesOnce reads them when they are first asked for, and once: what names
// them can be a pipe.
func (p *program) repositoriesOnce(ctx context.Context, o *options) func() (repositories, error) {
	return sync.OnceValues(func() (repositories, error) { return p.repositories(ctx, o) })
}

// noteSource says which setting of the clone chose the repository.
func (p *program) noteSource(r repositories) {
	if r.source != "" {
		p.note("note: %s is %s", r.targets[0], r.source)
	}
}

// app is the app that the convox CLI deploys from a clone's file; "" where that is
// open.
func (r repositories) app(file travisyml.File) string {
	if len(r.targets) > 0 {
		return file.AppName(r.targets[0].Slug)
	}
	app := file.AppName("")
	for i, remote := range r.found {
		name := file.AppName(remote.Slug)
		if i > 0 && name != app {
			return ""
		}
		app = name
	}
	return app
}

// single is the one repository that is meant, OWNER/NAME, "" where it is open.
func (r repositories) single() string {
	if len(r.targets) == 1 {
		return r.targets[0].Slug
	}
	return ""
}

// slug is the repository for which the Travis client may have an endpoint, "" where
// there are several.
func (r repositories) slug() string {
	switch {
	case len(r.targets) > 0:
		return r.targets[0].Slug
	case len(r.found) == 1 && r.found[0].IsRemote():
		return r.found[0].Slug
	}
	return ""
}

// named is a repository as it was typed, and where.
type named struct{ text, where string }

// namedRepositories lists what --repo and --repos-from name.
func (p *program) namedRepositories(ctx context.Context, o *options) ([]named, error) {
	var all []named
	for i, text := range o.repos {
		where := "--repo"
		if len(o.repos) > 1 {
			where = fmt.Sprintf("--repo, number %d", i+1)
		}
		all = append(all, named{text, where})
	}
	if o.reposFrom == "" {
		return all, nil
	}
	text, err := p.readList(ctx, o)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
		return nil, usageError("--repos-from: the list is written in UTF-16", "save it as UTF-8")
	}
	text = strings.TrimPrefix(text, "\ufeff") // as editors of Windows begin a file
	count := 0
	for line := range strings.Lines(text) {
		count++
		line, _, _ := strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, named{line, fmt.Sprintf("--repos-from, line %d", count)})
		}
	}
	if len(all) == 0 {
		return nil, usageError("--repos-from names no repository", "give OWNER/NAME, one a line; # begins a comment")
	}
	return all, nil
}

func (p *program) readList(ctx context.Context, o *options) (string, error) {
	if o.reposFrom == "-" {
		if o.passwordStdin {
			return "", usageError("--password-stdin and --repos-from - both read standard input",
				"read the repositories from a file, or set CONVOX_PASSWORD")
		}
		return p.standardInput(ctx, listInput)
	}
	// Opening a pipe waits for its writer.
	file, err := awaited(ctx, func() (*os.File, error) { return os.Open(o.reposFrom) })
	if path, is := errors.AsType[*os.PathError](err); is {
		return "", usageError("--repos-from: "+path.Err.Error(), // not the name: an address in its place can carry a token
			"name a file with OWNER/NAME, one a line, or - for standard input")
	}
	if err != nil {
		return "", err
	}
	defer file.Close() // nothing was written
	return listInput.read(ctx, "the file", file)
}

func (o *options) readProvider() (travisapi.Provider, error) {
	if o.provider == "" {
		return "", nil
	}
	provider, err := travisapi.ParseProvider(o.provider)
	if err != nil {
		return "", usageError("--provider"+quoted(o.provider)+": Travis knows no such provider", "use github, gitlab, bitbucket or assembla")
	}
	return provider, nil
}

// read makes a target of a slug or a pasted address. A slug alone is the
// clone's when the clone has it, else GitHub's.
func (r repositories) read(n named, provider travisapi.Provider) (setup.Target, error) {
	remote, err := gitrepo.ParseRepository(n.text)
	if err != nil {
		return setup.Target{}, wrongAnswer(n.where, err)
	}
	candidates := []gitrepo.Remote{remote}
	if remote.Host == "" {
		if candidates = r.withSlug(remote.Slug, provider); len(candidates) == 0 {
			remote.Provider = string(cmp.Or(provider, travisapi.GitHub))
			candidates = []gitrepo.Remote{remote}
		}
	}
	var targets []setup.Target
	for _, candidate := range candidates {
		if on, ok := setup.MatchProvider(candidate, provider); ok {
			targets = append(targets, setup.Target{Provider: on, Slug: remote.Slug})
		}
	}
	if len(targets) != 1 {
		return setup.Target{}, whichProvider(n.where, remote.Slug, candidates)
	}
	return targets[0], nil
}

// withSlug lists the clone's remotes of this slug. Where a provider was asked
// for, those on others are mirrors, and not meant.
func (r repositories) withSlug(slug string, provider travisapi.Provider) []gitrepo.Remote {
	var same []gitrepo.Remote
	for _, remote := range r.found {
		_, ok := setup.MatchProvider(remote, provider)
		if remote.IsRemote() && strings.EqualFold(remote.Slug, slug) && (ok || provider == "") {
			same = append(same, remote)
		}
	}
	return same
}

func whichProvider(where, slug string, candidates []gitrepo.Remote) error {
	var hosts []string
	for _, candidate := range candidates {
		hosts = append(hosts, candidate.Host)
	}
	return usageError(fmt.Sprintf("%s: %s is on %s, and which provider that is for Travis is not clear", where, slug, strings.Join(hosts, " and ")),
		"say it with --provider github, gitlab, bitbucket or assembla, which must be the host's")
}

// missingHint says why the clone doesn't answer which repository is meant, and what
// to pass instead.
func (r repositories) missingHint() string {
	if r.unread != nil {
		return r.unread.Error() + ": " + strings.Join(slices.Concat(problem.Of(r.unread).Hints, []string{nameRepository}), "; ")
	}
	if len(r.found) == 0 {
		return "--repo OWNER/NAME, or run it inside the repository's clone"
	}
	var names []string
	for _, remote := range r.found[:min(len(r.found), mostProposed)] {
		name := "--repo " + remote.Slug
		if remote.Provider != gitrepo.GitHub {
			name += " --provider " + cmp.Or(remote.Provider, "NAME")
		}
		names = append(names, name+" ("+remote.Source()+")")
	}
	if more := len(r.found) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("one of %d more", more))
	}
	hint := "the clone doesn't decide it, pass " + strings.Join(names, ", or ")
	if last := r.found[len(r.found)-1]; len(r.found) > 1 && !last.IsRemote() {
		hint += "; or update the setting: git config travis.slug " + r.found[0].Slug
	}
	return hint
}

// mostProposed candidates are proposed; nobody reads more.
const mostProposed = 5

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
		return usageError("--all needs --owner", "whose repositories: --owner LOGIN --all")
	case !o.all && o.owner != "":
		return usageError("--owner needs --all", "all of the owner's repositories: --owner LOGIN --all; one of them: --repo OWNER/NAME")
	case !o.all && o.active:
		return usageError("--active needs --all", "--owner LOGIN --all --active takes those that Travis builds")
	case o.all && !isOwner(o.owner):
		return usageError("--owner"+quoted(o.owner)+": no person or organization has such a login", "name it as in OWNER/NAME: --owner LOGIN --all")
	case o.all && (len(o.repos) > 0 || o.reposFrom != ""):
		return usageError("--all and a list of repositories contradict each other", "give --owner LOGIN --all, or --repo or --repos-from")
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
		return nil, nil, usageError(fmt.Sprintf("--all: this account sees no such repository of %s on Travis", o.owner),
			"check --owner, --provider and --active; what was made today is unknown until Travis is synced")
	}
	targets, err := setup.OwnerTargets(o.owner, provider, all)
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
