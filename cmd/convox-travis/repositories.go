package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"convox-travis/internal/gitrepo"
	"convox-travis/internal/setup"
	"convox-travis/travisapi"
)

// repositories are the ones asked for, and the clone they were read in.
type repositories struct {
	targets []setup.Target
	found   []gitrepo.Remote // in the clone, likeliest first
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
	}
	named, err := p.namedRepositories(ctx, o)
	if err != nil {
		return r, err
	}
	for _, text := range named {
		target, err := r.read(text, provider)
		if err != nil {
			return r, err
		}
		r.targets = append(r.targets, target)
	}
	if own := r.own(provider); len(named) == 0 && len(own) == 1 {
		r.targets = own
	}
	return r, nil
}

// own lists what the clone can be on Travis: its remotes on provider, or on any
// host that Travis knows where none was named.
func (r repositories) own(provider travisapi.Provider) []setup.Target {
	var own []setup.Target
	for _, remote := range r.found {
		if on, ok := agreed(remote, provider); ok {
			own = append(own, setup.Target{Provider: on, Slug: remote.Slug})
		}
	}
	return own
}

// agreed returns the provider of a remote: what its host says and what was
// asked for must not contradict each other, and one of them must speak. Taking
// a repository of another host for GitHub's would give the secret to whoever
// has that name there.
func agreed(remote gitrepo.Remote, asked travisapi.Provider) (travisapi.Provider, bool) {
	known := travisapi.Provider(remote.Provider)
	switch {
	case known == "":
		return asked, asked != ""
	case asked == "":
		return known, true
	}
	return known, known == asked
}

// slug is the repository for which the Travis client may have an endpoint.
func (r repositories) slug() string {
	switch {
	case len(r.targets) > 0:
		return r.targets[0].Slug
	case len(r.found) > 0:
		return r.found[0].Slug
	}
	return ""
}

func (o *options) readProvider() (travisapi.Provider, error) {
	if o.provider == "" {
		return "", nil
	}
	provider, err := travisapi.ParseProvider(o.provider)
	if err != nil {
		return "", &usageError{what: "--provider is none that Travis knows", hints: []string{"it is github, gitlab, bitbucket or assembla"}}
	}
	return provider, nil
}

// namedRepositories lists what --repo and --repos-from name, as it was typed.
func (p *program) namedRepositories(ctx context.Context, o *options) ([]string, error) {
	named := o.repos
	if o.reposFrom == "" {
		return named, nil
	}
	text, err := p.readList(ctx, o)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "#")
		if line = strings.TrimSpace(line); line != "" {
			named = append(named, line)
		}
	}
	if lines.Err() != nil || len(named) == 0 {
		return nil, &usageError{what: "--repos-from names no repository", hints: []string{"give OWNER/NAME, one a line; # begins a comment"}}
	}
	return named, nil
}

func (p *program) readList(ctx context.Context, o *options) (string, error) {
	if o.reposFrom == "-" {
		if o.passwordStdin {
			return "", &usageError{
				what:  "--password-stdin and --repos-from - both read standard input",
				hints: []string{"read the repositories from a file, or set CONVOX_PASSWORD"},
			}
		}
		return p.readInput(ctx)
	}
	text, err := os.ReadFile(o.reposFrom)
	if err != nil {
		var path *os.PathError
		reason := "it cannot be read"
		if errors.As(err, &path) {
			reason = path.Err.Error()
		}
		return "", &usageError{
			what:  fmt.Sprintf("--repos-from %s: %s", o.reposFrom, reason),
			hints: []string{"name a file with OWNER/NAME, one a line, or - for standard input"},
		}
	}
	return string(text), nil
}

// read makes a target of a slug or a pasted address. A slug alone is the
// clone's when the clone has it, else GitHub's.
func (r repositories) read(text string, provider travisapi.Provider) (setup.Target, error) {
	remote, err := gitrepo.ParseRepository(text)
	if err != nil {
		return setup.Target{}, &usageError{what: "--repo: " + err.Error(), hints: hintsOf(err)}
	}
	candidates := []gitrepo.Remote{remote}
	if remote.Host == "" {
		if candidates = r.withSlug(remote.Slug); len(candidates) == 0 {
			remote.Provider = string(cmp.Or(provider, travisapi.GitHub))
			candidates = []gitrepo.Remote{remote}
		}
	}
	var targets []setup.Target
	for _, candidate := range candidates {
		if on, ok := agreed(candidate, provider); ok {
			targets = append(targets, setup.Target{Provider: on, Slug: remote.Slug})
		}
	}
	if len(targets) != 1 {
		return setup.Target{}, whichProvider(remote.Slug, candidates)
	}
	return targets[0], nil
}

// withSlug lists the clone's remotes of this slug.
func (r repositories) withSlug(slug string) []gitrepo.Remote {
	var same []gitrepo.Remote
	for _, remote := range r.found {
		if strings.EqualFold(remote.Slug, slug) {
			same = append(same, remote)
		}
	}
	return same
}

func whichProvider(slug string, candidates []gitrepo.Remote) error {
	var hosts []string
	for _, candidate := range candidates {
		hosts = append(hosts, candidate.Host)
	}
	return &usageError{
		what:  fmt.Sprintf("--repo: %s is on %s, and which provider that is for Travis is not clear", slug, strings.Join(hosts, " and ")),
		hints: []string{"say it with --provider github, gitlab, bitbucket or assembla, which must be the host's"},
	}
}

// missingHint tells why the clone did not answer which repository is meant.
func (r repositories) missingHint() string {
	if len(r.found) == 0 {
		return "--repo OWNER/NAME, or run it inside the repository's clone"
	}
	var names []string
	for _, remote := range r.found {
		name := "--repo " + remote.Slug
		if remote.Provider != gitrepo.GitHub {
			name += " --provider " + cmp.Or(remote.Provider, "NAME")
		}
		names = append(names, name)
	}
	return "the clone does not say it alone: " + strings.Join(names, ", or ")
}
