package field

import (
	"strings"

	"al.essio.dev/pkg/shellescape"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// Option is one of a few answers.
type Option struct {
	Label    string
	Note     string // what it means, or ""
	Disabled string // why it cannot be chosen, or ""
}

// Choice is one of a few options. Long lists are for List.
type Choice struct {
	theme         *Theme
	options       []Option
	selected      int
	touched       bool
	problem       string
	width, height int
	widget        huhWidget
	dressed       huhTheme // in which the widget was made
}

// NewChoice offers options, of which there must be one, with the option of
// number selected preselected; where that cannot be chosen, the first that can.
func NewChoice(theme *Theme, options []Option, selected int) *Choice {
	c := &Choice{theme: theme}
	for _, o := range options {
		c.options = append(c.options, Option{
			Label: shellescape.StripUnsafe(o.Label), Note: shellescape.StripUnsafe(o.Note),
			Disabled: shellescape.StripUnsafe(o.Disabled),
		})
	}
	for i := range c.options {
		if c.can(i) {
			c.selected = i
			break
		}
	}
	c.SetSelected(selected)
	return c
}

// Selected is the number of the option that has the focus.
func (c *Choice) Selected() int { return c.selected }

// SetSelected gives another option the focus, unless it cannot be chosen or a
// person has touched the field.
func (c *Choice) SetSelected(selected int) {
	if c.touched || !c.can(selected) {
		return
	}
	c.selected = selected
	c.make()
}

// Touched reports whether a key did something here.
func (c *Choice) Touched() bool { return c.touched }

func (c *Choice) can(i int) bool {
	return i >= 0 && i < len(c.options) && c.options[i].Disabled == ""
}

// Init implements Field.
func (*Choice) Init() tea.Cmd { return nil }

// Update implements Field.
func (c *Choice) Update(msg tea.Msg) (tea.Cmd, bool) {
	pressed, ok := msg.(tea.KeyPressMsg)
	if !ok || c.widget.field == nil || len(c.options) == 0 {
		return nil, false
	}
	if pressed.Keystroke() == "enter" {
		c.touched = true
		if c.can(c.selected) {
			return nil, true
		}
		c.problem = cannot + c.options[c.selected].Disabled
		c.make()
		return nil, false
	}
	before := c.selected
	c.widget.send(msg)
	if c.selected != before {
		c.touched = true
		if c.problem != "" {
			c.problem = ""
			c.make()
		}
	}
	return nil, false
}

// View implements Field.
func (c *Choice) View() string {
	if c.widget.field == nil {
		return ""
	}
	if c.dressed != c.theme.huh {
		c.make() // the notes were styled when it was made
	}
	view := c.widget.view()
	if problem := c.theme.problem(c.problem, nil, c.width); problem != "" {
		view += "\n" + problem
	}
	return fit(view, c.width, c.height)
}

// Resize implements Field.
func (c *Choice) Resize(width, height int) {
	c.width, c.height = width, height
	c.make()
}

// Keys implements Field.
func (c *Choice) Keys() []Key {
	var keys []Key
	if len(c.options) > 1 {
		keys = append(keys, Key{"↑/↓", "move"})
	}
	if c.can(c.selected) {
		keys = append(keys, Key{"enter", "choose"})
	}
	return keys
}

// TakesEscape implements Field.
func (*Choice) TakesEscape() bool { return false }

// make draws the options anew, for another size or another selection.
func (c *Choice) make() {
	c.widget = huhWidget{}
	if c.width <= 0 || c.height <= 0 {
		return
	}
	height := c.height
	if problem := c.theme.problem(c.problem, nil, c.width); problem != "" {
		height -= strings.Count(problem, "\n") + 1
	}
	c.dressed = c.theme.huh
	c.widget = huhSelect(c.theme, c.labels(), &c.selected, c.width, max(height, 1))
}

const cannot = "cannot be chosen: "

// labels are what huh shows. Notes stand in a column of their own where the
// longest has room, and on a line of their own elsewhere.
func (c *Choice) labels() []string {
	notes := make([]string, len(c.options))
	var widest, longest int
	for i, o := range c.options {
		notes[i] = o.Note
		if o.Disabled != "" {
			notes[i] = cannot + o.Disabled
		}
		widest = max(widest, ansi.StringWidth(o.Label))
		longest = max(longest, ansi.StringWidth(notes[i]))
	}
	beside := len(marker)+widest+len(space)+longest <= c.width
	labels := make([]string, len(c.options))
	for i, o := range c.options {
		label := o.Label
		if o.Disabled != "" {
			label = c.theme.Muted.Render(label)
		}
		switch {
		case notes[i] == "":
		case beside:
			gap := strings.Repeat(" ", widest-ansi.StringWidth(o.Label)+len(space))
			label += gap + c.theme.Muted.Render(notes[i])
		default:
			label += "\n" + c.muted(notes[i])
		}
		labels[i] = label
	}
	return labels
}

// muted is a note on lines of its own, each styled by itself.
func (c *Choice) muted(note string) string {
	lines := strings.Split(ansi.Wrap(note, max(c.width-2*len(space), 1), ""), "\n")
	for i, line := range lines {
		lines[i] = space + c.theme.Muted.Render(line)
	}
	return strings.Join(lines, "\n")
}
