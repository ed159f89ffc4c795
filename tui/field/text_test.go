package field_test

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/tui/field"
)

func emptySecret() *field.Secret {
	return sized(field.NewSecret(field.NewTheme(true, field.Glyphs{}), secret.String{}), 40, 12)
}

func TestASecretIsTypedUnseen(t *testing.T) {
	s := emptySecret()
	sees(t, s, "›", "  Type or paste it. It stays hidden.")
	if press(t, s, "enter") || len(s.Keys()) > 0 {
		t.Error("an empty secret was taken")
	}
	if !refuses(s, "type or paste a value first") {
		t.Error("it does not say why")
	}
	for i, letter := range secrettest.Canary {
		press(t, s, string(letter))
		if i > 3 {
			secrettest.Absent(t, "the view", s.View(), secrettest.Canary[:i+1])
			secrettest.Absent(t, "the field", fmt.Sprintf("%v %+v %#v %+v", s, s, s, *s), secrettest.Canary[:i+1])
		}
	}
	sees(t, s, "› "+strings.Repeat("•", 24), "  24 characters")
	if !press(t, s, "enter") || s.Value().Secret.Reveal() != secrettest.Canary {
		t.Error("another value was taken")
	}
}

// The owner takes the value when the field reports that it is done, so that what
// was typed ahead is not in it.
func TestKeysBehindEnterAreNotInTheValue(t *testing.T) {
	typed, text := emptySecret(), sized(field.NewText(field.NewTheme(true, field.Glyphs{}), "", "", nil), 40, 12)
	fields := map[string]struct {
		field.Field
		value func() string
	}{
		"secret": {typed, func() string { return typed.Value().Secret.Reveal() }},
		"text":   {text, func() string { return text.Value().Text }},
	}
	for name, f := range fields {
		var taken string
		for _, letter := range "sekret-1\nXYZ" {
			msg := tea.KeyPressMsg{Code: letter, Text: string(letter)}
			if letter == '\n' {
				msg = tea.KeyPressMsg{Code: tea.KeyEnter}
			}
			cmd, done := f.Update(msg)
			if cmd != nil {
				t.Errorf("%s: work is left for later", name)
			}
			if done {
				taken = f.value()
				break
			}
		}
		if taken != "sekret-1" {
			t.Errorf("%s: %d characters were taken", name, len(taken))
		}
	}
}

func TestASecretIsShownOnlyWhileItsOwnerAsks(t *testing.T) {
	s := sized(field.NewSecret(field.NewTheme(true, field.Glyphs{}), secret.New(secrettest.Canary)), 40, 12)
	hidden := s.View()
	for name, hide := range map[string]func(){
		"the key again":      func() { press(t, s, "ctrl+r") },
		"enter":              func() { press(t, s, "enter") },
		"another window":     func() { s.Update(tea.BlurMsg{}) },
		"nothing left of it": func() { press(t, s, "ctrl+u"); paste(s, secrettest.Canary) },
	} {
		press(t, s, "ctrl+r")
		if does(s, "ctrl+r") != "hide" || seen(s) != "› "+secrettest.Canary+"\n  24 characters" {
			t.Errorf("before %s: it is not shown", name)
		}
		hide()
		if does(s, "ctrl+r") != "show" || s.View() != hidden {
			t.Errorf("%s does not hide it", name)
		}
	}
}

func TestAPasteOfAnyLengthIsTakenWhole(t *testing.T) {
	for _, length := range []int{1, 200, 64 << 10} {
		s := emptySecret()
		value := strings.Repeat("aé", length/3+1)[:length-length%3] + strings.Repeat("b", length%3)
		paste(s, value+"\r")
		if !press(t, s, "enter") || s.Value().Secret.Reveal() != value {
			t.Errorf("of %d bytes %d were taken", length, len(s.Value().Secret.Reveal()))
		}
		press(t, s, "ctrl+r")
		for _, size := range [][2]int{{200, 60}, {40, 12}} {
			sized(s, size[0], size[1])
			if lines := strings.Split(seen(s), "\n"); len(lines) != 2 || !strings.Contains(lines[1], "character") {
				t.Errorf("%d bytes in %v take %d lines", length, size, len(lines))
			}
		}
	}
	s := emptySecret()
	paste(s, strings.Repeat("x", 200))
	sees(t, s, "› …"+strings.Repeat("•", 36), "  200 characters")
	press(t, s, "ctrl+r")
	sees(t, s, "› …"+strings.Repeat("x", 36), "  200 characters")
	paste(s, strings.Repeat("x", 64<<10))
	if len(s.Value().Secret.Reveal()) != 200 || !refuses(s, "longer than 64 KiB") {
		t.Error("a part of a paste was taken, or none in silence")
	}
}

func TestOneLineEndingOfAPasteIsCut(t *testing.T) {
	for pasted, want := range map[string]string{
		"key": "key", "key\n": "key", "key\r": "key", "key\r\n": "key", " key\t \n": " key\t ",
		"key\n\n": "", "key\r\r": "", "key\nmore": "", "\nkey": "",
	} {
		s := emptySecret()
		paste(s, pasted)
		if s.Value().Secret.Reveal() != want {
			t.Errorf("%q became %q", pasted, s.Value().Secret.Reveal())
		}
		if refused := refuses(s, "a paste of several lines"); refused != (want == "") {
			t.Errorf("%q: refused in words: %t", pasted, refused)
		}
	}
}

func TestASecretIsEdited(t *testing.T) {
	s := emptySecret()
	press(t, s, "aé漢", "backspace", "tab", "down", "esc")
	if s.Value().Secret.Reveal() != "aé" {
		t.Errorf("it is %q", s.Value().Secret.Reveal())
	}
	press(t, s, "ctrl+u", "x y")
	if s.Value().Secret.Reveal() != "x y" {
		t.Errorf("it is %q", s.Value().Secret.Reveal())
	}
}

func TestAShownSecretDoesNotSteerTheTerminal(t *testing.T) {
	s := emptySecret()
	paste(s, "a\x1b[31mb\x07\u202e")
	press(t, s, "ctrl+r")
	sees(t, s, "› a�[31mb��", "  9 characters")
}
