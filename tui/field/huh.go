package field

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/huh/v2"
	"charm.land/lipgloss/v2"
)

// huhWidget is one field of huh. Of huh this package uses what draws and what
// edits, without a form around it:
//   - Enter never reaches huh. It would only ask for the next field in a later
//     message, and keys in between would still change the value.
//   - A widget that was made small does not grow again, so each size gets a new
//     widget, with the value it is to begin with.
//   - huh's commands, which blink the cursor and read the clipboard, are dropped.
type huhWidget struct{ field huh.Field }

// send gives huh a key or a paste.
func (w huhWidget) send(msg tea.Msg) {
	w.field.Update(msg) // a pointer inside: it changes itself
}

func (w huhWidget) view() string { return w.field.View() }

// huhTheme is ours in huh's terms. huh asks for its styles several times a key,
// so they are made once.
type huhTheme struct{ styles *huh.Styles }

func newHuhTheme(t *Theme) huhTheme {
	button := lipgloss.NewStyle().Padding(0, 1).MarginRight(2)
	styles := huh.FieldStyles{
		FocusedButton: button.Inherit(t.Selected).Reverse(true).SetString("›"),
		BlurredButton: button.SetString(" "),
		TextInput: huh.TextInputStyles{
			Placeholder: t.Muted,
			Prompt:      t.Selected,
			Text:        t.Text,
		},
	}
	return huhTheme{&huh.Styles{Focused: styles, Blurred: styles}}
}

func huhConfirm(t *Theme, yes, no string, value *bool, width int) huhWidget {
	field := huh.NewConfirm().Affirmative(yes).Negative(no).WithButtonAlignment(lipgloss.Left)
	t.dress(field.Value(value), width)
	return huhWidget{field}
}

func huhInput(t *Theme, placeholder string, value *string, width int) huhWidget {
	field := huh.NewInput().Placeholder(placeholder).Prompt(marker)
	t.dress(field, width)
	field.Value(value) // after the width: a long value would not be seen before the first key
	return huhWidget{field}
}

// leastHuhWidth is the cells that huh needs: its input panics in fewer.
const leastHuhWidth = 8

func (t *Theme) dress(field huh.Field, width int) {
	field.WithTheme(huh.ThemeFunc(func(bool) *huh.Styles { return t.huh.styles }))
	field.WithKeyMap(huhKeys())
	field.WithWidth(max(width, leastHuhWidth))
	field.Focus()
}

// huhKeys is what moves inside a field. What ends one or goes back is left out.
func huhKeys() *huh.KeyMap {
	toggle := key.NewBinding(key.WithKeys("left", "right", "h", "l", "tab"))
	return &huh.KeyMap{Confirm: huh.ConfirmKeyMap{Toggle: toggle}}
}
