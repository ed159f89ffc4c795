package flow

// Ending is how it ended, for Done and for what stays in the terminal.
func (f *Flow) Ending() (title string, lines []Line) {
	if r := f.result.report; r == nil || len(r.Repositories) == 0 || r.Stopped != nil || f.given.DryRun {
		return "", nil
	}
	return "Done", f.endLines()
}
