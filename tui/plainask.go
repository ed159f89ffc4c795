package tui

import (
	"strconv"
	"strings"

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
