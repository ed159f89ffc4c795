package field_test

import (
	"errors"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

var signIn = []flow.Option{
	{Label: "Console deploy key", Note: "made for builds; it can deploy and little else"},
	{Label: "A Rack directly", Note: "its password can do everything on that Rack"},
	{Label: "A new password", Note: "the last resort"},
}

func TestAChoiceIsSeenInEverySize(t *testing.T) {
	c := field.NewChoice(field.NewTheme(true, field.Glyphs{}), signIn, 1)
	for _, size := range [][2]int{{80, 24}, {200, 60}} {
		sees(t, sized(c, size[0], size[1]),
			"  Console deploy key  made for builds; it can deploy and little else",
			"› A Rack directly     its password can do everything on that Rack",
			"  A new password      the last resort")
	}
	sees(t, sized(c, 40, 12),
		"  Console deploy key",
		"    made for builds; it can deploy and",
		"    little else",
		"› A Rack directly",
		"    its password can do everything on",
		"    that Rack",
		"  A new password",
		"    the last resort")
	sees(t, sized(c, 40, 3), "  Console deploy key", "› A Rack directly", "  A new password")
}

func TestEnterTakesTheOptionWithTheFocus(t *testing.T) {
	c := sized(field.NewChoice(field.NewTheme(true, field.Glyphs{}), signIn, 0), 80, 24)
	if does(c, "enter") == "" || !press(t, c, "down", "enter") || c.Value().Index != 1 {
		t.Errorf("option %d was taken", c.Value().Index)
	}
	if !press(t, c, "k", "kp-enter") || c.Value().Index != 0 {
		t.Errorf("option %d was taken", c.Value().Index)
	}
}

func TestTheFocusStaysAtTheEndsOfAChoice(t *testing.T) {
	c := sized(field.NewChoice(field.NewTheme(true, field.Glyphs{}), signIn, 0), 80, 24)
	for keys, want := range map[string]int{"up": 0, "down down down": 2, "end down": 2, "end home up": 0} {
		c.Select(0)
		if press(t, c, strings.Fields(keys)...); c.Value().Index != want {
			t.Errorf("%s led to option %d", keys, c.Value().Index)
		}
	}
}

func TestALetterAnswersAConfirmationAtOnceOnlyWhereItMay(t *testing.T) {
	for _, atOnce := range []bool{false, true} {
		c := sized(field.NewConfirm(field.NewTheme(true, field.Glyphs{}), "Yes", "No", false, atOnce), 80, 1)
		for letter, want := range map[rune]bool{'y': true, 'n': false} {
			_, done := c.Update(tea.KeyPressMsg{Code: letter, Text: string(letter)})
			if done != atOnce || c.Value().Yes != want {
				t.Errorf("at once %t: %c ended it: %t, yes: %t", atOnce, letter, done, c.Value().Yes)
			}
		}
		if answers := does(c, "y/n") == "answer"; answers != atOnce {
			t.Errorf("at once %t: y/n %s", atOnce, does(c, "y/n"))
		}
	}
}

func TestAConfirmationShowsItsFocusWithoutColor(t *testing.T) {
	c := sized(field.NewConfirm(field.NewTheme(true, field.Glyphs{}), "Write them", "Go back", false, false), 80, 24)
	sees(t, c, "   Write them    › Go back")
	if !press(t, c, "left", "enter") || !c.Value().Yes {
		t.Error("yes was not taken")
	}
	sees(t, c, " › Write them      Go back")
	if press(t, c, "n") || c.Value().Yes || press(t, c, "y") || !c.Value().Yes {
		t.Error("a letter did not move the focus alone")
	}
	press(t, c, "tab")
	sees(t, sized(c, 40, 12), "   Write them    › Go back")
}

func TestATextIsCheckedAtEnter(t *testing.T) {
	var asked []string
	text := field.NewText(field.NewTheme(true, field.Glyphs{}), "console.convox.com", "", func(host string) error {
		asked = append(asked, host)
		if host != "rack.example" {
			return errors.New("read the host: a host is a name without one")
		}
		return nil
	})
	sees(t, sized(text, 40, 12), "› console.convox.com")
	if press(t, text, "rack.example/x", "enter") {
		t.Error("a wrong text was taken")
	}
	sees(t, text, "› rack.example/x")
	if !refuses(text, "a host is a name without one") {
		t.Error("it does not say why")
	}
	press(t, text, "backspace")
	sees(t, text, "› rack.example/")
	if text.Problem() != nil {
		t.Error("a problem stays while it is being fixed")
	}
	if !press(t, text, "backspace", "space", "enter") || text.Value().Text != "rack.example" || asked[1] != "rack.example" {
		t.Errorf("%q was taken, after %q", text.Value().Text, asked)
	}
}

func TestATextKeepsItsValueThroughEverySize(t *testing.T) {
	long := "rack.example-1234567890123456789.us-east-1.convox.site"
	text := sized(field.NewText(field.NewTheme(true, field.Glyphs{}), "", long, nil), 80, 24)
	sees(t, text, "› "+long)
	sees(t, sized(text, 40, 12), "› 567890123456789.us-east-1.convox.site")
	text = sized(field.NewText(field.NewTheme(true, field.Glyphs{}), "", "", nil), 80, 24)
	paste(text, "  pasted.example\r\n")
	if !press(t, sized(text, 40, 12), "enter") || text.Value().Text != "pasted.example" {
		t.Errorf("%q was taken", text.Value().Text)
	}
}

// However little room there is, the option that Enter takes is seen, and that
// there are others.
func TestAChoiceThatIsCutSaysHowManyOptionsAreHidden(t *testing.T) {
	long := []flow.Option{
		{Label: "Use the one that the convox CLI has saved", Note: "on this machine"}, {Label: "Type or paste it"},
		{Label: "Read it from AWS"}, {Label: "Set a new one", Note: "where nothing better exists"},
	}
	c := sized(field.NewChoice(field.NewTheme(true, field.Glyphs{}), long, 0), 40, 7)
	if got := c.Lines(40); got != (field.Lines{Least: 3, Enough: 6, Most: 7}) {
		t.Errorf("it asks for %+v", got)
	}
	sees(t, sized(c, 40, 6),
		"› Use the one that the convox CLI has", "  saved", "    on this machine",
		"  Type or paste it", "  Read it from AWS", "  Set a new one")
	sees(t, sized(c, 40, 4),
		"› Use the one that the convox CLI has", "  saved",
		"  Type or paste it", "  ↓ 2 more")
	press(t, c, "down", "down")
	sees(t, sized(c, 40, 3), "  Type or paste it", "› Read it from AWS", "  ↑ 1 more · ↓ 1 more")
	sees(t, sized(c, 40, 2), "› Read it from AWS", "  ↑ 2 more · ↓ 1 more")
	press(t, c, "up", "up")
	sees(t, sized(c, 40, 1), "› Use the one that the convox CLI has …")
}
