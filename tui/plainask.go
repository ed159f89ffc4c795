package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"convox-travis/tui/flow"
)

func (p *plain) choose(q flow.Question) (flow.Value, error) {
	for i, option := range q.Options {
		p.say("  %d  %s", i+1, withNote(option.Label, option.Note))
	}
	for {
		text, err := p.read(brackets(strconv.Itoa(q.Initial.Index + 1)))
		if err != nil {
			return flow.Value{}, err
		}
		if text == "" {
			return q.Initial, nil
		}
		if n, err := strconv.Atoi(text); err == nil && 1 <= n && n <= len(q.Options) {
			return flow.Value{Index: n - 1}, nil
		}
		p.say("error: answer with a number from 1 to %d", len(q.Options))
	}
}

// text reads a line; an empty one takes what is offered.
func (p *plain) text(q flow.Question) (flow.Value, error) {
	offered := brackets(q.Initial.Text)
	if q.Optional && offered != "" {
		offered += ", - empties it"
	}
	text, err := p.read(offered)
	switch {
	case text == "":
		text = q.Initial.Text
	case q.Optional && text == "-":
		text = ""
	}
	return flow.Value{Text: text}, err
}

// secret reads a secret; an empty line takes the one that was given before.
func (p *plain) secret(q flow.Question) (flow.Value, error) {
	kept := ""
	if !q.Initial.Secret.IsEmpty() {
		kept = "the one from before"
	}
	p.prompt(brackets(kept))
	defer p.answered()
	value, err := p.in.secret(p.stop.Soft)
	p.say("")
	switch {
	case err != nil:
		return flow.Value{}, err
	case value.IsEmpty():
		return flow.Value{Secret: q.Initial.Secret}, nil
	case value.Equal(backSecret):
		return flow.Value{}, errBack
	}
	return flow.Value{Secret: value}, nil
}

func (p *plain) confirm(question string, yes bool) (flow.Value, error) {
	for {
		text, err := p.read(question + " " + brackets(map[bool]string{true: "yes", false: "no"}[yes]))
		if err != nil {
			return flow.Value{}, err
		}
		switch strings.ToLower(text) {
		case "":
			return flow.Value{Yes: yes}, nil
		case "y", "yes":
			return flow.Value{Yes: true}, nil
		case "n", "no":
			return flow.Value{}, nil
		}
		p.say("error: answer yes or no")
	}
}

// shown writes a secret that its owner asked to see, and reads its end.
func (p *plain) shown(q flow.Question) (flow.Value, error) {
	p.say("")
	p.say("    %s", q.Secret.Reveal())
	p.say("")
	prompt := "Enter goes on"
	if q.Tail > 0 {
		prompt = fmt.Sprintf("its last %d characters", q.Tail)
	}
	if p.copies {
		prompt += ", or c to copy it"
	}
	for {
		text, err := p.read(prompt)
		if err != nil || text != "c" || !p.copies {
			return flow.Value{Text: text}, err
		}
		// Terminals that know no such thing pass it over
		// (https://invisible-island.net/xterm/ctlseqs/ctlseqs.html, OSC 52).
		fmt.Fprint(p.out, ansi.SetSystemClipboard(q.Secret.Reveal()))
		p.say("The terminal was told to copy it. Many do not, and do not say so: paste it somewhere, and look.")
	}
}

// review reads yes, no, or the letter of a switch.
func (p *plain) review(q flow.Question) (flow.Value, error) {
	answers := "yes or no"
	for _, s := range q.Switches {
		answers += ", or " + s.Key + " (" + turned(s) + ")"
	}
	for {
		text, err := p.read(q.Yes + ", " + answers + " " + brackets("no"))
		if err != nil {
			return flow.Value{}, err
		}
		text = strings.ToLower(text)
		switch text {
		case "y", "yes":
			return flow.Value{Yes: true}, nil
		case "", "n", "no":
			return flow.Value{}, errBack
		}
		if slices.ContainsFunc(q.Switches, func(s flow.Switch) bool { return s.Key == text }) {
			return flow.Value{Switch: text}, nil
		}
		p.say("error: answer %s", answers)
	}
}
