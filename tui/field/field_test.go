package field_test

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/secret"
	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

// keyNamed is a key that types no letter, or the space.
func keyNamed(name string) (tea.KeyPressMsg, bool) {
	named := map[string]tea.KeyPressMsg{
		"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "space": {Code: tea.KeySpace, Text: " "},
		"up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown}, "left": {Code: tea.KeyLeft}, "right": {Code: tea.KeyRight},
		"home": {Code: tea.KeyHome}, "end": {Code: tea.KeyEnd}, "pgup": {Code: tea.KeyPgUp}, "pgdown": {Code: tea.KeyPgDown},
		"tab": {Code: tea.KeyTab}, "backspace": {Code: tea.KeyBackspace}, "kp-enter": {Code: tea.KeyKpEnter},
		"ctrl+a": {Code: 'a', Mod: tea.ModCtrl}, "ctrl+c": {Code: 'c', Mod: tea.ModCtrl}, "ctrl+r": {Code: 'r', Mod: tea.ModCtrl}, "ctrl+y": {Code: 'y', Mod: tea.ModCtrl}, "ctrl+u": {Code: 'u', Mod: tea.ModCtrl},
	}
	key, ok := named[name]
	return key, ok
}

// press presses keys, a text without a key's name letter by letter, and tells
// whether the last one ended the field.
func press(t testing.TB, f field.Field, keys ...string) (done bool) {
	t.Helper()
	for _, key := range keys {
		done = false
		if msg, ok := keyNamed(key); ok {
			_, done = f.Update(msg)
			continue
		}
		for _, letter := range key {
			if _, done = f.Update(tea.KeyPressMsg{Code: letter, Text: string(letter)}); done {
				t.Fatalf("the letter %q ended the field", letter)
			}
		}
	}
	return done
}

func paste(f field.Field, text string) { f.Update(tea.PasteMsg{Content: text}) }

// seen is what is on the screen, without styles and the space at lines' ends.
func seen(f field.Field) string {
	lines := strings.Split(ansi.Strip(f.View()), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n")
}

// sees compares the screen with lines.
func sees(t testing.TB, f field.Field, want ...string) {
	t.Helper()
	if got := seen(f); got != strings.Join(want, "\n") {
		t.Errorf("seen:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
}

func sized[F field.Field](f F, width, height int) F {
	f.Resize(width, height)
	return f
}

// does is what a key does, as the field names it, or "".
func does(f field.Field, key string) string {
	for _, k := range f.Keys() {
		if k.Key == key {
			return k.Does
		}
	}
	return ""
}

// refuses reports whether the field's problem contains words.
func refuses(f field.Field, words string) bool {
	err := f.Problem()
	return err != nil && strings.Contains(err.Error(), words)
}

// every is one field of each kind, with more in it than fits.
func every() map[string]field.Field {
	theme := field.NewTheme(true, field.Glyphs{})
	long := strings.Repeat("long 漢字 ", 40)
	list := field.NewList(theme, true, nil)
	list.SetRows([]flow.Row{
		{Key: "a", Cells: []string{long, long}, Note: long}, {Key: "b", Cells: []string{"b", "c"}, Disabled: long},
		{Key: "c", Cells: []string{"c"}, Note: "short"},
	})
	list.Busy(long)
	empty := field.NewList(theme, false, nil)
	empty.Update(tea.PasteMsg{Content: long[:100]})
	return map[string]field.Field{
		"choice": field.NewChoice(theme, []flow.Option{
			{Label: long, Note: long}, {Label: "two", Note: "a note"}, {Label: "three"}, {Label: "four"},
		}, 2),
		"confirm":    field.NewConfirm(theme, long, long, false, false),
		"text":       field.NewText(theme, "", long, nil),
		"empty text": field.NewText(theme, long, "", nil),
		"secret":     field.NewSecret(theme, secret.New(long)),
		"list":       list,
		"empty list": empty,
	}
}

func TestEveryViewFits(t *testing.T) {
	for name, f := range every() {
		if f.View() != "" {
			t.Errorf("%s: something is seen before there is a size", name)
		}
		f.Resize(40, 12)
		press(t, f, "down", "enter", "ctrl+r")
		for _, size := range [][2]int{{200, 60}, {80, 24}, {40, 12}, {12, 4}, {7, 3}, {3, 2}, {1, 1}, {0, 5}, {5, 0}} {
			f.Resize(size[0], size[1])
			view := f.View()
			if lines := strings.Count(view, "\n") + 1; lines > max(size[1], 1) {
				t.Errorf("%s in %v has %d lines", name, size, lines)
			}
			for line := range strings.SplitSeq(view, "\n") {
				if cells := ansi.StringWidth(line); cells > size[0] {
					t.Errorf("%s in %v has %d cells: %q", name, size, cells, ansi.Strip(line))
				}
			}
		}
	}
}

func TestMadeSmallAndLargeAgainItLooksTheSame(t *testing.T) {
	for name, f := range every() {
		f.Resize(200, 60)
		press(t, f, "down", "down")
		before := f.View()
		f.Resize(40, 12)
		small := f.View()
		f.Resize(10, 2)
		f.View()
		f.Resize(40, 12)
		if f.View() != small {
			t.Errorf("%s: another view in 40x12", name)
		}
		f.Resize(200, 60)
		if f.View() != before {
			t.Errorf("%s: before:\n%s\nafter:\n%s", name, ansi.Strip(before), ansi.Strip(f.View()))
		}
	}
}

func TestCtrlCAndEscAreLeftToTheOwner(t *testing.T) {
	for name, f := range every() {
		f.Resize(80, 24)
		if name == "empty list" { // it has a filter
			press(t, f, "esc")
		}
		before := f.View()
		if f.TakesEscape() || press(t, f, "esc") || press(t, f, "ctrl+c") || f.View() != before {
			t.Errorf("%s: esc or ctrl+c did something", name)
		}
	}
}

// Where only one key has room it is the one that answers.
func TestTheKeyThatAnswersIsTheLastToGo(t *testing.T) {
	for name, f := range every() {
		f.Resize(80, 24)
		for _, key := range f.Keys() {
			if key.Key != "enter" && key.Priority >= 2 || key.Key == "enter" && key.Priority < 2 {
				t.Errorf("%s: %s has the priority %d", name, key.Key, key.Priority)
			}
		}
	}
}

func TestOnlyWhatIsTypedTakesAQuestionMark(t *testing.T) {
	takes := map[string]bool{"text": true, "empty text": true, "secret": true, "empty list": true} // that list has a filter
	for name, f := range every() {
		if f.TakesText() != takes[name] {
			t.Errorf("%s: %t", name, f.TakesText())
		}
	}
}

func TestTheOtherThemeCanTakeItsPlace(t *testing.T) {
	theme := field.NewTheme(true, field.Glyphs{})
	note := []flow.Option{{Label: "one", Note: "a note"}, {Label: "two"}}
	list := field.NewList(theme, false, nil)
	list.SetRows([]flow.Row{{Key: "a", Cells: []string{"a"}}})
	fields := []field.Field{
		field.NewChoice(theme, note, 0), field.NewText(theme, "", "text", nil), field.NewSecret(theme, secret.New("x")), list,
	}
	dark := make([]string, len(fields))
	for i, f := range fields {
		dark[i] = sized(f, 40, 5).View()
	}
	*theme = *field.NewTheme(false, field.Glyphs{})
	want := sized(field.NewChoice(field.NewTheme(false, field.Glyphs{}), note, 0), 40, 5).View()
	if got := fields[0].View(); got != want {
		t.Errorf("the choice is %q, want %q", got, want)
	}
	for i, f := range fields {
		if f.View() == dark[i] || ansi.Strip(f.View()) != ansi.Strip(dark[i]) {
			t.Errorf("field %d did not change its colors, or not only those", i)
		}
	}
}
