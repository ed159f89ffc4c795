package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"convox-travis/internal/connect"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/problem"
	"convox-travis/internal/travisyml"
	"convox-travis/travisapi"
	"convox-travis/tui/flow"
)

// repositories are those that a run works on, and what the clone has.
type repositories struct {
	targets    []connect.Target
	candidates []gitrepo.Remote // in the clone, most likely first
	source     string           // of the target, if a setting of the clone decided; else ""
	cloneErr   error            // why the clone can't be read, if that can be fixed
}

// repositories reads --repo and --repos-from, else the clone. It returns no target if
// the clone has none, or several to choose from.
func (p *program) repositories(ctx context.Context, o *options) (repositories, error) {
	var r repositories
	provider, err := o.readProvider()
	if err != nil {
		return r, err
	}
	clone, err := gitrepo.Open(ctx, p.dir)
	if err == nil {
		r.candidates = clone.Candidates()
	} else if ctx.Err() != nil {
		return r, context.Cause(ctx)
	} else if !problem.Has(err, gitrepo.CodeNoClone) {
		r.cloneErr = err
	}
	typed, err := p.typedRepositories(ctx, o)
	if err != nil {
		return r, err
	}
	for _, n := range typed {
		target, err := r.read(n, provider)
		if err != nil {
			return r, err
		}
		r.targets = append(r.targets, target)
	}
	if target, source, ok := connect.CloneTarget(clone, provider); ok && len(typed) == 0 && !o.all {
		r.targets, r.source = []connect.Target{target}, source
	}
	return r, nil
}

// repositoriesOnce reads them on the first call, and only once: they can come from a
// pipe.
func (p *program) repositoriesOnce(ctx context.Context, o *options) func() (repositories, error) {
	return sync.OnceValues(func() (repositories, error) { return p.repositories(ctx, o) })
}

// noteSource says which setting of the clone chose the repository.
func (p *program) noteSource(r repositories) {
	if r.source != "" {
		p.note("note: %s is %s", r.targets[0], r.source)
	}
}

// app is the app that the convox CLI deploys from the clone; "" if that isn't clear.
func (r repositories) app(file travisyml.File) string {
	if len(r.targets) > 0 {
		return file.AppName(r.targets[0].Slug)
	}
	app := file.AppName("")
	for i, remote := range r.candidates {
		name := file.AppName(remote.Slug)
		if i > 0 && name != app {
			return ""
		}
		app = name
	}
	return app
}

// single is the only repository, OWNER/NAME; "" if there isn't exactly one.
func (r repositories) single() string {
	if len(r.targets) == 1 {
		return r.targets[0].Slug
	}
	return ""
}

// slug is the repository for which the Travis CLI may have saved an endpoint; "" if
// that isn't clear.
func (r repositories) slug() string {
	switch {
	case len(r.targets) > 0:
		return r.targets[0].Slug
	case len(r.candidates) == 1 && r.candidates[0].IsRemote():
		return r.candidates[0].Slug
	}
	return ""
}

// typedRepository is the text of a repository, and where it was written.
type typedRepository struct{ text, where string }

// typedRepositories lists what --repo and --repos-from name.
func (p *program) typedRepositories(ctx context.Context, o *options) ([]typedRepository, error) {
	var all []typedRepository
	for i, text := range o.repos {
		where := "--repo"
		if len(o.repos) > 1 {
			where = fmt.Sprintf("--repo, number %d", i+1)
		}
		all = append(all, typedRepository{text, where})
	}
	if o.reposFrom == "" {
		return all, nil
	}
	text, err := p.readList(ctx, o)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
		return nil, usageError("--repos-from: the list is in UTF-16", "save it as UTF-8")
	}
	text = strings.TrimPrefix(text, "\ufeff") // editors on Windows write it first
	count := 0
	for line := range strings.Lines(text) {
		count++
		line, _, _ := strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, typedRepository{line, fmt.Sprintf("--repos-from, line %d", count)})
		}
	}
	if len(all) == 0 {
		return nil, usageError("--repos-from names no repository", "write OWNER/NAME, one per line; # starts a comment")
	}
	return all, nil
}

func (p *program) readList(ctx context.Context, o *options) (string, error) {
	if o.reposFrom == "-" {
		if o.passwordStdin {
			return "", usageError("--password-stdin and --repos-from - both read standard input",
				"pass --repos-from FILE, or set CONVOX_PASSWORD")
		}
		return p.standardInput(ctx, listInput)
	}
	// Opening a named pipe waits for its writer.
	file, err := waitFor(ctx, func() (*os.File, error) { return os.Open(o.reposFrom) })
	if path, is := errors.AsType[*os.PathError](err); is {
		return "", usageError("--repos-from"+quoted(o.reposFrom)+": "+path.Err.Error(),
			"pass a file with OWNER/NAME, one per line, or - for standard input")
	}
	if err != nil {
		return "", err
	}
	defer file.Close() // nothing was written
	return listInput.read(ctx, "the file", file)
}

var providers = []string{"github", "gitlab", "bitbucket", "assembla"}

func (o *options) readProvider() (travisapi.Provider, error) {
	provider := strings.ToLower(o.provider)
	if provider != "" && !slices.Contains(providers, provider) {
		return "", usageError("--provider"+quoted(o.provider)+": unknown provider"+didYouMean(o.provider, providers), "use github, gitlab, bitbucket or assembla")
	}
	return travisapi.Provider(provider), nil
}

// read returns the target of a slug or a pasted address. A slug is the clone's if the
// clone has it, else GitHub's.
func (r repositories) read(n typedRepository, provider travisapi.Provider) (connect.Target, error) {
	remote, err := gitrepo.ParseRepository(n.text)
	if err != nil {
		return connect.Target{}, invalidValue(n.where+quoted(n.text), err)
	}
	candidates := []gitrepo.Remote{remote}
	if remote.Host == "" {
		if candidates = r.withSlug(remote.Slug, provider); len(candidates) == 0 {
			remote.Provider = string(cmp.Or(provider, travisapi.GitHub))
			candidates = []gitrepo.Remote{remote}
		}
	}
	var targets []connect.Target
	for _, candidate := range candidates {
		if on, ok := connect.MatchProvider(candidate, provider); ok {
			targets = append(targets, connect.Target{Provider: on, Slug: remote.Slug})
		}
	}
	if len(targets) != 1 {
		return connect.Target{}, whichProvider(n.where, remote.Slug, candidates)
	}
	return targets[0], nil
}

// withSlug lists the clone's remotes of this slug. With a provider, remotes on others
// are mirrors.
func (r repositories) withSlug(slug string, provider travisapi.Provider) []gitrepo.Remote {
	var same []gitrepo.Remote
	for _, remote := range r.candidates {
		_, ok := connect.MatchProvider(remote, provider)
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
	return usageError(fmt.Sprintf("%s: %s is on %s: its provider isn't clear", where, slug, strings.Join(hosts, " and ")),
		"pass --provider github, gitlab, bitbucket or assembla: the one that the host is")
}

// missingHint says what to pass if the clone doesn't decide the repository, and why it
// doesn't.
func (r repositories) missingHint() string {
	if r.cloneErr != nil {
		return r.cloneErr.Error() + ": " + strings.Join(slices.Concat(problem.Of(r.cloneErr).Hints, []string{nameRepository}), "; ")
	}
	if len(r.candidates) == 0 {
		return "pass --repo OWNER/NAME, or run this inside the repository's clone"
	}
	var names []string
	for _, remote := range r.candidates[:min(len(r.candidates), mostProposed)] {
		name := "--repo " + remote.Slug
		if remote.Provider != gitrepo.GitHub {
			name += " --provider " + cmp.Or(remote.Provider, "NAME")
		}
		names = append(names, name+" ("+remote.Source()+")")
	}
	if more := len(r.candidates) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("one of %d more", more))
	}
	hint := "pass " + strings.Join(names, ", or ") + ": the clone doesn't decide which"
	if last := r.candidates[len(r.candidates)-1]; len(r.candidates) > 1 && !last.IsRemote() {
		hint += "; or run git config travis.slug " + r.candidates[0].Slug
	}
	return hint
}

// mostProposed limits the candidates in a hint.
const mostProposed = 5

// isOwner reports whether text can be the OWNER of OWNER/NAME.
func isOwner(text string) bool {
	_, err := gitrepo.ParseSlug(text + "/name")
	return err == nil
}

// lister lists repositories; a travisapi.Client does.
type lister interface {
	Repositories(context.Context, travisapi.ListOptions) ([]travisapi.Repository, error)
}

// ownerLister returns how the wizard lists the repositories of --all; nil without it.
func (p *program) ownerLister(o *options) func(context.Context, flow.Travis) ([]connect.Target, []travisapi.Repository, error) {
	if !o.all {
		return nil
	}
	return func(ctx context.Context, client flow.Travis) ([]connect.Target, []travisapi.Repository, error) {
		return o.listOwner(ctx, client)
	}
}

// listOwner returns the repositories of --all, and Travis's data about them.
func (o *options) listOwner(ctx context.Context, client lister) ([]connect.Target, []travisapi.Repository, error) {
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
		return nil, nil, usageError(fmt.Sprintf("--owner %q: your Travis account sees no such repositories", o.owner),
			"check --owner, --provider and --active; sync Travis if the repositories were created today")
	}
	targets, err := connect.OwnerTargets(o.owner, provider, all)
	return targets, all, err
}

// ownerOf is a repository's provider and owner, without NAME in the slug.
func ownerOf(target connect.Target) connect.Target {
	login, _, _ := strings.Cut(target.Slug, "/")
	return connect.Target{Provider: target.Provider, Slug: strings.ToLower(login)}
}

// mostOwners limits the owners whose repositories are listed for suggestions.
const mostOwners = 4

// speller finds the repositories that a mistyped name may mean.
type speller struct {
	client lister
	slugs  map[connect.Target][]string // by owner
}

// suggest proposes the owner's repositories whose names are nearest, " Did you mean …?",
// or "". It lists few owners, and not for long: Travis's answer is known already.
func (s *speller) suggest(ctx context.Context, target connect.Target) string {
	owner := ownerOf(target)
	slugs, isListed := s.slugs[owner]
	if !isListed {
		if len(s.slugs) == mostOwners {
			return ""
		}
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		all, _ := s.client.Repositories(ctx, travisapi.ListOptions{Owner: owner.Slug, Provider: owner.Provider}) // without a list there is nothing to propose
		for _, repository := range all {
			slugs = append(slugs, repository.Slug)
		}
		if s.slugs == nil {
			s.slugs = map[connect.Target][]string{}
		}
		s.slugs[owner] = slugs
	}
	return didYouMean(target.Slug, slugs)
}

// addSuggestion adds the suggestion to the error of a repository that Travis doesn't know.
func (s *speller) addSuggestion(ctx context.Context, target connect.Target, err error) error {
	e, is := err.(*problem.Error)
	if !is || e.Code != travisapi.CodeNotFound {
		return err
	}
	improved := *e
	improved.Reason += s.suggest(ctx, target)
	return &improved
}
