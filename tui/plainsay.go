package tui

import (
	"fmt"
	"time"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/tui/flow"
)

// say writes a line. What came from outside in it is cleaned.
func (p *plain) say(format string, args ...any) {
	fmt.Fprintln(p.out, shellescape.StripUnsafe(fmt.Sprintf(format, args...)))
}

func (p *plain) problem(problem *flow.Problem) {
	if problem == nil {
		return
	}
	p.say("error: %s", problem.Message)
	for _, hint := range problem.Hints() {
		p.say("hint: %s", hint)
	}
}

func (p *plain) line(l flow.Line) {
	word := map[flow.Tone]string{flow.Warning: "warning: ", flow.Bad: "error: "}[l.Tone]
	if l.Tone != flow.Heading && l.Text != "" {
		word = "  " + word
	}
	p.say("%s%s", word, l.Text)
}

// progress says how far a work is, and since when it is at it.
func (p *plain) progress(at flow.Progress, since time.Duration) {
	part := ""
	if at.Of > 0 {
		part = fmt.Sprintf("%d of %d  ", at.Done, at.Of)
	}
	p.say("  %v  %s%s", since.Truncate(time.Second), part, at.Text(time.Now()))
}

func brackets(text string) string {
	if text == "" {
		return ""
	}
	return "[" + text + "]"
}

func withNote(text, note string) string {
	if note == "" {
		return text
	}
	return text + " (" + note + ")"
}
