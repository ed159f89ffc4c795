package setup

import (
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
	// NamesRack is whether .convox/rack is there, which the convox client takes
	// where no --rack is given.
	NamesRack bool
}

// fileFacts is what a repository's .travis.yml does. The nil one is that of a
// file that is not here: it does nothing.
type fileFacts struct {
	missing   bool
	err       error
	report    travisyml.Report
	old       []oldSecret
	namesRack bool
}

// oldSecret is a secret that the file no longer has and a commit has.
type oldSecret struct {
	commit   string
	variable travisyml.Variable
}

// of returns the facts where the clone is that of target.
func (c *ClonedFile) of(target Target) *fileFacts {
	if c == nil || len(Distinct(append(c.Targets[:len(c.Targets):len(c.Targets)], target))) != len(Distinct(c.Targets)) {
		return nil
	}
	f := &fileFacts{missing: c.File.Missing, err: c.Err, namesRack: c.NamesRack}
	if f.err == nil {
		var document *travisyml.Document
		if document, f.err = travisyml.Parse(c.File.Text); f.err == nil {
			f.report = document.Inspect()
		}
	}
	f.old = oldSecrets(f.report, c.Old)
	return f
}

// oldSecrets lists each secret once, with the newest commit that has it.
func oldSecrets(now travisyml.Report, versions []gitrepo.Version) []oldSecret {
	known := exposed(now)
	var old []oldSecret
	for _, version := range versions {
		document, err := travisyml.Parse(version.Text)
		if err != nil {
			continue // nor could Travis read it
		}
		for _, v := range exposed(document.Inspect()) {
			if !holds(known, v) {
				known = append(known, v)
				old = append(old, oldSecret{version.Commit, v})
			}
		}
	}
	return old
}

func exposed(report travisyml.Report) []travisyml.Variable {
	var all []travisyml.Variable
	for _, v := range report.Variables {
		if v.Exposed {
			all = append(all, v)
		}
	}
	return all
}

func holds(all []travisyml.Variable, v travisyml.Variable) bool {
	for _, other := range all {
		if other.Name == v.Name && other.Value.Equal(v.Value) {
			return true
		}
	}
	return false
}

// sets lists where the file sets a variable.
func (f *fileFacts) sets(name string) []travisyml.Variable {
	if f == nil {
		return nil
	}
	return f.report.Sets(name)
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
	case f != nil && f.report.Imports:
		return ", unless a file that .travis.yml imports has it"
	}
	return ""
}

// isConvoxs reports whether the file has anything to do with Convox.
func (f *fileFacts) isConvoxs() bool {
	return f != nil && (len(f.report.Deploys) > 0 || len(f.sets(HostName))+len(f.sets(PasswordName))+len(f.sets(overrideName)) > 0)
}
