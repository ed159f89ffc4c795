package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/build"
	"convox-travis/internal/setup"
	"convox-travis/internal/travisyml"
)

// explanation is what each kind of build makes of a .travis.yml.
type explanation struct {
	*program
	json     bool
	document explainDocument
	notes    []string // of what isn't known, for people
	mentions bool     // the file speaks of Convox
}

// explainYML plays the builds of a file and says what they run and deploy.
func (p *program) explainYML(ctx context.Context, o *ymlOptions) error {
	e := &explanation{program: p, json: o.json != ""}
	if err := e.play(ctx, o); err != nil {
		if stopped := context.Cause(ctx); stopped != nil {
			err = stopped
		}
		return e.fail(err)
	}
	e.document.Result = results[exitDone]
	if e.json {
		e.print()
		return nil
	}
	for _, warning := range e.document.Warnings {
		fmt.Fprintf(e.err, "warning: %s\n", shellescape.StripUnsafe(warning.Message))
	}
	for _, line := range append(e.lines(), e.notes...) {
		fmt.Fprintln(e.out, shellescape.StripUnsafe(line))
	}
	return nil
}

func (e *explanation) fail(err error) error {
	code := exitCode(err)
	printError(e.err, err)
	e.document.Result, e.document.Error = results[code], errorOf(err)
	if e.json {
		e.document.Builds, e.document.Unseen = nil, nil
		e.print()
	}
	return &reportedError{code: code}
}

func (e *explanation) print() {
	d := &e.document
	d.Version = formatVersion
	if d.Builds == nil {
		d.Builds = []buildDocument{}
	}
	if d.Unseen == nil {
		d.Unseen = []unseenDocument{}
	}
	if d.Warnings == nil {
		d.Warnings = []messageDocument{}
	}
	_ = printJSON(e.out, d) // out.check reports what can't be written
}

func (e *explanation) play(ctx context.Context, o *ymlOptions) error {
	file, err := o.open(e.dir)
	if err != nil {
		return err
	}
	e.document.File, e.mentions = file.Path, strings.Contains(file.Text, "convox deploy") || strings.Contains(file.Text, "provider: convox")
	if err := file.CheckExists(); err != nil {
		return err
	}
	repos, err := e.fileRepositories(ctx, o)
	if err != nil {
		return err
	}
	e.noteSource(&o.options, repos)
	target := build.Target{Repo: repos.single(), Branch: cmp.Or(e.fileBranch(ctx, o, file), "main"), DefaultApp: repos.explainedApp(file)}
	builds, err := setup.PlayFile(ctx, player(), file, target)
	if err != nil {
		return err
	}
	e.document.Warnings = warningsOf(setup.Repairs(builds.Messages))
	for _, outcome := range builds.Outcomes {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		made, unseen := buildOf(outcome, target)
		e.document.Builds = append(e.document.Builds, made)
		for _, one := range unseen {
			if !slices.Contains(e.document.Unseen, one) {
				e.document.Unseen = append(e.document.Unseen, one)
			}
		}
	}
	for _, unseen := range builds.Unseen() {
		e.document.Unseen = append(e.document.Unseen, unseenDocument(unseen.Unseen))
		e.notes = append(e.notes, "note: "+unseen.String())
	}
	return nil
}

// explainedApp is the app of a command that names none, "" where it isn't known
// whose file it is.
func (r repositories) explainedApp(file travisyml.File) string {
	if repo := r.single(); repo != "" {
		return file.AppName(repo)
	}
	return file.ConvoxApp()
}

// lines explains the builds to people. A build that does what another one does
// says so.
func (e *explanation) lines() []string {
	var lines, names, explained []string
	deploys := false
	for i, b := range e.document.Builds {
		name, whole := b.name(), strings.Join(b.lines(true), "\n")
		if same := slices.Index(explained, whole); same >= 0 {
			lines = append(lines, name+": same as "+names[same])
			continue
		}
		deploys = deploys || b.deploys()
		names, explained = append(names, name), append(explained, whole)
		body := b.lines(i == 0)
		lines = append(lines, name+": "+body[0])
		lines = append(lines, body[1:]...)
	}
	if !deploys && e.mentions {
		lines = append(lines, "none of these deploys: `convox-travis check` says why, and --branch NAME explains the builds of another branch")
	}
	return lines
}

func (b *buildDocument) deploys() bool {
	return slices.ContainsFunc(b.Jobs, func(j jobDocument) bool { return len(j.Deploys) > 0 })
}

func (b *buildDocument) name() string {
	switch event := build.EventType(b.Event); {
	case b.Tag != "":
		return "tag " + b.Tag
	case event == build.PullRequest:
		return "pull request to " + b.Branch
	case event == build.Cron:
		return "cron build of " + b.Branch
	case event == build.API:
		return "API build of " + b.Branch
	}
	return "push to " + b.Branch
}

// lines says what a build does. It lists the jobs when asked to, or when one of
// them deploys, fails by itself or can't be played.
func (b *buildDocument) lines(listed bool) []string {
	if !b.Built {
		return []string{"not built: " + b.Reason}
	}
	deploys, partly := 0, ""
	for _, job := range b.Jobs {
		deploys += len(job.Deploys)
		if len(job.Unplayed) > 0 {
			partly = ", as far as it can be played"
		}
		listed = listed || len(job.Deploys)+len(job.otherwise) > 0 || len(job.Unplayed) > 0 || job.status != 0 || job.waits
	}
	text := "builds 1 job"
	if len(b.Jobs) > 1 {
		text = fmt.Sprintf("builds %d jobs", len(b.Jobs))
	}
	switch deploys {
	case 0:
		text += ", deploys nothing"
	case 1:
		text += ", deploys once"
	default:
		text += fmt.Sprintf(", deploys %d times", deploys)
	}
	lines := []string{text + partly}
	if len(b.Jobs) > build.MostJobs {
		lines[0] += fmt.Sprintf("; Travis refuses builds of more than %d jobs", build.MostJobs)
	}
	if !listed {
		return lines
	}
	for i := 0; i < len(b.Jobs); {
		text, last := b.Jobs[i].text(), i
		for last+1 < len(b.Jobs) && slices.Equal(b.Jobs[last+1].text(), text) {
			last++
		}
		number := b.Jobs[i].Number
		if last > i {
			number += " to " + b.Jobs[last].Number
		}
		lines = append(lines, fmt.Sprintf("  %-4s %s", number, text[0]))
		for _, more := range text[1:] {
			lines = append(lines, "       "+more)
		}
		i = last + 1
	}
	return lines
}

// text says what a job is, then what it deploys.
func (j *jobDocument) text() []string {
	var names, kinds []string
	for _, name := range []string{j.Stage, j.Name} {
		if name != "" {
			names = append(names, setup.Shortened(name))
		}
	}
	for _, kind := range []string{j.OS, j.Language} {
		if kind != "" {
			kinds = append(kinds, setup.Shortened(kind))
		}
	}
	if j.AllowFailure {
		kinds = append(kinds, "allowed to fail")
	}
	title := strings.Join(kinds, ", ")
	if len(names) > 0 {
		title = strings.Join(names, ": ") + " (" + title + ")"
	}
	lines := []string{title}
	for i := 0; i < len(j.Deploys); {
		times := 1
		for i+times < len(j.Deploys) && j.Deploys[i+times] == j.Deploys[i] {
			times++
		}
		lines = append(lines, j.Deploys[i].text(times))
		i += times
	}
	lines = append(lines, j.otherwise...)
	for _, unplayed := range j.Unplayed {
		lines = append(lines, "can't be played: "+setup.LineLead(unplayed.Line)+setup.Shortened(unplayed.What))
	}
	switch {
	case j.waits:
		lines = append(lines, "doesn't run: a job of a stage before it fails")
	case j.status != 0 && len(j.Unplayed) == 0:
		lines = append(lines, "fails even when every command passes")
	}
	return lines
}

// lineWords names a line behind something, where one is known.
func lineWords(line int) string {
	if line == 0 {
		return ""
	}
	return fmt.Sprintf(" (line %d)", line)
}

func (d deployDocument) text(times int) string {
	text := d.what()
	if times > 1 {
		text += fmt.Sprintf(" %d times", times)
	}
	text += lineWords(d.Line)
	if d.FailsBuild {
		return text + "; a failed deploy fails the build"
	}
	return text + "; a failed deploy doesn't fail the build"
}
