package tui

import (
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

// asked puts a question on a screen of a size.
func asked(t *testing.T, q flow.Question, f field.Field, width, height int) *model {
	t.Helper()
	m := atRepositories(t, 3)
	m.question, m.field, m.reading, m.problem = q, f, nil, q.Problem
	m.Update(tea.WindowSizeMsg{Width: width, Height: height})
	return m
}

// wants compares what is between the head and the foot of a narrow screen.
func (m *model) wants(t *testing.T, want ...string) {
	t.Helper()
	lines := strings.Split(ansi.Strip(m.screen()), "\n")
	lines = lines[1 : len(lines)-m.footHeight()]
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	if got := strings.TrimRight(strings.Join(lines, "\n"), "\n"); got != strings.Join(want, "\n") {
		t.Errorf("seen:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
}

var unknown = flow.Question{
	Kind: flow.Choice, Title: "Travis does not know a-very-long-owner-name-indeed/a-very-long-repository-name-here",
	Reason: []string{"It may have been made after Travis last read your list."},
	Options: []flow.Option{
		{Label: "Sync Travis, and look again", Note: "takes seconds to minutes"}, {Label: "Choose another repository"},
	},
	Problem: &flow.Problem{
		Message: "find a-very-long-owner-name-indeed/a-very-long-repository-name-here: Travis does not know it",
		Do:      []string{"look at its name", "log in to Travis"},
	},
}

func TestAChoiceKeepsItsOptionsUnderALongProblem(t *testing.T) {
	m := asked(t, unknown, field.NewChoice(field.NewTheme(true), options(unknown.Options), 0), 40, 12)
	m.wants(t,
		"Travis does not know …",
		"› Sync Travis, and look again",
		"    takes seconds to minutes",
		"  Choose another repository",
		"✗ find",
		"  a-very-long-owner-name-indeed/a-very-l",
		"  ong-repository-name-here: Travis does",
		"  not know it",
		"  hint: look at its name")
	m = asked(t, unknown, field.NewChoice(field.NewTheme(true), options(unknown.Options), 0), 40, 7)
	m.wants(t,
		"Travis does not know …",
		"› Sync Travis, and look again",
		"  Choose another repository",
		"✗ find",
		"…")
}

var key = flow.Question{
	Kind: flow.Secret, Title: "The deploy key",
	Reason: []string{
		"Make one in Console: Settings, Deploy Keys, in the organization that the Rack belongs to.",
		"https://console.example.com/a/long/address", "In this demo: demo-key",
	},
}

func TestAnAddressIsWholeAsLongAsThereIsRoom(t *testing.T) {
	m := asked(t, key, field.NewSecret(field.NewTheme(true), secret.String{}), 40, 12)
	m.wants(t,
		"The deploy key",
		"Make one in Console: Settings, Deploy",
		"Keys, in the organization that the Rack",
		"belongs to.",
		"https://console.example.com/a/long/addre",
		"ss",
		"In this demo: demo-key",
		"›",
		"  type or paste it: it will not be shown")
	// A hint goes before the reasons, and what is to be copied before the others.
	m.problem = &flow.Problem{Message: "Console doesn't accept this key", Do: []string{"make another one"}}
	m.resize()
	m.wants(t,
		"The deploy key",
		"Make one in Console: Settings, Deploy",
		"Keys, in the organization that the …",
		"https://console.example.com/a/long/addre",
		"ss",
		"In this demo: demo-key",
		"›",
		"✗ Console doesn't accept this key",
		"  hint: make another one")
}

// The field says what is wrong as the screen does.
func TestAProblemLooksTheSameWhereverItWasFound(t *testing.T) {
	q := flow.Question{Kind: flow.Text, Title: "The host"}
	wrong := &problem.Error{Reason: "that is no host", Hints: []string{"write the host alone, such as rack.example.com", "go back"}}
	want := []string{
		"The host", "", "›", "",
		"✗ that is no host",
		"  hint: write the host alone, such as",
		"    rack.example.com",
		"  hint: go back",
	}
	m := asked(t, q, field.NewText(field.NewTheme(true), "", "", func(string) error { return wrong }), 40, 12)
	m.look()
	m.Update(enter)
	m.wants(t, want...)
	q.Problem = flow.ProblemOf(wrong)
	asked(t, q, field.NewText(field.NewTheme(true), "", "", nil), 40, 12).wants(t, want...)
}

// On a screen with room for all, what is wrong moves nothing.
func TestAProblemMovesNothingWhereThereIsRoom(t *testing.T) {
	m := asked(t, key, field.NewSecret(field.NewTheme(true), secret.String{}), 80, 24)
	before := ansi.Strip(m.screen())
	m.look()
	m.Update(enter)
	at := strings.Index(before, "type or paste it")
	if after := ansi.Strip(m.screen()); after[:at] != before[:at] || !contains(after, "✗ nothing was typed") {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func TestWhyNothingWasFoundIsSaidWhereverLinesAreFree(t *testing.T) {
	m := atRepositories(t, 0)
	m.question.More = "not all are listed: log in to AWS: there are no credentials"
	m.Update(tea.WindowSizeMsg{Width: 40, Height: 12})
	m.wants(t,
		"Which repository?",
		"/  type to filter",
		"›     type a name",
		"  0 in all", "",
		"! not all are listed: log in to AWS:",
		"  there are no credentials", "",
		"type a name")
	m = atRepositories(t, 30) // a list that takes every line
	m.question.More = "not all are listed: Travis does not answer"
	m.Update(tea.WindowSizeMsg{Width: 40, Height: 12})
	m.wants(t,
		"Which repository?",
		"/  type to filter",
		"› [ ] acme/service-00000  git…  inactive",
		"  [ ] acme/service-00001  git…",
		"  [ ] acme/service-00002  git…",
		"  30 in all", "",
		"! not all are listed: Travis does not",
		"  answer")
	moved := strings.Split(ansi.Strip(m.screen()), "\n")
	m.question.More = ""
	for i, line := range strings.Split(ansi.Strip(m.screen()), "\n")[:6] {
		if line != moved[i] {
			t.Errorf("line %d was moved: %q, %q", i, line, moved[i])
		}
	}
}

// What proves that a new password was kept has to be seen, whatever is said of
// the copy and of what was typed.
func TestACopiedSecretHidesNeitherItsProofNorWhatIsWrong(t *testing.T) {
	q := flow.Question{Kind: flow.Shown, Title: "The new password", Reason: []string{"Copy it into your password store now. Then type its last 6 characters from there."}}
	wrong := &problem.Error{Reason: "that is not its end", Hints: []string{"look at it again"}}
	m := asked(t, q, field.NewShown(field.NewTheme(true), secret.New(strings.Repeat("a", 40)), 6, func(string) error { return wrong }), 40, 12)
	above := []string{"The new password", "Copy it into your password store now.", "Then type its last 6 characters from", "there."}
	secret := []string{"  " + strings.Repeat("a", 36), "  aaaa"}
	m.Update(tea.KeyPressMsg{Code: 'y', Mod: tea.ModCtrl})
	m.wants(t, slices.Concat(above, secret, []string{"", "› its last 6 characters", "The terminal was told to copy it: …"})...)
	m.look()
	m.Update(enter)
	m.wants(t, slices.Concat(above, secret, []string{"› its last 6 characters", "✗ that is not its end", "  hint: look at it again"})...)
}
