package main

import (
	"fmt"
	"math"
	"strings"

	"al.essio.dev/pkg/shellescape"
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

// table tells the findings to a person. What nobody asked for by name and has
// nothing of Convox is only counted.
func (s *checkPresenter) table(audit setup.Audit) {
	column, notSetUp, shown := len("REPOSITORY"), 0, audit.Findings[:0:0]
	width := s.tableWidth()
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
		fmt.Fprintf(s.out, "%-*s%s%-*s%s%s\n", severityColumn, "SEVERITY", gap, column, "REPOSITORY", gap, "FINDING")
	}
	for _, f := range shown {
		s.row(f, column, width)
	}
	for _, audited := range audit.Repositories {
		repo := shellescape.StripUnsafe(audited.Target.String())
		if c := audited.Travis; c != nil && c.Confirmed {
			fmt.Fprintf(s.out, "%s: what a push to %s runs is confirmed by Travis%s\n", repo, shellescape.StripUnsafe(c.Branch), importsOf(c.Imports))
		}
		switch {
		case audited.Proof != nil:
			fmt.Fprintln(s.out, strings.TrimSpace(repo+": a build logged in with what is set  "+audited.Proof.Page))
		case audited.Unbuilt != "":
			fmt.Fprintf(s.out, "%s: no build was started: %s\n", repo, audited.Unbuilt)
		}
	}
	fmt.Fprintln(s.out, strings.Join(text.WrapWhole(summaryOf(audit, notSetUp), width), "\n"))
}

// importsOf says how many files Travis imports.
func importsOf(imports []string) string {
	if len(imports) == 0 {
		return ""
	}
	return ", with " + count(len(imports), "imported file")
}

// tableWidth is how wide the table may be.
func (s *checkPresenter) tableWidth() int {
	width := s.outWidth()
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

// row is a finding, and below it what mends it.
func (s *checkPresenter) row(f setup.Finding, column, width int) {
	repo := repoCell(f)
	head := fmt.Sprintf("%-*s%s%s", severityColumn, f.Severity, gap, repo)
	indent := strings.Repeat(" ", severityColumn+len(gap)+column+len(gap))
	if narrow := width < 2*len(indent); narrow || ansi.StringWidth(repo) > column {
		fmt.Fprintln(s.out, head)
		head = ""
		if narrow {
			indent = gap
		}
	}
	head += strings.Repeat(" ", len(indent)-ansi.StringWidth(head))
	for i, line := range text.WrapWhole(f.Message, width-len(indent)) {
		if i > 0 {
			head = indent
		}
		fmt.Fprintln(s.out, head+line)
	}
	under := strings.Repeat(" ", min(severityColumn+len(gap), len(indent)))
	for hint := range strings.SplitSeq(f.Hint, "\n") {
		lead := "hint: "
		for _, line := range hintLines(hint, width-len(under)-len(lead)) {
			fmt.Fprintln(s.out, under+lead+line)
			lead = strings.Repeat(" ", len(lead))
		}
	}
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
	return shellescape.StripUnsafe(f.Target.String())
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
			found = append(found, count(n, string(s)))
		}
	}
	summary := "nothing found"
	if len(found) > 0 {
		summary = strings.Join(found, ", ")
	}
	summary += " in " + repositoriesOf(len(audit.Repositories))
	if notSetUp > 0 {
		summary += fmt.Sprintf(", of which %d with nothing of Convox", notSetUp)
	}
	if n := len(audit.Errs()); n > 0 {
		summary += fmt.Sprintf("; %d could not be checked", n)
	}
	return summary
}

func repositoriesOf(n int) string {
	if n == 1 {
		return "1 repository"
	}
	return fmt.Sprintf("%d repositories", n)
}
