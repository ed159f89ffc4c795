package flow

import (
	"cmp"
	"context"
	"strings"

	"convox-travis/internal/audit"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
)

// deployRack is the Rack that the step deploys to behind a Console, "" while that is open.
func (f *Flow) deployRack() string {
	if rack := cmp.Or(f.consoleRack(), f.answers.deployRack); rack != "" {
		return rack
	}
	if login := f.result.login; login != nil && len(login.Racks) == 1 {
		return login.Racks[0].String()
	}
	return ""
}

const noRow = "none"

var deployRackStep = step{
	id: StepDeployRack, name: "Deploy step",
	when: func(f *Flow) bool {
		return byConsole(f) && f.hasFile() && f.consoleRack() == "" && f.result.login != nil && len(f.result.login.Racks) > 1 && !f.given.Agreed
	},
	ask: func(f *Flow) Question {
		q := Question{
			Kind: Pick, Title: "Which Rack do builds deploy to?",
			Reason:   []string{"The deploy step in .travis.yml names it."},
			Help:     []string{"Without a deploy step, both variables are written and a push deploys nothing. You can add the step later with convox-travis yml."},
			Headings: []string{"RACK", "REGION"},
			Initial:  Value{Key: cmp.Or(f.answers.deployRack, f.result.login.Racks[0].String())},
		}
		for _, rack := range f.result.login.Racks {
			q.Rows = append(q.Rows, Row{Key: rack.String(), Cells: []string{rack.String(), rack.Region}, Note: rack.Status, Warn: rack.IsLost()})
		}
		q.Rows = append(q.Rows, Row{Key: noRow, Cells: []string{"Don't add a deploy step"}, Other: true})
		return q
	},
	take: func(f *Flow, v Value) {
		f.answers.deployRack, f.answers.noStep = v.Key, v.Key == noRow
		if v.Key == noRow {
			f.answers.deployRack = ""
		}
	},
	shown: func(f *Flow) string {
		if f.answers.noStep || f.answers.deployRack == "" {
			return "left out"
		}
		return "deploys to " + f.answers.deployRack
	},
}

func (f *Flow) knowsRack() bool { return f.answers.signIn == ByRack || f.deployRack() != "" }

// commandStep asks for a command to run before promoting. Only the review's switch leads to it.
var commandStep = step{
	id: StepCommand, name: "Deploy step",
	when: func(f *Flow) bool {
		return (f.answers.entersCommand || f.answers.beforePromote != "") && f.hasFile() && f.knowsRack() && !f.answers.noStep
	},
	pass: func(*Flow) bool { return true },
	ask: func(f *Flow) Question {
		return Question{
			Kind: Text, Title: "Which command runs before a release is promoted?", Optional: true,
			Reason: []string{
				"Enter SERVICE COMMAND, such as web rake db:migrate, or nothing for none.",
				"If it fails, the release isn't promoted and the build fails.",
			},
			Help: []string{
				"Each deploy then builds a release, runs the command on it in a new process of the service, as convox run does, and promotes it. The command is text for the shell of that process.",
			},
			Initial: Value{Text: f.answers.beforePromote},
			Check:   func(v Value) error { return audit.CheckExtras("", strings.TrimSpace(v.Text)) },
		}
	},
	take: func(f *Flow, v Value) {
		f.answers.beforePromote = strings.TrimSpace(v.Text)
		delete(f.chosen, StepCommand) // it isn't asked again on the way
	},
	shown: func(f *Flow) string {
		if f.answers.beforePromote == "" {
			return ""
		}
		runs := "runs " + f.answers.beforePromote + " before promoting"
		if byConsole(f) {
			return "deploys to " + f.deployRack() + " · " + runs
		}
		return runs
	},
}

type appQuestion struct {
	host      convox.Host
	rack, app string
}

type appAnswer struct{ isOver, lacks bool }

func (f *Flow) appQuestion() (q appQuestion, ok bool) {
	if !f.hasFile() || f.given.Agreed || f.answers.noStep || !f.knowsRack() || f.result.login == nil || f.answers.unchecked {
		return appQuestion{}, false
	}
	q = appQuestion{host: f.host(), app: f.found.file.AppName(f.only().Slug)}
	if byConsole(f) {
		q.rack = f.deployRack()
	}
	return q, q.app != ""
}

// askApp looks up the deploy step's app beside everything else, once.
func (f *Flow) askApp() {
	q, ok := f.appQuestion()
	if !ok || f.result.apps[q] != nil {
		return
	}
	answer := &appAnswer{}
	f.result.apps[q] = answer
	password, fingerprint, newChecker := f.credential().Password, f.fingerprint(), f.outside.Checker
	f.result.searches = append(f.result.searches, func(ctx context.Context, tell func(Update)) {
		checker, err := newChecker(fingerprint)
		lacks := err == nil && checker.LacksApp(ctx, q.host, password, q.rack, q.app)
		tell(func(*Flow) { answer.isOver, answer.lacks = true, lacks })
	})
}

func (f *Flow) awaitsApp() bool {
	q, _ := f.appQuestion()
	answer := f.result.apps[q]
	return answer != nil && !answer.isOver
}

func (f *Flow) appLines() []Line {
	q, _ := f.appQuestion()
	if answer := f.result.apps[q]; answer == nil || !answer.lacks {
		return nil
	}
	return warningLines([]connect.Warning{audit.NoApp(*f.result.login, q.rack, q.app)})
}
