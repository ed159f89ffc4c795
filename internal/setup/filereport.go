package setup

// FileReport is what became of .travis.yml.
type FileReport struct {
	Path      string // clean it before it is shown
	Found     string // where it deployed already, or ""
	Step      bool   // the deploy step was added
	Encrypted bool   // the pair was added, or ours was written anew
	Err       error  // why the file was left alone, or nil
}

// Written reports whether the file was changed.
func (r FileReport) Written() bool { return r.Err == nil && (r.Step || r.Encrypted) }

// Outcome says in words what became of the file.
func (r FileReport) Outcome() string {
	switch {
	case r.Err != nil:
		return "left as it was"
	case r.Step && r.Encrypted:
		return "written: the deploy step, and the pair encrypted"
	case r.Step:
		return "written: the deploy step"
	case r.Encrypted:
		return "written: the pair encrypted"
	case r.Found != "":
		return "left as it is: it deploys already"
	}
	return "left as it is"
}

// WriteFile adds to a file, and tells what became of it.
func WriteFile(change FileChange, err error, encrypted bool) *FileReport {
	report := &FileReport{Path: change.File.Path, Found: change.Found, Err: err}
	if err == nil {
		report.Err = change.Write()
	}
	if report.Err == nil && change.Changed() {
		report.Step, report.Encrypted = change.Form != "", encrypted
	}
	return report
}
