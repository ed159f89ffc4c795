package travisyml

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"convox-travis/internal/build"
)

// obstacle is what fails every build of the branch.
type obstacle struct {
	job     int // of the push
	refusal *Refusal
}

// obstacle returns the first part of the file that fails a push to the branch
// whatever the commands do.
func (a *addition) obstacle() *obstacle {
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
		if refusal == nil {
			refusal = a.brokenCommand(job, script)
		}
		if refusal != nil || a.err != nil {
			return &obstacle{i, refusal}
		}
	}
	return nil
}

// scriptless refuses a job without script whose language has no default one, or one
// that always fails.
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

// brokenCondition refuses a condition that Bash can't read.
func (a *addition) brokenCondition(line int) *Refusal {
	refusal := &Refusal{
		Place: "deploy", Line: line,
		Reason: fmt.Sprintf("the condition on line %d is no Bash between [[ and ]], so every build of %s fails", line, a.step.Branch),
		Fix:    fmt.Sprintf("correct the condition on line %d, then run this again", line),
	}
	if fixed, ok := a.correctedCondition(line); ok {
		refusal.Place, refusal.Lines, refusal.Replace, refusal.Fix = "condition", []string{fixed}, true, ""
	}
	return refusal
}

var testCommand = regexp.MustCompile(`^(\s*(?:- )?(?:condition:\s*)?)(?:test\s+(.*?)|\[\[?\s+(.*?)\s+\]\]?)\s*$`)

// correctedCondition takes test, or brackets, off a condition, where that is right.
func (a *addition) correctedCondition(line int) (fixed string, ok bool) {
	if line < 1 || line > len(a.document.lines) {
		return "", false
	}
	old := cutBreak(a.document.lines[line-1])
	parts := testCommand.FindStringSubmatch(old)
	if parts == nil || strings.ContainsRune(parts[2]+parts[3], '\'') {
		return "", false
	}
	fixed = strings.TrimLeft(parts[1], " ") + "'" + parts[2] + parts[3] + "'"
	lines := slices.Clone(a.document.lines)
	lines[line-1] = strings.Repeat(" ", indentOf(old)) + fixed + a.document.eol
	config, err := a.parse(a.document.mark + strings.Join(lines, ""))
	if err != nil {
		return "", false
	}
	made, err := config.Build(a.ctx, a.push().Event)
	if err != nil || slices.ContainsFunc(made.Jobs, func(job build.Job) bool { return build.ScriptOf(job, a.push().Event).Broken != nil }) {
		return "", false
	}
	return fixed, true
}

// brokenCommand refuses a deploy.script with a line break, where a push runs it: dpl
// gets a backslash and an n
// (https://docs.travis-ci.com/user/deployment/script/).
func (a *addition) brokenCommand(job build.Job, script build.Script) *Refusal {
	for _, provider := range job.Config.Get("deploy").List() {
		command := provider.Get("script")
		if command != nil && command.Kind == build.List && len(command.Items) > 0 {
			command = command.Items[0]
		}
		isScript := provider.Get("provider") != nil && strings.EqualFold(provider.Get("provider").Text, "script")
		if command == nil || !isScript || !strings.Contains(command.Text, "\n") || mayFailOf(provider) || !a.runs(script, command.Line) {
			continue
		}
		refusal := &Refusal{
			Place: "deploy.script", Line: command.Line,
			Reason: fmt.Sprintf("the script on line %d has a line break, which Travis passes on as a backslash and an n, so every build of %s fails", command.Line, a.step.Branch),
			Fix:    fmt.Sprintf("make the script on line %d one line, with `>-` and `bash -c`, then run this again", command.Line),
		}
		if lines := oneCommand(command.Text); lines != nil && provider.Get("script").Kind != build.List {
			refusal.Lines, refusal.Replace, refusal.Fix = lines, true, ""
		}
		return refusal
	}
	return nil
}

func mayFailOf(provider *build.Node) bool {
	allowed := provider.Get("allow_failure")
	return allowed != nil && allowed.Text == "true"
}

// runs reports whether a job runs the deployment whose command stands on a line. It
// plays the conditions alone.
func (a *addition) runs(script build.Script, line int) bool {
	probe := script
	probe.Steps = []build.Step{{Phase: "script", Command: build.Command{Bash: ":"}, Failure: build.Collected}}
	for _, step := range script.Steps {
		for _, inner := range step.Steps {
			if inner.Phase == "deploy" && inner.Command.Line == line {
				step.Steps = []build.Step{{Phase: "deploy", Command: build.Command{Bash: "convox deploy", Line: line}}}
				probe.Steps = append(probe.Steps, step)
				break
			}
		}
	}
	played, err := a.player.Play(a.ctx, []build.Script{probe})
	a.err = err
	return err == nil && len(played) == 1 && slices.ContainsFunc(played[0].Calls, func(call build.Call) bool { return !call.OnFailure })
}

// openLine is a line of Bash that isn't a command of its own.
var openLine = regexp.MustCompile(`'|^#|[\\|&({]$|^(?:if|then|else|elif|fi|for|while|until|do|done|case|esac|function|\}|\))\b`)

// oneCommand writes lines of Bash as a script that dpl can run.
func oneCommand(text string) []string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
		if lines[i] == "" || openLine.MatchString(lines[i]) {
			return nil
		}
	}
	if len(lines) > 1 {
		for i := range len(lines) - 1 {
			lines[i] = strings.TrimRight(lines[i], "; ") + " &&"
		}
		lines[0] = "bash -c '" + lines[0]
		lines[len(lines)-1] += "'"
	}
	return append([]string{"script: >-"}, indented(lines, 2)...)
}
