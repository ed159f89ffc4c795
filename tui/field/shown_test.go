package field_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/tui/field"
)

func shown(tail int, check func(string) error) *field.Shown {
	return sized(field.NewShown(field.NewTheme(true, field.Glyphs{}), secret.New(secrettest.Canary), tail, check), 40, 12)
}

func TestASecretIsShownToBeWrittenDown(t *testing.T) {
	s := shown(0, nil)
	sees(t, s, "  "+secrettest.Canary)
	secrettest.Absent(t, "the field", fmt.Sprintf("%v %+v %#v", s, s, *s))
	if !press(t, s, "enter") {
		t.Error("Enter does not continue")
	}
	narrow := sized(field.NewShown(field.NewTheme(true, field.Glyphs{}), secret.New(strings.Repeat("ab", 25)), 6, nil), 20, 12)
	if got := strings.ReplaceAll(strings.ReplaceAll(seen(narrow), "\n", ""), " ", ""); !strings.HasPrefix(got, strings.Repeat("ab", 25)) {
		t.Errorf("not all of it is seen: %s", seen(narrow))
	}
}

func TestItsEndIsTypedFromSomewhereElse(t *testing.T) {
	s := shown(6, func(typed string) error {
		if typed != "2;Xm" {
			return errors.New("that is not its end")
		}
		return nil
	})
	if press(t, s, "x") || press(t, s, "enter") || !refuses(s, "that is not its end") {
		t.Errorf("%s", seen(s))
	}
	secrettest.Absent(t, "the view while it is typed", s.View())
	press(t, s, "ctrl+r")
	if !strings.Contains(seen(s), secrettest.Canary) {
		t.Error("it is not shown again")
	}
	press(t, s, "backspace")
	if press(t, s, "2;Xm"); !press(t, s, "enter") || s.Value().Text != "2;Xm" {
		t.Errorf("%q", s.Value().Text)
	}
}

func TestWhatIsShownIsHiddenWhenNobodyLooks(t *testing.T) {
	for _, tail := range []int{0, 6} {
		s := shown(tail, nil)
		s.Update(tea.BlurMsg{})
		secrettest.Absent(t, "the view", s.View())
		s.Update(tea.FocusMsg{})
		if !strings.Contains(seen(s), secrettest.Canary) {
			t.Error("it does not come back")
		}
	}
}

func TestItIsCopiedOnlyWhenThatIsAsked(t *testing.T) {
	s := shown(6, nil)
	msg, _ := keyNamed("ctrl+y")
	cmd, done := s.Update(msg)
	if cmd == nil || done || !strings.Contains(seen(s), "Sent to the clipboard") {
		t.Errorf("done: %t:\n%s", done, seen(s))
	}
	if got := fmt.Sprint(cmd()); got != secrettest.Canary {
		t.Error("something else is copied")
	}
}

// The note of the copy is the first that goes where there is little room.
func TestACopiedSecretLeavesTheProofOnTheScreen(t *testing.T) {
	s := shown(6, nil)
	press(t, s, "ctrl+y", "x")
	hidden := "  " + strings.Repeat("•", 24)
	sees(t, sized(s, 40, 2), hidden, "› x")
	sees(t, sized(s, 40, 4), hidden, "", "› x", "Sent to the clipboard. Not every …")
	if got := s.Lines(40); got != (field.Lines{Least: 2, Enough: 5, Most: 6}) {
		t.Errorf("it asks for %+v", got)
	}
}

func TestWhatItsOwnerHidStaysHidden(t *testing.T) {
	s := shown(0, nil)
	press(t, s, "ctrl+r")
	s.Update(tea.BlurMsg{})
	s.Update(tea.FocusMsg{})
	secrettest.Absent(t, "the view after somebody looks again", s.View())
	press(t, s, "ctrl+r")
	if !strings.Contains(seen(s), secrettest.Canary) {
		t.Error("it is not shown again")
	}
}
