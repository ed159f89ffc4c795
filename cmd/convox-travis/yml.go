package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"convox-travis/internal/build"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/setup"
	"convox-travis/internal/text"
	"convox-travis/internal/travisyml"
)

func newYML(p *program) *cobra.Command {
	var o ymlOptions
	cmd := p.newCommand(&cobra.Command{
		Use:   "yml",
		Short: "Show or write the deploy step in .travis.yml",
		Long: `Show what has to be added to .travis.yml so that builds run "convox deploy", as
a unified diff. Lines are added and none is changed; where that cannot be, the
lines to paste are shown. A file that deploys the app to the Rack already, in a
push to the branch, is left alone. --write writes the file, and never commits.
--check only says whether a push to the branch runs this deploy: exit code 0 if
it does, 5 if it doesn't, and 1 if Travis doesn't build the branch or it can't
be decided.

With --encrypt the variables are added too, encrypted for this repository. They
apply to all branches and win over the repository's settings. Each --write makes
new ones; --check only looks whether they are there.

With --explain it says what Travis builds and deploys for each kind of build
with the file as it is, and why a push doesn't run a deploy step. It needs no
network and no sign-in.`,
		Example: `  convox-travis yml --console --rack acme/production
  convox-travis yml --rack production --branch main --write
  convox-travis yml --explain
  convox-travis yml --console --rack acme/production --encrypt \
    --password-stdin < deploy-key.txt`,
		Args: noArguments,
	}, func() document {
		if o.explain || slices.Contains(p.args, "--explain") { // it may not be parsed
			return &explainDocument{}
		}
		return &ymlDocument{}
	}, o.check, func(ctx context.Context, _ []string) result {
		if o.explain {
			if err := checkExplained(p.command.Load().Flags()); err != nil {
				return failure(err)
			}
			return p.explainYML(ctx, &o)
		}
		return p.yml(ctx, &o)
	})
	flags := cmd.Flags()
	flags.StringVar(&o.file, "file", "", "add to the file at `PATH` (default: the clone's .travis.yml)")
	flags.StringVar(&o.app, "app", "", "the app to deploy, `NAME` (default: .convox/app's, else the repository's)")
	flags.StringVar(&o.step, "step", "", "the step's `KEY`: deploy, whose failure fails the build, or after_success (default: what fits the file)")
	flags.BoolVar(&o.write, "write", false, "write the file")
	flags.BoolVar(&o.onlyCheck, "check", false, "only say whether a push deploys, and exit 5 when it doesn't")
	flags.BoolVar(&o.explain, "explain", false, "say what each kind of build runs and deploys, and add nothing")
	flags.BoolVar(&o.encrypt, "encrypt", false, "add the variables too, encrypted for this repository")
	o.credentialFlags(flags)
	o.passwordFlag(flags)
	o.unverifiedFlag(flags)
	o.repositoryFlags(flags)
	o.resultFlags(flags)
	ignore(flags, "yes", "accessible")
	flags.Lookup("branch").Usage = "deploy branch `NAME` (default: the default branch)"
	return cmd
}

// ymlOptions is what the flags of yml say.
type ymlOptions struct {
	options
	file, app, step                    string
	write, onlyCheck, encrypt, explain bool
}

func (o *ymlOptions) check() error {
	if err := o.options.check(); err != nil {
		return err
	}
	switch {
	case o.step != "" && o.step != setup.FormDeploy && o.step != setup.FormAfterSuccess:
		return usageError("--step"+quoted(o.step)+": use deploy or after_success", "deploy fails the build when the deployment fails; after_success does not")
	case o.explain && len(o.repos) > 1:
		return usageError("--explain takes one --repo", "name the one repository that the file belongs to")
	case o.write && o.onlyCheck:
		return usageError("--write and --check contradict each other", "--check writes nothing")
	}
	return nil
}

// checkExplained refuses flags that have no meaning with --explain.
func checkExplained(flags *pflag.FlagSet) error {
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
	Found   string       `json:"found"` // where the file deploys already, or ""
	Changed bool         `json:"changed"`
	Written bool         `json:"written"`
	Diff    string       `json:"diff"`
	Lines   list[string] `json:"lines"` // to be pasted, where the file was left alone

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
	request := setup.FileRequest{}
	if request.Step, err = p.deployStep(ctx, o, file); err != nil {
		return result{document: d, err: err}
	}
	switch {
	case o.encrypt && o.onlyCheck: // what is there cannot be compared, so nobody has to log in
		request.Secure, err = setup.MissingSecure(file)
	case o.encrypt:
		request.Secure, err = p.encrypted(ctx, o)
	}
	if err != nil {
		return result{document: d, err: err}
	}
	change, err := setup.PlanFile(ctx, player(), file, request)
	if o.onlyCheck && context.Cause(ctx) == nil {
		builds, playErr := setup.PlayFile(ctx, player(), file, request.Step.Target)
		switch {
		case playErr == nil && builds.Found() == "":
			playErr = builds.Undecided()
		case playErr == nil && len(request.Secure) == 0:
			change, err = deploysAlready(change, builds, request.Step), nil
		}
		if playErr != nil {
			change, err = setup.FileChange{}, playErr
		}
	}
	if stopped := context.Cause(ctx); stopped != nil {
		change, err = setup.FileChange{}, stopped
	}
	switch {
	case err != nil:
		return ymlRefused(d, o, change, err)
	case o.write:
		p.noteWrite()
		if err := change.Write(); err != nil {
			return result{document: d, err: err}
		}
	}
	return ymlChanged(d, o, change)
}

// deploysAlready is no change of a file that deploys as it is.
func deploysAlready(change setup.FileChange, builds setup.Builds, step setup.DeployStep) setup.FileChange {
	change.New, change.Found, change.Builds = change.File.Text, builds.Found(), builds
	change.Warnings = builds.Warnings(!step.Console, func(line int) int { return line })
	change.Notes = slices.DeleteFunc(change.Notes, func(n setup.Warning) bool { return n.Code != setup.CodeEnvironment })
	return change
}

// ymlRefused leaves the file alone. The lines that a person has to paste are the
// result then, unless it was only asked whether something is missing.
func ymlRefused(d *ymlDocument, o *ymlOptions, change setup.FileChange, err error) result {
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

// ymlChanged is what is added, or that nothing has to be.
func ymlChanged(d *ymlDocument, o *ymlOptions, change setup.FileChange) result {
	d.Found, d.Changed, d.Written, d.Diff = change.Found, change.Changed(), o.write && change.Changed(), change.Diff()
	d.Warnings = warningsOf(slices.Concat(change.Warnings, change.Notes))
	r := result{document: d, warnings: change.Warnings, notes: notesOf(change), diff: d.Diff}
	switch {
	case !d.Changed:
		r.notes = append(r.notes, "nothing to add: it deploys already, "+change.Found)
	case o.write:
		written := "written: " + d.File
		if change.File.Missing {
			written += ", a new file"
		}
		r.notes = append(r.notes, written, "next: git add "+text.Quote(d.File)+", and commit it yourself")
	case o.onlyCheck:
		r.code, r.dryRun = exitFound, true
		r.notes = append(r.notes, "something is missing; the same with --write in place of --check adds it")
	default:
		r.dryRun = true
		r.notes = append(r.notes, "nothing is written; --write writes it")
	}
	if sentence := change.Sentence(); sentence != "" {
		r.notes = append(r.notes, sentence)
	}
	return r
}

func notesOf(change setup.FileChange) (notes []string) {
	for _, n := range change.Notes {
		notes = append(notes, "note: "+n.Message)
	}
	return notes
}

func (o *ymlOptions) open(dir string) (travisyml.File, error) {
	switch o.file {
	case "":
	case "-":
		return travisyml.File{}, usageError("--file reads no standard input", "name the file")
	default:
		return travisyml.OpenFile(o.file)
	}
	file, err := travisyml.Open(dir)
	if errors.Is(err, travisyml.ErrNoClone) {
		return file, usageError(err.Error(), "run it inside the repository's clone, or name the file with --file PATH")
	}
	return file, err
}

// deployStep reads the answers that the step needs, and lists those that are
// missing.
func (p *program) deployStep(ctx context.Context, o *ymlOptions, file travisyml.File) (setup.DeployStep, error) {
	way, err := o.wayIn(p.env)
	if err != nil {
		return setup.DeployStep{}, err
	}
	repos, err := p.fileRepositories(ctx, o)
	if err != nil && (o.app == "" || len(o.repos) > 0 || o.reposFrom != "") {
		return setup.DeployStep{}, err
	}
	step := setup.DeployStep{Console: way.console, Form: o.step, Target: build.Target{
		Repo: repos.single(), Branch: p.fileBranch(ctx, o, file), App: o.app, Rack: way.rack, DefaultApp: repos.app(file),
	}}
	if step.App == "" {
		step.App = step.DefaultApp
	}
	var m missing
	switch {
	case !way.given():
		m.add("the way in", "--console --rack ORG/NAME behind a Console, or --rack NAME or --host HOST for a Rack directly")
	case way.console && way.rack == "":
		m.add("the Rack to deploy to", "--rack ORG/NAME")
	}
	if step.App == "" {
		m.add("the app", "--app NAME")
	}
	if step.Branch == "" {
		m.add("the branch to deploy", "--branch NAME")
	}
	return step, m.err("yml")
}

// fileRepositories reads which repositories the file can be of. A file that was
// named can be another's than the clone's here.
func (p *program) fileRepositories(ctx context.Context, o *ymlOptions) (repositories, error) {
	if o.file != "" && len(o.repos) == 0 && o.reposFrom == "" {
		return repositories{}, nil
	}
	return p.repositories(ctx, &o.options)
}

// fileBranch is the branch that was given, else the default one, or "".
func (p *program) fileBranch(ctx context.Context, o *ymlOptions, file travisyml.File) string {
	if o.branch != "" {
		return o.branch
	}
	return gitrepo.DefaultBranch(ctx, file.Root)
}

// encrypted makes the pair for .travis.yml, once the Rack or Console has accepted
// the credential.
func (p *program) encrypted(ctx context.Context, o *ymlOptions) ([]travisyml.Secure, error) {
	a, err := p.answers(ctx, &o.options, "yml --encrypt", p.needsCredential(&o.options))
	if err == nil {
		err = p.locate(ctx, &o.options, &a)
	}
	if err != nil {
		return nil, err
	}
	if err := p.mayHold(ctx, o, a.request.Targets); err != nil {
		return nil, err
	}
	if len(a.request.Targets) != 1 {
		return nil, usageError("what is encrypted is for one repository alone", "give it with --repo OWNER/NAME, once")
	}
	plan, err := p.makePlan(ctx, &o.options, a)
	if err != nil {
		return nil, err
	}
	repository := plan.Repositories[0]
	if err := repository.Err; err != nil && !setup.IsMixed(err) { // settings of branches do not count: the file wins
		return nil, err
	}
	key, err := a.travis.GeneratedKey(ctx, repository.Ref())
	if err != nil {
		return nil, err
	}
	return setup.EncryptPair(key, plan.Credential)
}

// mayHold refuses to put into a clone's file what only builds of another repository
// can read. A file that was named is its owner's word.
func (p *program) mayHold(ctx context.Context, o *ymlOptions, targets []setup.Target) error {
	if o.file != "" {
		return nil
	}
	provider, err := o.readProvider()
	if err != nil {
		return err
	}
	clone, _ := gitrepo.Open(ctx, p.dir) // without one it is nobody's
	own := setup.CloneTargets(clone, provider)
	for _, target := range targets {
		if !containsTarget(own, target) {
			return usageError(fmt.Sprintf("the .travis.yml here is not that of %s, whose builds alone can read what is encrypted for it", target),
				"run it inside the clone of "+target.String()+", or name its file with --file PATH")
		}
	}
	return nil
}
