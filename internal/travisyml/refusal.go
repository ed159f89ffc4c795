package travisyml

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"convox-travis/internal/build"
	"convox-travis/internal/problem"
)

// The codes of an Error with a Refusal as its Detail.
const (
	CodeRefused  = "yml_refused"
	CodeNotBuilt = "yml_not_built" // Travis doesn't build the branch
)

// Refusal means that a file is unchanged, because the addition can't be made by only
// adding lines, or wouldn't do what was requested.
type Refusal struct {
	// Reason is the end of a sentence.
	Reason string
	// Place is the key that the lines belong to, or "" for the whole file, and Line its
	// line in the file, counted from 1, or 0 if the file doesn't have it.
	Place string
	Line  int
	// Lines are what to add under Place, or without a Line at the end of the file.
	Lines []string
	// Fix says what to do first, or if there are no Lines. It starts with a verb.
	Fix string

	notBuilt bool // Travis doesn't build the branch
}

// Problem is the Error of a refusal.
func (r *Refusal) Problem() *problem.Error {
	e := &problem.Error{Code: CodeRefused, Action: "add to", Object: FileName, Reason: r.Reason, Detail: r}
	if r.notBuilt {
		e.Code = CodeNotBuilt
	}
	if r.Place != "" {
		e.Object += ", in " + r.Place
		if r.Line > 0 {
			e.Object += " at line " + strconv.Itoa(r.Line)
		}
	}
	if r.Fix != "" {
		e.Hints = append(e.Hints, r.Fix)
	}
	switch {
	case len(r.Lines) == 0:
	case r.Line == 0 && r.Reason == reasonAlias:
		e.Hints = append(e.Hints, "add the lines shown to the file yourself, with what the merge key has for them: they replace it")
	case r.Line == 0:
		e.Hints = append(e.Hints, "add the lines shown to the file yourself")
	default:
		e.Hints = append(e.Hints, fmt.Sprintf("add the lines shown to %s at line %d yourself", r.Place, r.Line))
	}
	return e
}

// reason returns the words for it. Without any, every edit changes what the file means.
func reason(why refusalReason, edits []edit) string {
	if why != "" {
		return string(why)
	}
	return fmt.Sprintf("lines added after line %d would change what the file says", edits[0].insertions[0].at)
}

// checkIndentation refuses a file whose first key is indented more than others. YAML ends the
// document there, while Travis removes that indentation from all lines
// (https://github.com/travis-ci/travis-yml/blob/master/lib/travis/yml/parts/part.rb).
func (d *Document) checkIndentation() error {
	if d.root == nil || isFlow(d.root) {
		return nil
	}
	for i, line := range d.lines[d.root.Line:d.end] {
		if !isBlank(line) && !isComment(line) && indentOf(line) < d.root.Column-1 {
			other := d.root.Line + i + 1
			refusal := &Refusal{
				Line:   d.root.Line,
				Reason: fmt.Sprintf("line %d is indented less than line %d, so it isn't part of the same YAML", other, d.root.Line),
				Fix:    fmt.Sprintf("indent line %d like line %d, then run this again", d.root.Line, other),
			}
			return refusal.Problem()
		}
	}
	return nil
}

// The reasons, each shown by TestEveryShapeIsAddedToOrRefusedWithLinesToAdd.
const (
	reasonFlow    = "it is written in brackets, so nothing can be added without changing its line"
	reasonOneLine = "its value begins on the key's own line, so nothing can be added without changing that line"
	reasonAlias   = "it repeats another part of the file, with an alias or a merge key"
	reasonShared  = "another part of the file repeats it, with an alias, and would get the addition too"
	reasonColumn  = "its list isn't indented, so it can't be moved under its own key"
	reasonShape   = "it isn't what Travis expects there"
	reasonOpen    = "the text there would continue into the addition"
	reasonSkip    = "its value says that it is skipped"
)

// obstacle returns the first part of the file that fails a push to the branch whatever
// the commands do, and its job; or nil.
func (a *addition) obstacle() (refusal *Refusal, job int) {
	outcome := a.push()
	for i, job := range outcome.Build.Jobs {
		if job.AllowFailure {
			continue
		}
		script := build.ScriptOf(job, outcome.Event)
		refusal := a.scriptless(job, script)
		if refusal == nil && script.Broken != nil {
			refusal = a.brokenCondition(script.Broken.Line)
		}
		if refusal = cmp.Or(refusal, a.brokenCommand(script)); refusal != nil {
			return refusal, i
		}
	}
	return nil, 0
}

// scriptless refuses a job whose language has no default script, or one that fails.
func (a *addition) scriptless(job build.Job, script build.Script) *Refusal {
	hasDefault := slices.ContainsFunc(script.Steps, func(s build.Step) bool { return s.Phase == "script" && s.Command.Bash != "false" })
	if job.Config.Get("script") != nil || hasDefault {
		return nil
	}
	return &Refusal{
		Place: "script", Line: max(job.Config.Line, job.Config.Get("language").Line),
		Reason: fmt.Sprintf("Travis has no default tests for %s, so every build of %s fails without `script`, and never deploys", job.Language, a.step.Branch),
		Fix:    "add `script` with the command that runs your tests, then run this again",
	}
}

func (a *addition) brokenCondition(line int) *Refusal {
	return &Refusal{
		Place: "deploy", Line: line,
		Reason: fmt.Sprintf("the condition on line %d isn't valid Bash between [[ and ]], so every build of %s fails", line, a.step.Branch),
		Fix:    fmt.Sprintf("correct the condition on line %d, without `test` or brackets of its own, then run this again", line),
	}
}

// brokenCommand refuses a deploy.script with a line break if a push runs it: dpl gets a
// backslash and an n (https://docs.travis-ci.com/user/deployment/script/). It only plays
// the conditions.
func (a *addition) brokenCommand(script build.Script) *Refusal {
	for _, step := range script.Steps {
		at := slices.IndexFunc(step.Steps, func(s build.Step) bool { return s.Failure == build.EndsJob && build.HasLostBreak(s.Command) })
		if at < 0 {
			continue
		}
		line := step.Steps[at].Command.Line
		step.Steps = []build.Step{{Phase: "deploy", Command: build.Command{Bash: "convox deploy", Line: line}}}
		probe := script
		probe.Steps = []build.Step{{Phase: "script", Command: build.Command{Bash: ":"}, Failure: build.Collected}, step}
		played, err := a.player.Play(a.ctx, []build.Script{probe})
		must(err)
		if slices.ContainsFunc(played[0].Calls, func(call build.Call) bool { return !call.OnFailure }) {
			return &Refusal{
				Place: "deploy.script", Line: line,
				Reason: fmt.Sprintf("the script on line %d has a line break, which Travis passes on as a backslash and an n, so every build of %s fails", line, a.step.Branch),
				Fix:    fmt.Sprintf("make the script on line %d one line, with `>-` and `bash -c`, then run this again", line),
			}
		}
	}
	return nil
}
