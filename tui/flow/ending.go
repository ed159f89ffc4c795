package flow

// Ending is how it ended, for Done and for what stays in the terminal.
func (f *Flow) Ending() (title string, lines []Line) {
	if f.result.report == nil || len(f.result.report.Repositories) == 0 {
		return "", nil
	}
	return "Done", f.endLines()
}
