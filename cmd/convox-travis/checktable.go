package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/setup"
	"convox-travis/internal/text"
)

// The table's columns.
const (
	widestTable     = 120 // a longer line is hard to read
	severityColumn  = len("SEVERITY")
	longestRepoCell = 28 // a longer name has a line of its own
	gap             = "  "
)

// checkTable lists findings for people. What nobody asked for by name and has
// nothing of Convox is only counted.
func checkTable(audit setup.Audit, width int) (lines []string) {
	column, notSetUp, shown := len("REPOSITORY"), 0, audit.Findings[:0:0]
	for _, f := range audit.Findings {
		if f.Code == setup.FoundNotSetUp {
			notSetUp++
			continue
		}
		shown = append(shown, f)
		if n := ansi.StringWidth(repoCell(f)); n <= longestRepoCell {
			column = max(column, n)
		}
	}
	if len(shown) > 0 {
		lines = append(lines, fmt.Sprintf("%-*s%s%-*s%s%s", severityColumn, "SEVERITY", gap, column, "REPOSITORY", gap, "FINDING"))
	}
	for _, f := range shown {
		lines = append(lines, checkRow(f, column, width)...)
	}
	for _, audited := range audit.Repositories {
		repo := audited.Target.String()
		if c := audited.Travis; c != nil && c.Confirmed {
			lines = append(lines, repo+": what a push to "+c.Branch+" runs is confirmed by Travis"+importsOf(c.Imports))
		}
		switch {
		case audited.Proof != nil:
			lines = append(lines, strings.TrimSpace(repo+": a build logged in with what is set  "+audited.Proof.Page))
		case audited.Unbuilt != "":
			lines = append(lines, repo+": no build was started: "+audited.Unbuilt)
		}
	}
	return append(lines, text.WrapWhole(summaryOf(audit, notSetUp), width)...)
}

// importsOf says how many files Travis imports.
func importsOf(imports []string) string {
	if len(imports) == 0 {
		return ""
	}
	return ", with " + text.Count(len(imports), "imported file")
}

// tableWidth is how wide the table may be.
func (p *program) tableWidth() int {
	width := p.outWidth()
	if width == math.MaxInt {
		return width
	}
	return min(max(width, 30), widestTable)
}

// outWidth is how wide a terminal lets the result be; what is no terminal breaks
// no line.
func (p *program) outWidth() int {
	if to, is := p.out.(*output); is {
		if width, is := terminalWidth(to.to); is {
			return width - 1
		}
	}
	return math.MaxInt
}

// checkRow is a finding, and below it what mends it.
func checkRow(f setup.Finding, column, width int) (lines []string) {
	repo := repoCell(f)
	head := fmt.Sprintf("%-*s%s%s", severityColumn, f.Severity, gap, repo)
	indent := strings.Repeat(" ", severityColumn+len(gap)+column+len(gap))
	if narrow := width < 2*len(indent); narrow || ansi.StringWidth(repo) > column {
		lines = append(lines, head)
		head = ""
		if narrow {
			indent = gap
		}
	}
	head += strings.Repeat(" ", len(indent)-ansi.StringWidth(head))
	for _, line := range text.WrapWhole(text.Clean(f.Message), width-len(indent)) {
		lines = append(lines, head+line)
		head = indent
	}
	under := strings.Repeat(" ", min(severityColumn+len(gap), len(indent)))
	for hint := range strings.SplitSeq(f.Hint, "\n") {
		lead := "hint: "
		for _, line := range hintLines(hint, width-len(under)-len(lead)) {
			lines = append(lines, under+lead+line)
			lead = strings.Repeat(" ", len(lead))
		}
	}
	return lines
}

// hintLines breaks a hint into lines; a command at its end, which is to be copied,
// stays whole.
func hintLines(hint string, width int) []string {
	const command = "convox-travis "
	lead, _, found := strings.Cut(hint, command)
	if copied := strings.HasSuffix(lead, ": ") || lead == "then "; found && copied && ansi.StringWidth(hint) > width {
		return append(text.WrapWhole(lead, width), hint[len(lead):])
	}
	return text.WrapWhole(hint, width)
}

func repoCell(f setup.Finding) string {
	if f.Target.Slug == "" {
		return "-"
	}
	return text.Clean(f.Target.String())
}

// summaryOf counts what was found.
func summaryOf(audit setup.Audit, notSetUp int) string {
	var found []string
	for _, s := range []setup.Severity{setup.SeverityError, setup.SeverityWarning, setup.SeverityNote} {
		n := audit.Count(s)
		if s == setup.SeverityNote {
			n -= notSetUp
		}
		if n > 0 {
			found = append(found, text.Count(n, string(s)))
		}
	}
	summary := "nothing found"
	if len(found) > 0 {
		summary = strings.Join(found, ", ")
	}
	summary += " in " + text.Count(len(audit.Repositories), "repository")
	if notSetUp > 0 {
		summary += fmt.Sprintf(", of which %d with nothing of Convox", notSetUp)
	}
	if n := len(audit.Errs()); n > 0 {
		summary += fmt.Sprintf("; %d could not be checked", n)
	}
	return summary
}
