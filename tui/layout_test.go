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

// wants compares what stands behind the gutter, without empty lines.
func (m *model) wants(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, line := range strings.Split(ansi.Strip(m.screen()), "\n") {
		if line = strings.TrimRight(line, " "); strings.HasPrefix(line, " │ ") || strings.HasPrefix(line, " ◆ ") {
			got = append(got, strings.TrimPrefix(strings.TrimPrefix(line, " │ "), " ◆ "))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("shown:\n%s\nwant:\n%s\nscreen:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"), ansi.Strip(m.screen()))
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
	m := asked(t, unknown, field.NewChoice(field.NewTheme(true, field.Glyphs{}), unknown.Options, 0), 40, 12)
	m.wants(t,
		"Travis does not know …",
		"› Sync Travis, and look again",
		"    takes seconds to minutes",
		"  Choose another repository",
		"✗ find",
		"  a-very-long-owner-name-indeed/a-",
		"  very-long-repository-name-here:",
		"  Travis does not know it",
		"  hint: look at its name",
		"  hint: log in to Travis")
	m = asked(t, unknown, field.NewChoice(field.NewTheme(true, field.Glyphs{}), unknown.Options, 0), 40, 7)
	m.wants(t,
		"Travis does not know …",
		"› Sync Travis, and look again",
		"  Choose another repository",
		"✗ find",
		"  a-very-long-owner-name-indeed/a- …")
}

var key = flow.Question{
	Kind: flow.Secret, Title: "The deploy key",
	Reason: []string{
		"Make one in Console: Settings, Deploy Keys, in the organization that the Rack belongs to.",
		"https://console.example.com/a/long/address", "In this demo: demo-key",
	},
}

func TestAnAddressIsWholeAsLongAsThereIsRoom(t *testing.T) {
	m := asked(t, key, field.NewSecret(field.NewTheme(true, field.Glyphs{}), secret.String{}), 40, 12)
	m.wants(t,
		"The deploy key",
		"Make one in Console: Settings, Deploy",
		"Keys, in the organization that the",
		"Rack belongs to.",
		"https://console.example.com/a/long/",
		"address",
		"In this demo: demo-key",
		"›",
		"  Type or paste it. It stays hidden.")
	// A hint goes before the reasons, and what is to be copied before the others.
	m.problem = &flow.Problem{Message: "Console doesn't accept this key", Do: []string{"make another one"}}
	m.resize()
	m.wants(t,
		"The deploy key",
		"https://console.example.com/a/long/",
		"address",
		"In this demo: demo-key",
		"›",
		"  Type or paste it. It stays hidden.",
		"✗ Console doesn't accept this key",
		"  hint: make another one")
}

// The field says what is wrong as the screen does.
func TestAProblemLooksTheSameWhereverItWasFound(t *testing.T) {
	q := flow.Question{Kind: flow.Text, Title: "The host"}
	wrong := &problem.Error{Reason: "that is no host", Hints: []string{"write the host alone, such as rack.example.com", "go back"}}
	want := []string{
		"The host", "›",
		"✗ that is no host",
		"  hint: write the host alone, such as",
		"  rack.example.com",
		"  hint: go back",
	}
	m := asked(t, q, field.NewText(field.NewTheme(true, field.Glyphs{}), "", "", func(string) error { return wrong }), 40, 12)
	m.look()
	m.Update(enter)
	m.wants(t, want...)
	q.Problem = flow.ProblemOf(wrong)
	asked(t, q, field.NewText(field.NewTheme(true, field.Glyphs{}), "", "", nil), 40, 12).wants(t, want...)
}

// On a screen with room for all, what is wrong moves nothing.
func TestAProblemMovesNothingWhereThereIsRoom(t *testing.T) {
	m := asked(t, key, field.NewSecret(field.NewTheme(true, field.Glyphs{}), secret.String{}), 80, 24)
	before := ansi.Strip(m.screen())
	m.look()
	m.Update(enter)
	at := strings.Index(before, "Type or paste it")
	if after := ansi.Strip(m.screen()); after[:at] != before[:at] || !contains(after, "✗ type or paste") {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func TestWhyNothingWasFoundIsSaidWhereverLinesAreFree(t *testing.T) {
	for _, rows := range []int{0, 30} {
		m := atRepositories(t, rows)
		m.question.More = "not all are listed: log in to AWS: there are no credentials"
		m.Update(tea.WindowSizeMsg{Width: 40, Height: 12})
		if screen := m.screen(); !contains(screen, "! not all are listed: log in to AWS:") || !contains(screen, "there are no credentials") {
			t.Errorf("with %d rows:\n%s", rows, ansi.Strip(screen))
		}
	}
}

// What proves that a new password was kept has to be seen, whatever is said of
// the copy and of what was typed.
func TestACopiedSecretHidesNeitherItsProofNorWhatIsWrong(t *testing.T) {
	q := flow.Question{Kind: flow.Shown, Title: "The new password", Reason: []string{"Copy it into your password store now. Then type its last 6 characters from there."}}
	wrong := &problem.Error{Reason: "that is not its end", Hints: []string{"look at it again"}}
	m := asked(t, q, field.NewShown(field.NewTheme(true, field.Glyphs{}), secret.New(strings.Repeat("a", 40)), 6, func(string) error { return wrong }), 40, 12)
	above := []string{"The new password", "Copy it into your password store now.", "Then type its last 6 characters from", "there."}
	secret := []string{"  " + strings.Repeat("a", 33), "  aaaaaaa"}
	m.Update(tea.KeyPressMsg{Code: 'y', Mod: tea.ModCtrl})
	m.wants(t, slices.Concat(above[:1], secret, []string{"› its last 6 characters", "Sent to the clipboard. Not every", "terminal supports that: paste it", "somewhere to check."})...)
	m.look()
	m.Update(enter)
	m.wants(t, slices.Concat(above[:1], secret, []string{"› its last 6 characters", "Sent to the clipboard. Not every", "terminal supports that: paste it …", "✗ that is not its end", "  hint: look at it again"})...)
}
