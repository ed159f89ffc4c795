package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"convox-travis/internal/audit"
	"convox-travis/internal/connect"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/text"
	"convox-travis/internal/travisyml"
	"convox-travis/travisapi"
)

func newCheck(p *program, stop *connect.Stop) *cobra.Command {
	var o checkOptions
	cmd := p.newCommand(&cobra.Command{
		Use:   "check",
		Short: "Find what is missing, risky or overridden; change nothing",
		Long: `Find what is missing, risky or overridden in the variables of repositories and,
inside the clone, in .travis.yml and its recent commits. It only reads, and says
how to fix each finding. A credential is optional; it is verified if given.`,
		Example: `  convox-travis check
  convox-travis check --last-build
  convox-travis check --repo acme/api --repo acme/web --json
  convox-travis check --owner acme --all --active
  convox-travis check --console --rack acme/production --build`,
		Annotations: map[string]string{helpExits: "0 no finding but notes, 1 failed, 4 refused, 5 findings"},
		Args:        noArguments,
	}, func() document { return &checkDocument{} }, o.check, func(context.Context, []string) result {
		return p.check(*stop, &o)
	})
	flags := cmd.Flags()
	flags.BoolVar(&o.build, "build", false, "run a test build per repository, which uses credits")
	flags.BoolVar(&o.lastBuild, "last-build", false, "say why the last build of the branch didn't deploy")
	o.credentialFlags(flags)
	o.passwordFlag(flags)
	o.repositoryFlags(flags)
	o.ownerFlags(flags)
	o.resultFlags(flags)
	o.accessibleFlag(flags)
	ignore(flags, "no-verify", "yes")
	flags.Lookup("json").Usage = "print JSON: one document, or `lines`, one per finding"
	return cmd
}

// checkOptions holds the flags of check.
type checkOptions struct {
	options
	build, lastBuild bool
}

func (o *checkOptions) check() error {
	if err := o.options.check(); err != nil {
		return err
	}
	if o.all && o.build {
		return usageError("--build and --all exclude each other, because each test build uses credits", "name the repositories with --repo OWNER/NAME")
	}
	return nil
}

// The document of check.
type (
	checkDocument struct {
		head
		Host         string                `json:"host"`
		Repositories list[auditedDocument] `json:"repositories"`
		Findings     list[findingDocument] `json:"findings"`
		Error        *messageDocument      `json:"error"`
	}
	auditedDocument struct {
		Slug      string             `json:"slug"`
		ID        int                `json:"id"`
		Provider  string             `json:"provider"`
		HasBoth   bool               `json:"has_both"` // variables
		TestBuild *testBuildDocument `json:"proof"`    // null without --build
		Travis    *travisDocument    `json:"travis"`   // null without the file
		// LastBuild is null without --last-build, or without a build.
		LastBuild *lastBuildDocument `json:"last_build"`
		Error     *messageDocument   `json:"error"`
	}
	lastBuildDocument struct {
		Number string `json:"number"`
		State  string `json:"state"`  // passed, failed, errored or canceled
		Event  string `json:"event"`  // push, pull_request, cron or api
		Commit string `json:"commit"` // the start of its SHA
	}
	travisDocument struct {
		Confirmed  bool         `json:"confirmed"`
		Difference string       `json:"difference"` // a sentence, or ""
		Imports    list[string] `json:"imports"`    // OWNER/NAME:PATH@REF
		Reason     string       `json:"reason"`     // why Travis gave no usable answer, or ""
	}
	testBuildDocument struct {
		State  string `json:"state"`  // of the build, such as "passed"; "" if none was started
		Page   string `json:"page"`   // of the build, or ""
		Reason string `json:"reason"` // why none was started, or ""
	}
	findingDocument struct {
		Severity   string  `json:"severity"`
		Code       string  `json:"code"`
		Message    string  `json:"message"`
		Hint       string  `json:"hint"`
		Repository *string `json:"repository"` // null if it isn't about one
		Provider   *string `json:"provider"`
	}
)

func (d *checkDocument) end(h head, err *messageDocument) { d.head, d.Error = h, err }
func (d *checkDocument) items() []any                     { return itemsOf(d.Findings) }

func (p *program) check(stop connect.Stop, o *checkOptions) result {
	ctx, d := stop.Soft, &checkDocument{}
	request, client, err := p.checkAnswers(ctx, o)
	if err != nil {
		return failure(err)
	}
	d.Host = request.Credential.Host.String()
	checker, err := p.connections.checker(o.fingerprint)
	if err != nil {
		return result{document: d, err: err}
	}
	if o.all {
		if request.Targets, _, err = o.listOwner(ctx, client); err != nil {
			return result{document: d, err: err}
		}
	}
	request.Clone = p.clonedFile(ctx, &o.options, request.Targets)
	auditor := audit.Auditor{Travis: client, Checker: checker, Racks: func(ctx context.Context) (audit.Searcher, error) {
		return p.connections.finder(o.profile, nil)
	}}
	var done func()
	request.Read, done = p.reading(len(request.Targets))
	report, err := auditor.Run(ctx, request)
	done()
	if err != nil {
		return result{document: d, err: err}
	}
	spell := speller{client: client}
	for i, f := range report.Findings {
		if f.Code == audit.FoundUnknown {
			report.Findings[i].Message += spell.suggest(ctx, f.Target)
		}
	}
	if o.build && !report.Refused {
		err = report.RunTestBuilds(stop, request, audit.TestBuilder{Builder: client, Tell: p.showTestBuild})
	}
	d.fill(report)
	r := result{document: d, err: err, errs: report.Errs(), lines: checkTable(report, o.all, p.tableWidth())}
	switch found := report.Count(audit.SeverityError) + report.Count(audit.SeverityWarning); {
	case report.Refused:
		r.code = exitRefused
	case len(r.errors()) == 0 && found > 0:
		r.code = exitFound
	}
	return r
}

// showTestBuild shows the progress of a test build on a terminal.
func (p *program) showTestBuild(e audit.TestBuildEvent) {
	if p.errIsTerminal {
		p.note("%s", strings.TrimSpace("test build: "+e.State+" "+e.Page))
	}
}

// fill fills the document from an audit.
func (d *checkDocument) fill(report audit.Report) {
	for _, audited := range report.Repositories {
		repository := auditedDocument{
			Slug: audited.Target.Slug, ID: audited.ID, Provider: string(audited.Target.Provider), HasBoth: audited.HasBoth, Error: errorOf(audited.Err),
		}
		if c := audited.Travis; c != nil {
			repository.Travis = &travisDocument{c.Confirmed, c.Difference, c.Imports, c.Reason}
		}
		if b := audited.LastBuild; b.ID != 0 {
			repository.LastBuild = &lastBuildDocument{b.Number, b.State, b.Event, b.Commit}
		}
		switch {
		case audited.TestBuild != nil:
			repository.TestBuild = &testBuildDocument{State: audited.TestBuild.State, Page: audited.TestBuild.Page}
		case audited.Unbuilt != "":
			repository.TestBuild = &testBuildDocument{Reason: audited.Unbuilt}
		}
		d.Repositories = append(d.Repositories, repository)
	}
	for _, f := range report.Findings {
		finding := findingDocument{Severity: string(f.Severity), Code: f.Code, Message: f.Message, Hint: f.Hint}
		if slug, provider := f.Target.Slug, string(f.Target.Provider); slug != "" {
			finding.Repository, finding.Provider = &slug, &provider
		}
		d.Findings = append(d.Findings, finding)
	}
}

// checkAnswers reads the answers, and lists those that are missing. The credential is
// optional, unless half of it was given.
func (p *program) checkAnswers(ctx context.Context, o *checkOptions) (audit.Request, *travisapi.Client, error) {
	request := audit.Request{Branch: o.branch, WholeOwner: o.all, LastBuild: o.lastBuild, Player: player(), Given: o.repeatedFlags(), Hints: hintsOf}
	a, err := p.answers(ctx, &o.options, "check", func(m *missing, to login) {
		if !to.isSet() && (o.passwordStdin || o.saved) {
			m.addSignIn()
		}
		if o.build && !to.isSet() {
			m.add("the Rack that builds log in to", "pass --rack NAME, --host HOST, or --console with --rack ORG/NAME")
		}
		if o.build && to.console && to.rack == "" {
			m.add("the Rack behind the Console", "pass --rack ORG/NAME")
		}
	})
	if err != nil {
		return request, nil, err
	}
	request.Targets, request.Rack = a.request.Targets, a.login.rack
	request.OwnTravis = a.travis.Endpoint() != travisapi.HostedEndpoint
	if a.login.isSet() {
		err = p.locate(ctx, &o.options, &a)
	}
	request.Credential, request.Known = a.request.Credential, a.warnings
	return request, a.travis, err
}

// lastCommits is how many changes of .travis.yml are searched for secrets.
const lastCommits = 50

// clonedFile reads the .travis.yml of the current clone, if that is one of targets;
// else it returns nil.
func (p *program) clonedFile(ctx context.Context, o *options, targets []connect.Target) *audit.ClonedFile {
	provider, err := o.readProvider()
	if err != nil {
		return nil
	}
	clone, err := gitrepo.Open(ctx, p.dir)
	if err != nil {
		return nil
	}
	clones := connect.CloneTargets(clone, provider)
	if !slices.ContainsFunc(clones, func(ours connect.Target) bool { return slices.ContainsFunc(targets, ours.IsSame) }) {
		return nil
	}
	cloned := &audit.ClonedFile{Targets: clones}
	cloned.File, cloned.Err = travisyml.Open(clone.Root)
	if errors.Is(cloned.Err, travisyml.ErrNoClone) || cloned.Err == nil && cloned.File.Root != filepath.Clean(clone.Root) {
		return nil // it has no work tree
	}
	cloned.Old, _ = clone.History(ctx, travisyml.FileName, lastCommits) // no history, no secrets in it
	_, err = os.Stat(filepath.Join(clone.Root, ".convox", "rack"))
	cloned.NamesRack = err == nil
	return cloned
}

// The table's columns.
const (
	widestTable     = 120 // a longer line is hard to read
	severityColumn  = len("SEVERITY")
	longestRepoCell = 28 // a longer name gets its own line
	gap             = "  "
)

// checkTable lists findings for people. Repositories without any Convox setup that
// weren't named are only counted. Of a whole owner's, it lists those that have both
// variables.
func checkTable(report audit.Report, isWholeOwner bool, width int) (lines []string) {
	column, notSetUp, shown := len("REPOSITORY"), 0, report.Findings[:0:0]
	for _, f := range report.Findings {
		if f.Code == audit.FoundNotSetUp {
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
	var both []string
	for _, audited := range report.Repositories {
		repo := audited.Target.String()
		if isWholeOwner && audited.HasBoth {
			both = append(both, repo)
		}
		if c := audited.Travis; c != nil && c.Confirmed {
			line := repo + ": Travis confirms what a push to " + c.Branch + " runs"
			if n := len(c.Imports); n > 0 {
				line += ", with " + text.Count(n, "imported file")
			}
			lines = append(lines, line)
		}
		switch {
		case audited.TestBuild != nil:
			lines = append(lines, strings.TrimSpace(repo+": a test build logged in with the stored variables  "+audited.TestBuild.Page))
		case audited.Unbuilt != "":
			lines = append(lines, repo+": no test build was started: "+audited.Unbuilt)
		}
	}
	if len(both) > 0 {
		words := fmt.Sprintf("%s with both variables: %s", text.Count(len(both), "repository"), strings.Join(both, ", "))
		lines = append(lines, text.WrapWhole(words, width)...)
	}
	return append(lines, text.WrapWhole(summaryOf(report, notSetUp), width)...)
}

// tableWidth is how wide the table may be.
func (p *program) tableWidth() int {
	width := p.outWidth()
	if width == math.MaxInt {
		return width
	}
	return min(max(width, 30), widestTable)
}

// outWidth is the width that the terminal has for the result; unlimited without a
// terminal.
func (p *program) outWidth() int {
	if to, is := p.out.(*output); is {
		if width, is := terminalWidth(to.to); is {
			return width - 1
		}
	}
	return math.MaxInt
}

// checkRow is a finding, and below it how to fix it.
func checkRow(f audit.Finding, column, width int) (lines []string) {
	repo := repoCell(f)
	head := fmt.Sprintf("%-*s%s%s", severityColumn, f.Severity, gap, repo)
	indent := strings.Repeat(" ", severityColumn+len(gap)+column+len(gap))
	if isNarrow := width < 2*len(indent); isNarrow || ansi.StringWidth(repo) > column {
		lines = append(lines, head)
		head = ""
		if isNarrow {
			indent = gap
		}
	}
	head += strings.Repeat(" ", len(indent)-ansi.StringWidth(head))
	for _, line := range text.WrapWhole(text.Clean(f.Message), width-len(indent)) {
		lines = append(lines, head+line)
		head = indent
	}
	under := strings.Repeat(" ", min(severityColumn+len(gap), len(indent)))
	if f.Hint == "" {
		return lines
	}
	for hint := range strings.SplitSeq(f.Hint, "\n") {
		lead := "hint: "
		for _, line := range hintLines(hint, width-len(under)-len(lead)) {
			lines = append(lines, under+lead+line)
			lead = strings.Repeat(" ", len(lead))
		}
	}
	return lines
}

// hintLines wraps a hint, but keeps a command at its end whole, to be copied.
func hintLines(hint string, width int) []string {
	const command = "convox-travis "
	lead, _, found := strings.Cut(hint, command)
	if isLast := strings.HasSuffix(strings.TrimSuffix(lead, "run "), ": ") || lead == "then "; found && isLast && ansi.StringWidth(hint) > width {
		return append(text.WrapWhole(lead, width), hint[len(lead):])
	}
	return text.WrapWhole(hint, width)
}

func repoCell(f audit.Finding) string {
	if f.Target.Slug == "" {
		return "-"
	}
	return text.Clean(f.Target.String())
}

// summaryOf counts the findings.
func summaryOf(report audit.Report, notSetUp int) string {
	var found []string
	for _, s := range []audit.Severity{audit.SeverityError, audit.SeverityWarning, audit.SeverityNote} {
		n := report.Count(s)
		if s == audit.SeverityNote {
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
	summary += " in " + text.Count(len(report.Repositories), "repository")
	if notSetUp > 0 {
		summary += fmt.Sprintf(", of which %d without Convox variables", notSetUp)
	}
	if n := len(report.Errs()); n > 0 {
		summary += fmt.Sprintf("; %d could not be checked", n)
	}
	return summary
}
