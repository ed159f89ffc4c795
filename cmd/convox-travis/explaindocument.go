package main

import (
	"strings"

	"convox-travis/internal/build"
	"convox-travis/internal/setup"
)

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
		Branch string            `json:"branch"` // of a tag, the tag
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

		waits     bool     // for a stage that doesn't pass
		status    int      // that it ends with when every command passes
		otherwise []string // what it deploys when a command doesn't pass
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

// buildOf is a build in the document, for a target that names the default app.
// What runs only when a command fails is unseen.
func buildOf(outcome build.Outcome, target build.Target) (document buildDocument, unseen []unseenDocument) {
	event := outcome.Event
	document = buildDocument{
		Event: string(event.Type), Branch: event.Branch, Tag: event.Tag,
		Built: len(outcome.Build.Jobs) > 0, Reason: outcome.Build.Reason,
	}
	reached := setup.Reached(outcome)
	for i, job := range outcome.Build.Jobs {
		played := outcome.Played[i]
		one := jobDocument{
			Number: job.Number, Stage: job.Stage, Name: job.Name, OS: job.OS, Language: job.Language, Env: withoutSecrets(job.Env),
			AllowFailure: job.AllowFailure, Phases: job.Phases(), status: played.Status, waits: !reached[i],
		}
		for _, call := range played.Calls {
			deploy := deployDocument{target.AppOf(call), call.Rack, call.Line, call.Phase, call.FailsBuild}
			switch {
			case !reached[i]:
			case call.Deploys && !call.OnFailure:
				one.Deploys = append(one.Deploys, deploy)
			case call.Deploys:
				text := deploy.otherwise(played.Status)
				one.otherwise = append(one.otherwise, text+lineWords(call.Line))
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

// what names what is deployed, where that is known.
func (d deployDocument) what() string {
	text := "deploys"
	if d.App != "" {
		text += " " + setup.Shortened(d.App)
	}
	if d.Rack != "" {
		text += " to " + setup.Shortened(d.Rack)
	}
	return text
}

// otherwise says when a deploy runs that doesn't when every command passes; status
// is what the job ends with then.
func (d deployDocument) otherwise(status int) string {
	switch {
	case d.Phase == "after_failure":
		return "when the tests fail, " + d.what()
	case status != 0:
		return "if the job passed, it would deploy" + strings.TrimPrefix(d.what(), "deploys")
	}
	return "when a command fails, " + d.what()
}

// withoutSecrets hides the values of variables that hold the password.
func withoutSecrets(env []string) []string {
	var shown []string
	for _, variable := range env {
		name, value, _ := strings.Cut(variable, "=")
		if (name == setup.PasswordName || name == "RACK_URL") && value != "[secure]" {
			variable = name + "=[hidden]"
		}
		shown = append(shown, variable)
	}
	return shown
}
