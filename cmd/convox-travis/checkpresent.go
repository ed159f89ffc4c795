package main

import (
	"cmp"
	"fmt"
	"strings"

	"al.essio.dev/pkg/shellescape"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/convox"
	"convox-travis/internal/setup"
)

// The document that check --json prints, and its findings, of which
// --json=lines prints one a line.
type (
	checkDocument struct {
		Version      int               `json:"version"`
		Result       string            `json:"result"` // "done" when nothing was found or notes alone, "found", "refused", "failed" or "interrupted"
		Host         string            `json:"host"`
		Repositories []auditedDocument `json:"repositories"`
		Findings     []findingDocument `json:"findings"`
		Error        *messageDocument  `json:"error"`
	}
	auditedDocument struct {
		Slug     string           `json:"slug"`
		ID       int              `json:"id"`
		Provider string           `json:"provider"`
		Error    *messageDocument `json:"error"`
	}
	findingDocument struct {
		Severity   string  `json:"severity"`
		Code       string  `json:"code"`
		Message    string  `json:"message"`
		Hint       string  `json:"hint"`
		Repository *string `json:"repository"` // null where it is about none
		Provider   *string `json:"provider"`
	}
)

// checkPresenter tells what an audit found: findings to standard output, all
// else to standard error.
type checkPresenter struct {
	*program
	o    *checkOptions
	host convox.Host
}

// fail ends an audit that found out nothing.
func (s *checkPresenter) fail(err error) error {
	code := exitCode(err)
	printError(s.err, err)
	if s.o.json == jsonDocument {
		s.print(checkDocument{Result: results[code], Error: errorOf(err)})
	}
	return &reportedError{code: code}
}

// proof shows how a build goes to someone who is looking.
func (s *checkPresenter) proof(e setup.ProofEvent) {
	if s.o.json == "" && s.shown {
		fmt.Fprintln(s.err, shellescape.StripUnsafe(strings.TrimSpace("the build: "+e.State+" "+e.Page)))
	}
}

func (s *checkPresenter) print(document checkDocument) {
	document.Version, document.Host = formatVersion, s.host.String()
	document.Repositories = append([]auditedDocument{}, document.Repositories...) // none is [], not null
	document.Findings = append([]findingDocument{}, document.Findings...)
	_ = printJSON(s.out, document) // what cannot be written is told at the end
}

func (s *checkPresenter) audit(audit setup.Audit) error {
	code := auditExit(audit)
	show := presenter{program: s.program}
	show.errors(audit.Errs())
	switch s.o.json {
	case jsonDocument:
		s.print(documentOf(audit, code))
	case jsonLines:
		for _, finding := range audit.Findings {
			_ = printJSON(s.out, findingOf(finding)) // what cannot be written is told at the end
		}
	default:
		s.table(audit)
	}
	if code == exitDone {
		return nil
	}
	return &reportedError{code: code}
}

// auditExit is the exit code of an audit: refused, failed, found, in this order.
// Notes are nothing to be mended.
func auditExit(audit setup.Audit) int {
	if audit.Refused {
		return exitRefused
	}
	code := exitDone
	for _, err := range audit.Errs() {
		if code = exitCode(err); code == exitRefused {
			return code
		}
	}
	if code != exitDone {
		return exitFailed
	}
	if audit.Count(setup.SeverityError)+audit.Count(setup.SeverityWarning) > 0 {
		return exitFound
	}
	return exitDone
}

func documentOf(audit setup.Audit, code int) checkDocument {
	document := checkDocument{Result: cmp.Or(results[code], "found")}
	for _, audited := range audit.Repositories {
		document.Repositories = append(document.Repositories, auditedDocument{
			Slug: audited.Target.Slug, ID: audited.ID, Provider: string(audited.Target.Provider), Error: errorOf(audited.Err),
		})
	}
	for _, finding := range audit.Findings {
		document.Findings = append(document.Findings, findingOf(finding))
	}
	return document
}

func findingOf(f setup.Finding) findingDocument {
	document := findingDocument{Severity: string(f.Severity), Code: f.Code, Message: f.Message, Hint: f.Hint}
	if slug, provider := f.Target.Slug, string(f.Target.Provider); slug != "" {
		document.Repository, document.Provider = &slug, &provider
	}
	return document
}

// The table's columns. It is as wide as any terminal is at the least.
const (
	tableWidth      = 80
	severityColumn  = len("SEVERITY")
	longestRepoCell = 28 // a longer name has a line of its own
	gap             = "  "
)

// table tells the findings to a person. What nobody asked for by name and has
// nothing of Convox is only counted.
func (s *checkPresenter) table(audit setup.Audit) {
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
		fmt.Fprintf(s.out, "%-*s%s%-*s%s%s\n", severityColumn, "SEVERITY", gap, column, "REPOSITORY", gap, "FINDING")
	}
	for _, f := range shown {
		s.row(f, column)
	}
	fmt.Fprintln(s.out, summaryOf(audit, notSetUp))
}

// row is a finding, and below it what mends it.
func (s *checkPresenter) row(f setup.Finding, column int) {
	repo := repoCell(f)
	head := fmt.Sprintf("%-*s%s%s", severityColumn, f.Severity, gap, repo)
	indent := strings.Repeat(" ", severityColumn+len(gap)+column+len(gap))
	if ansi.StringWidth(repo) > column {
		fmt.Fprintln(s.out, head)
		head = ""
	}
	head += strings.Repeat(" ", len(indent)-ansi.StringWidth(head))
	for i, line := range wordWrap(f.Message, tableWidth-len(indent)) {
		if i > 0 {
			head = indent
		}
		fmt.Fprintln(s.out, head+line)
	}
	// A hint holds commands, which are easier to copy from longer lines.
	under := strings.Repeat(" ", severityColumn+len(gap))
	for hint := range strings.SplitSeq(f.Hint, "\n") {
		lead := "hint: "
		for _, line := range wordWrap(hint, tableWidth-len(under)-len(lead)) {
			fmt.Fprintln(s.out, under+lead+line)
			lead = strings.Repeat(" ", len(lead))
		}
	}
}

func repoCell(f setup.Finding) string {
	if f.Target.Slug == "" {
		return "-"
	}
	return shellescape.StripUnsafe(f.Target.String())
}

// wordWrap cuts a text into lines between its words; a word that is too long
// stays whole, so that it can be copied. No text is no line.
func wordWrap(text string, width int) []string {
	var lines []string
	for _, word := range strings.Fields(text) {
		word = shellescape.StripUnsafe(word)
		last := len(lines) - 1
		if last >= 0 && ansi.StringWidth(lines[last])+1+ansi.StringWidth(word) <= width {
			lines[last] += " " + word
			continue
		}
		lines = append(lines, word)
	}
	return lines
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
	text := "nothing found"
	if len(found) > 0 {
		text = strings.Join(found, ", ")
	}
	text += " in " + repositoriesOf(len(audit.Repositories))
	if notSetUp > 0 {
		text += fmt.Sprintf(", of which %d with nothing of Convox", notSetUp)
	}
	if n := len(audit.Errs()); n > 0 {
		text += fmt.Sprintf("; %d could not be checked", n)
	}
	return text
}

func repositoriesOf(n int) string {
	if n == 1 {
		return "1 repository"
	}
	return fmt.Sprintf("%d repositories", n)
}
