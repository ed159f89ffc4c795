package main

import (
	"cmp"
	"fmt"
	"strings"

	"al.essio.dev/pkg/shellescape"

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
		Proof    *proofDocument   `json:"proof"`  // null without --build
		Travis   *travisDocument  `json:"travis"` // null where the file isn't at hand
		Error    *messageDocument `json:"error"`
	}
	travisDocument struct {
		Confirmed  bool     `json:"confirmed"`
		Difference string   `json:"difference"` // in a sentence, or ""
		Imports    []string `json:"imports"`    // OWNER/NAME:PATH@REF
		Reason     string   `json:"reason"`     // why there is no answer that counts, or ""
	}
	proofDocument struct {
		State  string `json:"state"`  // of the build, "passed"; "" where none was asked for
		Page   string `json:"page"`   // of the build, or ""
		Reason string `json:"reason"` // why none was asked for, or ""
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

// audit tells what was found. err is why the proof was stopped, or nil.
func (s *checkPresenter) audit(audit setup.Audit, err error) error {
	code := auditExit(audit)
	show := presenter{program: s.program}
	show.errors(audit.Errs())
	if err != nil {
		code = exitCode(err)
		printError(s.err, err)
	}
	switch s.o.json {
	case jsonDocument:
		document := documentOf(audit, code)
		document.Error = errorOf(err)
		s.print(document)
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
		repository := auditedDocument{
			Slug: audited.Target.Slug, ID: audited.ID, Provider: string(audited.Target.Provider), Error: errorOf(audited.Err),
		}
		if c := audited.Travis; c != nil {
			repository.Travis = &travisDocument{Confirmed: c.Confirmed, Difference: c.Difference, Imports: append([]string{}, c.Imports...), Reason: c.Reason}
		}
		switch {
		case audited.Proof != nil:
			repository.Proof = &proofDocument{State: audited.Proof.State, Page: audited.Proof.Page}
		case audited.Unbuilt != "":
			repository.Proof = &proofDocument{Reason: audited.Unbuilt}
		}
		document.Repositories = append(document.Repositories, repository)
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
