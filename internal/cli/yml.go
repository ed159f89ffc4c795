package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"convox-travis/internal/audit"
	"convox-travis/internal/build"
	"convox-travis/internal/connect"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/problem"
	"convox-travis/internal/text"
	"convox-travis/internal/travisyml"
)

func newYML(p *program) *cobra.Command {
	var o ymlOptions
	cmd := p.newCommand(&cobra.Command{
		Use:   "yml",
		Short: "Show or write the deploy step in .travis.yml",
		Long: `Show, as a diff, the step that .travis.yml needs so that builds deploy. It only
adds lines, and prints the lines to paste if that is impossible.`,
		Example: `  convox-travis yml --console --rack acme/production
  convox-travis yml --rack production --before-promote "web bin/migrate"`,
		Args: noArguments,
	}, func() document {
		if o.explain || slices.Contains(p.args, "--explain") { // the flags may not be parsed
			return &explainDocument{}
		}
		return &ymlDocument{}
	}, o.check, func(ctx context.Context, _ []string) result {
		if o.explain {
			if err := checkExplainFlags(p.command.Load().Flags()); err != nil {
				return failure(err)
			}
			return p.explainYML(ctx, &o)
		}
		return p.yml(ctx, &o)
	})
	flags := cmd.Flags()
	flags.StringVar(&o.file, "file", "", "edit the file at `PATH` (default: .travis.yml)")
	flags.StringVar(&o.app, "app", "", "deploy `NAME` (default: .convox/app, else the repository)")
	flags.StringVar(&o.step, "step", "", "`KEY`: deploy, or after_success, which can't fail builds")
	flags.StringVar(&o.manifest, "manifest", "", "deploy with the manifest at `PATH` (default: convox.yml)")
	flags.StringVar(&o.beforePromote, "before-promote", "", "run `CMD` before promoting, such as \"web rake db:migrate\"")
	flags.BoolVar(&o.write, "write", false, "write the file, but don't commit it")
	flags.BoolVar(&o.onlyCheck, "check", false, "exit 0 if a push deploys, 5 if not, 1 if unclear")
	flags.BoolVar(&o.explain, "explain", false, "explain what each kind of build deploys, offline")
	flags.BoolVar(&o.encrypt, "encrypt", false, "add both variables, encrypted, for all branches")
	o.credentialFlags(flags)
	o.passwordFlag(flags)
	o.unverifiedFlag(flags)
	o.repositoryFlags(flags)
	o.resultFlags(flags)
	ignore(flags, "yes", "accessible")
	flags.Lookup("branch").Usage = "deploy branch `NAME` only (default: the default branch)"
	return cmd
}

// ymlOptions holds the flags of yml.
type ymlOptions struct {
	options
	file, app, step                    string
	manifest, beforePromote            string
	write, onlyCheck, encrypt, explain bool
}

func (o *ymlOptions) check() error {
	if err := o.options.check(); err != nil {
		return err
	}
	switch {
	case o.step != "" && o.step != audit.FormDeploy && o.step != audit.FormAfterSuccess:
		return usageError("--step"+quoted(o.step)+": use deploy or after_success", "use deploy if a failed deployment has to fail the build")
	case audit.CheckExtras(o.manifest, o.beforePromote) != nil:
		e := problem.Of(audit.CheckExtras(o.manifest, o.beforePromote))
		return usageError(e.Reason, e.Hints...)
	case o.explain && len(o.repos) > 1:
		return usageError("--explain takes one --repo", "pass the repository that the file belongs to")
	case o.write && o.onlyCheck:
		return usageError("--write and --check exclude each other", "leave out --check to write the file")
	}
	return nil
}

// checkExplainFlags refuses flags that mean nothing with --explain.
func checkExplainFlags(flags *pflag.FlagSet) error {
	explained := []string{"explain", "file", "branch", "repo", "provider", "json", "timeout", "yes", "accessible"}
	var others []string
	flags.Visit(func(flag *pflag.Flag) {
		if !slices.Contains(explained, flag.Name) {
			others = append(others, "--"+flag.Name)
		}
	})
	if len(others) == 0 {
		return nil
	}
	return usageError("--explain can't be used with "+strings.Join(others, ", "),
		"run --explain with --file, --branch, --repo and --provider alone")
}

// ymlDocument is the document of yml.
type ymlDocument struct {
	head
	File    string       `json:"file"`
	Found   string       `json:"found"` // where the file already deploys, or ""
	Changed bool         `json:"changed"`
	Written bool         `json:"written"`
	Diff    string       `json:"diff"`
	Lines   list[string] `json:"lines"` // to paste, if the file can't be edited

	Warnings list[messageDocument] `json:"warnings"`
	Error    *messageDocument      `json:"error"`
}

func (d *ymlDocument) end(h head, err *messageDocument) { d.head, d.Error = h, err }
func (d *ymlDocument) items() []any                     { return []any{d} }

func (p *program) yml(ctx context.Context, o *ymlOptions) result {
	file, err := o.open(p.dir)
	if err != nil {
		return failure(err)
	}
	d := &ymlDocument{File: file.Path}
	request := audit.FileRequest{}
	if request.Step, err = p.deployStep(ctx, o, file); err != nil {
		return result{document: d, err: err}
	}
	switch {
	case o.encrypt && o.onlyCheck: // values can't be compared, so no login is needed
		request.Secure, err = connect.MissingSecure(file)
	case o.encrypt:
		request.Secure, err = p.encrypted(ctx, o)
	}
	if err != nil {
		return result{document: d, err: err}
	}
	change, err := audit.PlanFile(ctx, player(), file, request)
	if o.onlyCheck && context.Cause(ctx) == nil {
		builds, playErr := audit.PlayFile(ctx, player(), file, request.Step.Target)
		switch {
		case playErr == nil && builds.Found() == "":
			playErr = builds.Undecided()
		case playErr == nil && len(request.Secure) == 0:
			change, err = unchangedFile(change, builds, request.Step), nil
		}
		if playErr != nil {
			change, err = audit.FileChange{}, playErr
		}
	}
	if stopped := context.Cause(ctx); stopped != nil {
		change, err = audit.FileChange{}, stopped
	}
	switch {
	case err != nil:
		return refusedEdit(d, o, change, err)
	case o.write:
		p.noteWrite()
		if err := change.Write(); err != nil {
			return result{document: d, err: err}
		}
	}
	return plannedEdit(d, o, change)
}

// unchangedFile leaves a file that already deploys unchanged.
func unchangedFile(change audit.FileChange, builds audit.Builds, step audit.DeployStep) audit.FileChange {
	change.New, change.Found, change.Builds = change.File.Text, builds.Found(), builds
	change.Warnings = builds.Warnings(step, func(line int) int { return line })
	change.Notes = slices.DeleteFunc(change.Notes, func(n connect.Warning) bool { return n.Code != audit.CodeEnvironment })
	return change
}

// refusedEdit is the result for a file that can't be edited: the lines to paste, unless
// --check only asks whether something is missing.
func refusedEdit(d *ymlDocument, o *ymlOptions, change audit.FileChange, err error) result {
	r := result{document: d, err: err}
	if len(change.ToPaste) == 0 {
		return r
	}
	r.warnings, r.notes = change.Warnings, notesOf(change)
	d.Warnings = warningsOf(slices.Concat(change.Warnings, change.Notes))
	for i, refusal := range change.ToPaste { // the first one is err
		if i > 0 {
			r.errs = append(r.errs, refusal.Problem())
		}
		d.Lines = append(d.Lines, refusal.Lines...)
	}
	if r.lines = d.Lines; o.onlyCheck {
		r.notes, r.lines = append(r.notes, d.Lines...), nil
		r.code, r.dryRun = exitFound, true
	}
	return r
}

// plannedEdit is the result for a file that is edited, or needs no edit.
func plannedEdit(d *ymlDocument, o *ymlOptions, change audit.FileChange) result {
	d.Found, d.Changed, d.Written, d.Diff = change.Found, change.Changed(), o.write && change.Changed(), change.Diff()
	d.Warnings = warningsOf(slices.Concat(change.Warnings, change.Notes))
	r := result{document: d, warnings: change.Warnings, notes: notesOf(change), diff: d.Diff}
	switch {
	case !d.Changed:
		r.notes = append(r.notes, "nothing to add: the file already deploys, "+change.Found)
	case o.write:
		written := "written: " + d.File
		if change.File.Missing {
			written += ", a new file"
		}
		r.notes = append(r.notes, written, "next: git add "+text.Quote(d.File)+", then commit and push")
	case o.onlyCheck:
		r.code, r.dryRun = exitFound, true
		r.notes = append(r.notes, "something is missing: run this with --write instead of --check to add it")
	default:
		r.dryRun = true
		r.notes = append(r.notes, "nothing was written; pass --write to write it")
	}
	if sentence := change.Sentence(); sentence != "" {
		r.notes = append(r.notes, sentence)
	}
	return r
}

func notesOf(change audit.FileChange) (notes []string) {
	for _, n := range change.Notes {
		notes = append(notes, "note: "+n.Message)
		if n.Code == audit.CodeNoManifest {
			notes = append(notes, "hint: pass --manifest PATH, with one of them")
		}
	}
	return notes
}

func (o *ymlOptions) open(dir string) (travisyml.File, error) {
	switch o.file {
	case "":
	case "-":
		return travisyml.File{}, usageError("--file can't read standard input", "pass the path of the file")
	default:
		return travisyml.OpenFile(o.file)
	}
	file, err := travisyml.Open(dir)
	if errors.Is(err, travisyml.ErrNoClone) {
		return file, usageError(err.Error(), "run this inside the repository's clone, or pass --file PATH")
	}
	return file, err
}

// deployStep reads what the step needs, and lists what is missing.
func (p *program) deployStep(ctx context.Context, o *ymlOptions, file travisyml.File) (audit.DeployStep, error) {
	to, err := o.login(p.env)
	if err != nil {
		return audit.DeployStep{}, err
	}
	repos, err := p.fileRepositories(ctx, o)
	if err != nil && (o.app == "" || len(o.repos) > 0 || o.reposFrom != "") {
		return audit.DeployStep{}, err
	}
	step := audit.DeployStep{Console: to.console, Form: o.step, Manifest: o.manifest, BeforePromote: o.beforePromote, Target: build.Target{
		Repo: repos.single(), Branch: p.fileBranch(ctx, o, file), App: o.app, Rack: to.rack, DefaultApp: repos.app(file),
	}}
	if step.App == "" {
		step.App = step.DefaultApp
	}
	var m missing
	switch {
	case !to.isSet():
		m.add("a Rack or Console", "pass --console --rack ORG/NAME for a Rack behind Console, else --rack NAME or --host HOST")
	case to.console && to.rack == "":
		m.add("the Rack to deploy to", "pass --rack ORG/NAME")
	}
	if step.App == "" {
		m.add("the app", "pass --app NAME")
	}
	if step.Branch == "" {
		m.add("the branch to deploy", "pass --branch NAME")
	}
	return step, m.err("yml")
}

// fileRepositories reads the repositories that the file may belong to. A file that was
// named needn't be the clone's.
func (p *program) fileRepositories(ctx context.Context, o *ymlOptions) (repositories, error) {
	if o.file != "" && len(o.repos) == 0 && o.reposFrom == "" {
		return repositories{}, nil
	}
	return p.repositories(ctx, &o.options)
}

// fileBranch is --branch, else the default branch, or "".
func (p *program) fileBranch(ctx context.Context, o *ymlOptions, file travisyml.File) string {
	if o.branch != "" {
		return o.branch
	}
	return gitrepo.DefaultBranch(ctx, file.Root)
}

// encrypted returns the encrypted variables for .travis.yml, after the Rack or Console
// accepted the credential.
func (p *program) encrypted(ctx context.Context, o *ymlOptions) ([]travisyml.Secure, error) {
	a, err := p.answers(ctx, &o.options, "yml --encrypt", p.needsCredential(&o.options))
	if err == nil {
		err = p.locate(ctx, &o.options, &a)
	}
	if err != nil {
		return nil, err
	}
	if err := p.checkFileOwner(ctx, o, a.request.Targets); err != nil {
		return nil, err
	}
	if len(a.request.Targets) != 1 {
		return nil, usageError("encrypted variables work in one repository only", "pass one --repo OWNER/NAME")
	}
	plan, err := p.makePlan(ctx, &o.options, a)
	if err != nil {
		return nil, err
	}
	repository := plan.Repositories[0]
	if err := repository.Err; err != nil && !connect.IsMixed(err) { // the file wins over settings of branches
		return nil, err
	}
	key, err := a.travis.GeneratedKey(ctx, repository.Ref())
	if err != nil {
		return nil, err
	}
	return connect.EncryptPair(key, plan.Credential)
}

// checkFileOwner refuses to put into the clone's file what only another repository's builds can
// decrypt. A file that was named isn't checked.
func (p *program) checkFileOwner(ctx context.Context, o *ymlOptions, targets []connect.Target) error {
	if o.file != "" {
		return nil
	}
	provider, err := o.readProvider()
	if err != nil {
		return err
	}
	clone, _ := gitrepo.Open(ctx, p.dir) // without one, the file is nobody's
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	clones := connect.CloneTargets(clone, provider)
	for _, target := range targets {
		if !slices.ContainsFunc(clones, target.IsSame) {
			return usageError(fmt.Sprintf("this .travis.yml isn't that of %s, and only builds of that repository can decrypt its variables", target),
				"run this inside the clone of "+target.String()+", or pass --file PATH")
		}
	}
	return nil
}
