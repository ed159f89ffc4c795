package setup

import (
	"context"
	"slices"
	"strings"

	"convox-travis/internal/build"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/travisyml"
)

// ClonedFile is the .travis.yml of the clone at hand. Those of other
// repositories are not here to be looked at.
type ClonedFile struct {
	Targets []Target // what the clone is on Travis
	File    travisyml.File
	Err     error             // why it could not be read
	Old     []gitrepo.Version // as the last commits left it, newest first
	Player  build.Player      // plays its builds
	// NamesRack is whether .convox/rack is there, which the convox client takes
	// where no --rack is given.
	NamesRack bool
}

// fileFacts is what a repository's .travis.yml does. The nil one is that of a
// file that is not here: it does nothing.
type fileFacts struct {
	missing   bool
	err       error
	root      string // of the clone
	text      string
	config    *build.Config
	report    travisyml.Report
	old       []oldSecret
	namesRack bool
	app       string // of a command that names none
	player    build.Player
	played    *playedFile // nil until its builds are played
}

// oldSecret is a secret that the file no longer has and a commit has.
type oldSecret struct {
	commit string
	travisyml.Secret
}

// of returns the facts where the clone is that of target. The builds aren't played
// yet.
func (c *ClonedFile) of(ctx context.Context, target Target) *fileFacts {
	if c == nil || len(Distinct(append(c.Targets[:len(c.Targets):len(c.Targets)], target))) != len(Distinct(c.Targets)) {
		return nil
	}
	f := &fileFacts{missing: c.File.Missing, err: c.Err, namesRack: c.NamesRack, root: c.File.Root, text: c.File.Text, app: c.File.AppName(target.Slug), player: c.Player}
	if f.err == nil {
		var document *travisyml.Document
		if document, f.err = travisyml.Parse(c.File.Text); f.err == nil {
			f.report = document.Inspect()
			f.config, f.err = build.Parse(ctx, []byte(c.File.Text))
		}
	}
	f.old = oldSecrets(f.report, c.Old)
	return f
}

// oldSecrets lists each secret once, with the newest commit that has it.
func oldSecrets(now travisyml.Report, versions []gitrepo.Version) []oldSecret {
	known := now.Secrets
	var old []oldSecret
	for _, version := range versions {
		document, err := travisyml.Parse(version.Text)
		if err != nil {
			continue // nor could Travis read it
		}
		for _, secret := range document.Inspect().Secrets {
			if !holds(known, secret) {
				known = append(known[:len(known):len(known)], secret)
				old = append(old, oldSecret{version.Commit, secret})
			}
		}
	}
	return old
}

func holds(all []travisyml.Secret, secret travisyml.Secret) bool {
	return slices.ContainsFunc(all, func(other travisyml.Secret) bool {
		return other.Name == secret.Name && other.Value.Equal(secret.Value)
	})
}

// sets lists where the file sets a variable, for jobs or for a command that
// deploys.
func (f *fileFacts) sets(name string) []travisyml.Variable {
	if f == nil {
		return nil
	}
	set := slices.DeleteFunc(f.report.Sets(name), func(v travisyml.Variable) bool { return v.Scope == travisyml.Command })
	if f.played == nil || name == "" {
		return set
	}
	for _, step := range f.played.steps {
		for _, run := range step.runs {
			if slices.Contains(run.call.Sets, name) && !f.played.job(run).sets(name) {
				set = append(set, travisyml.Variable{Name: name, Line: lineWith(f.text, name+"=", run.call.Line), Scope: travisyml.Command})
				break
			}
		}
	}
	return set
}

// lineWith returns the first line of a text that has a word, counted from 1, or
// another one where none has.
func lineWith(text, word string, other int) int {
	n := 0
	for line := range strings.Lines(text) {
		if n++; strings.Contains(line, word) {
			return n
		}
	}
	return other
}

// gives reports whether builds get a variable of the pair from the file: all of
// them, or each step that deploys. Where no step is seen, any place counts.
func (f *fileFacts) gives(name string) bool {
	set := f.sets(name)
	if slices.ContainsFunc(set, func(v travisyml.Variable) bool { return v.Scope == travisyml.Global }) {
		return true
	}
	if f == nil || f.played == nil {
		return len(set) > 0
	}
	ran := false
	for _, step := range f.played.steps {
		for _, run := range step.runs {
			ran = true
			if !run.call.LoggedIn && !slices.Contains(run.call.Sets, name) && !f.played.job(run).sets(name) {
				return false
			}
		}
	}
	return ran || len(set) > 0
}

// givesSome reports whether the file gives a variable of the pair to other jobs
// or commands than to all that deploy.
func (f *fileFacts) givesSome(name string) bool { return len(f.sets(name)) > 0 && !f.gives(name) }

// overrides lists where the file sets a variable that its steps would have from
// the settings else. A command that sets one for some of them is meant to.
func (f *fileFacts) overrides(name string) []travisyml.Variable {
	return slices.DeleteFunc(f.sets(name), func(v travisyml.Variable) bool { return v.Scope == travisyml.Command && !f.gives(name) })
}

// unnamed counts the encrypted variables whose names are encrypted too.
func (f *fileFacts) unnamed() int {
	if f == nil {
		return 0
	}
	return len(f.report.Sets(""))
}

// unless is why a variable that is nowhere may be in the file after all, as the
// end of a sentence, or "".
func (f *fileFacts) unless() string {
	switch {
	case f.unnamed() > 0:
		return ", unless .travis.yml has it encrypted, where its name cannot be seen"
	case f != nil && f.imports():
		return ", unless a file that .travis.yml imports has it"
	}
	return ""
}

// imports reports whether the file takes in others
// (https://docs.travis-ci.com/user/build-config-imports/).
func (f *fileFacts) imports() bool { return f.config != nil && f.config.Root.Get("import") != nil }

// isConvoxs reports whether the file has anything to do with Convox.
func (f *fileFacts) isConvoxs() bool {
	if f == nil {
		return false
	}
	deploys := f.config != nil && len(f.config.Mentions()) > 0
	return deploys || len(f.sets(HostName))+len(f.sets(PasswordName))+len(f.sets(overrideName)) > 0
}
