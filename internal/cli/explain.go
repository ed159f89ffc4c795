package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"convox-travis/internal/audit"
	"convox-travis/internal/build"
	"convox-travis/internal/connect"
	"convox-travis/internal/text"
	"convox-travis/internal/travisyml"
)

// explainYML plays the builds of a file, and reports what they run and deploy.
func (p *program) explainYML(ctx context.Context, o *ymlOptions) result {
	d := &explainDocument{}
	r := result{document: d}
	if r.err = p.explain(ctx, o, d, &r); r.err != nil {
		r = result{document: d, err: cmp.Or(context.Cause(ctx), r.err)}
		d.Builds, d.Unseen = nil, nil
	}
	return r
}

// explain fills the document, and the result with the same for people. Its warnings are
// where Travis reads the file differently.
func (p *program) explain(ctx context.Context, o *ymlOptions, d *explainDocument, r *result) error {
	file, err := o.open(p.dir)
	if err != nil {
		return err
	}
	d.File = file.Path
	if err := file.CheckExists(); err != nil {
		return err
	}
	repos, err := p.fileRepositories(ctx, o)
	if err != nil {
		return err
	}
	p.noteSource(repos)
	target := build.Target{Repo: repos.single(), Branch: cmp.Or(p.fileBranch(ctx, o, file), "main"), DefaultApp: repos.defaultApp(file)}
	builds, err := audit.PlayFile(ctx, player(), file, target)
	if err != nil {
		return err
	}
	r.warnings = audit.Repairs(builds.Messages)
	d.Warnings = warningsOf(r.warnings)
	for _, outcome := range builds.Outcomes {
		document, unseen := buildOf(outcome, target)
		d.Builds = append(d.Builds, document)
		for _, one := range unseen {
			if !slices.Contains(d.Unseen, one) {
				d.Unseen = append(d.Unseen, one)
			}
		}
	}
	idle, err := builds.Idle(ctx) // why a push doesn't run existing steps
	r.lines = d.lines()
	for _, found := range idle {
		d.Warnings = append(d.Warnings, messageDocument{found.Code, found.Message, found.Hint})
		r.lines = append(r.lines, "note: "+found.Message)
		for hint := range strings.SplitSeq(found.Hint, "\n") {
			if hint != "" {
				r.lines = append(r.lines, "hint: "+hint)
			}
		}
	}
	isNoted := map[string]bool{} // several lines can call one script
	for _, unseen := range builds.Unseen() {
		d.Unseen = append(d.Unseen, unseenDocument(unseen.Unseen))
		if !isNoted[unseen.What] {
			isNoted[unseen.What] = true
			r.lines = append(r.lines, "note: "+unseen.String())
		}
	}
	return err
}

// defaultApp is the app of a command that names none; "" if the file's repository
// isn't known.
func (r repositories) defaultApp(file travisyml.File) string {
	if repo := r.single(); repo != "" {
		return file.AppName(repo)
	}
	return file.ConvoxApp()
}

// lines explains the builds to people. Builds that do the same are explained once.
func (d *explainDocument) lines() []string {
	var lines, names, explained []string
	for i, b := range d.Builds {
		name, whole := b.name(), strings.Join(b.lines(true), "\n")
		if same := slices.Index(explained, whole); same >= 0 {
			lines = append(lines, name+": same as "+names[same])
			continue
		}
		names, explained = append(names, name), append(explained, whole)
		body := b.lines(i == 0)
		lines = append(lines, name+": "+body[0])
		lines = append(lines, body[1:]...)
	}
	return lines
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

// lines says what a build does. It lists the jobs if isListed, or if one of them
// deploys, always fails or can't be played.
func (b *buildDocument) lines(isListed bool) []string {
	if !b.Built {
		return []string{"not built: " + b.Reason}
	}
	deploys, partly := 0, ""
	for _, job := range b.Jobs {
		deploys += len(job.Deploys)
		if len(job.Unplayed) > 0 {
			partly = ", as far as it can be played"
		}
		isListed = isListed || len(job.Deploys)+len(job.onFailure) > 0 || len(job.Unplayed) > 0 || job.status != 0 || job.isBlocked
	}
	line := "builds " + text.Count(len(b.Jobs), "job")
	switch deploys {
	case 0:
		line += ", deploys nothing"
	case 1:
		line += ", deploys once"
	default:
		line += fmt.Sprintf(", deploys %d times", deploys)
	}
	lines := []string{line + partly}
	if len(b.Jobs) > build.MostJobs {
		lines[0] += fmt.Sprintf("; Travis refuses builds of more than %d jobs", build.MostJobs)
	}
	if !isListed {
		return lines
	}
	for i := 0; i < len(b.Jobs); {
		words, last := b.Jobs[i].text(), i
		for last+1 < len(b.Jobs) && slices.Equal(b.Jobs[last+1].text(), words) {
			last++
		}
		number := b.Jobs[i].Number
		if last > i {
			number += " to " + b.Jobs[last].Number
		}
		lines = append(lines, fmt.Sprintf("  %-4s %s", number, words[0]))
		for _, more := range words[1:] {
			lines = append(lines, "       "+more)
		}
		i = last + 1
	}
	return lines
}

// text describes a job and what it deploys.
func (j *jobDocument) text() []string {
	var names, kinds []string
	for _, name := range []string{j.Stage, j.Name} {
		if name != "" {
			names = append(names, audit.Shortened(name))
		}
	}
	for _, kind := range []string{j.OS, j.Language} {
		if kind != "" {
			kinds = append(kinds, audit.Shortened(kind))
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
	if j.status != 0 && !j.isBlocked && len(j.Unplayed) == 0 {
		lines = append(lines, "always fails")
	}
	lines = append(lines, j.onFailure...)
	for _, unplayed := range j.Unplayed {
		lines = append(lines, "can't be played: "+audit.LineLead(unplayed.Line)+audit.Shortened(unplayed.What))
	}
	if j.isBlocked {
		lines = append(lines, "doesn't run: a job of an earlier stage always fails")
	}
	return lines
}

// lineWords is " (line N)", or "" if the line isn't known.
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

// The document of yml --explain.
type (
	explainDocument struct {
		head
		File   string               `json:"file"`
		Builds list[buildDocument]  `json:"builds"`
		Unseen list[unseenDocument] `json:"unseen"`

		Warnings list[messageDocument] `json:"warnings"`
		Error    *messageDocument      `json:"error"`
	}
	buildDocument struct {
		Event  string            `json:"event"`
		Branch string            `json:"branch"` // for a tag, the tag
		Tag    string            `json:"tag"`
		Built  bool              `json:"built"`
		Reason string            `json:"reason"`
		Jobs   list[jobDocument] `json:"jobs"`
	}
	jobDocument struct {
		Number       string               `json:"number"`
		Stage        string               `json:"stage"`
		Name         string               `json:"name"`
		OS           string               `json:"os"`
		Language     string               `json:"language"`
		Env          list[string]         `json:"env"`
		AllowFailure bool                 `json:"allow_failure"`
		Phases       list[string]         `json:"phases"`
		Deploys      list[deployDocument] `json:"deploys"`
		Unplayed     list[unseenDocument] `json:"unplayed"`

		isBlocked bool     // by a stage that never passes
		status    int      // of the job if every command passes
		onFailure []string // what it deploys if a command fails
	}
	deployDocument struct {
		App        string `json:"app"`
		Rack       string `json:"rack"`
		Line       int    `json:"line"`
		Phase      string `json:"phase"`
		FailsBuild bool   `json:"fails_build"`
	}
	unseenDocument struct {
		What string `json:"what"`
		Line int    `json:"line"`
	}
)

func (d *explainDocument) end(h head, err *messageDocument) { d.head, d.Error = h, err }
func (d *explainDocument) items() []any                     { return []any{d} }

// buildOf returns a build for the document; target names the default app. What only
// runs when a command fails is unseen.
func buildOf(outcome build.Outcome, target build.Target) (document buildDocument, unseen []unseenDocument) {
	event := outcome.Event
	document = buildDocument{
		Event: string(event.Type), Branch: event.Branch, Tag: event.Tag,
		Built: len(outcome.Build.Jobs) > 0, Reason: outcome.Build.Reason,
	}
	isReached := audit.Reached(outcome)
	for i, job := range outcome.Build.Jobs {
		played := outcome.Played[i]
		one := jobDocument{
			Number: job.Number, Stage: job.Stage, Name: job.Name, OS: job.OS, Language: job.Language, Env: hideSecrets(job.Env),
			AllowFailure: job.AllowFailure, Phases: job.Phases(), status: played.Status, isBlocked: !isReached[i],
		}
		for _, call := range played.Calls {
			deploy := deployDocument{target.AppOf(call), call.Rack, call.Line, call.Phase, call.FailsBuild}
			switch {
			case !isReached[i]:
			case call.Deploys && !call.OnFailure:
				one.Deploys = append(one.Deploys, deploy)
			case call.Deploys:
				text := deploy.onFailure(played.Status)
				one.onFailure = append(one.onFailure, text+lineWords(call.Line))
				unseen = append(unseen, unseenDocument{What: text, Line: call.Line})
			}
		}
		if played.Unplayed != nil {
			one.Unplayed = append(one.Unplayed, unseenDocument(*played.Unplayed))
		}
		document.Jobs = append(document.Jobs, one)
	}
	return document, unseen
}

// what says what is deployed, as far as it's known.
func (d deployDocument) what() string {
	text := "deploys"
	if d.App != "" {
		text += " " + audit.Shortened(d.App)
	}
	if d.Rack != "" {
		text += " to " + audit.Shortened(d.Rack)
	}
	return text
}

// onFailure says when a deploy runs that doesn't run if every command passes; status is
// the job's in that case.
func (d deployDocument) onFailure(status int) string {
	switch {
	case d.Phase == "after_failure":
		return "when the tests fail, " + d.what()
	case status != 0:
		return "if the job passed, it would deploy" + strings.TrimPrefix(d.what(), "deploys")
	}
	return "when a command fails, " + d.what()
}

// hideSecrets hides the values of variables that hold a password.
func hideSecrets(env []string) []string {
	var shown []string
	for _, variable := range env {
		name, value, _ := strings.Cut(variable, "=")
		if (name == connect.PasswordName || name == "RACK_URL") && value != "[secure]" {
			variable = name + "=[hidden]"
		}
		shown = append(shown, variable)
	}
	return shown
}
