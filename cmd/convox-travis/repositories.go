package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"convox-travis/internal/crash"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/problem"
	"convox-travis/internal/setup"
	"convox-travis/internal/travisyml"
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
	if own, source, ok := setup.OwnOne(clone, provider); ok && len(named) == 0 && !o.all {
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
func (p *program) noteSource(o *options, r repositories) {
	if r.source != "" && o.json == "" {
		fmt.Fprintf(p.err, "note: %s is %s\n", r.targets[0], r.source)
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
		return nil, &usageError{what: "--repos-from: the list is written in UTF-16", hints: []string{"save it as UTF-8"}}
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
		return nil, &usageError{what: "--repos-from names no repository", hints: []string{"give OWNER/NAME, one a line; # begins a comment"}}
	}
	return all, nil
}

func (p *program) readList(ctx context.Context, o *options) (string, error) {
	if o.reposFrom == "-" {
		if o.passwordStdin {
			return "", &usageError{
				what:  "--password-stdin and --repos-from - both read standard input",
				hints: []string{"read the repositories from a file, or set CONVOX_PASSWORD"},
			}
		}
		return p.standardInput(ctx, listInput)
	}
	// Opening a pipe waits for its writer, so that is left behind too.
	opened := make(chan *os.File, 1)
	failed := make(chan error, 1)
	go func() {
		defer crash.Catch()
		file, err := os.Open(o.reposFrom)
		if err != nil {
			failed <- err
			return
		}
		opened <- file
	}()
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case err := <-failed:
		reason := "it cannot be read"
		if path, is := errors.AsType[*os.PathError](err); is {
			reason = path.Err.Error()
		}
		return "", &usageError{
			what:  "--repos-from: " + reason, // not the name: an address in its place can carry a token
			hints: []string{"name a file with OWNER/NAME, one a line, or - for standard input"},
		}
	case file := <-opened:
		defer file.Close() // nothing was written
		return listInput.read(ctx, "the file", file)
	}
}
