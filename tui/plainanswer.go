package tui

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/text"
	"convox-travis/tui/flow"
)

var errUnclear = errors.New("unclear")

// answerOf reads until an answer can be meant. answers says which can be.
func (p *plain) answerOf(prompt, answers string, meant func(string) (flow.Value, error)) (flow.Value, error) {
	for {
		text, err := p.read(prompt)
		if err != nil {
			return flow.Value{}, err
		}
		if value, err := meant(strings.ToLower(text)); err != errUnclear {
			return value, err
		}
		p.say("error: answer %s", answers)
	}
}

func (p *plain) choose(q flow.Question) (flow.Value, error) {
	for i, option := range q.Options {
		p.say("  %d  %s", i+1, withNote(option.Label, option.Note))
	}
	answers := fmt.Sprintf("with a number from 1 to %d", len(q.Options))
	return p.answerOf(brackets(strconv.Itoa(q.Initial.Index+1)), answers, func(text string) (flow.Value, error) {
		n, err := strconv.Atoi(text)
		switch {
		case text == "":
			return q.Initial, nil
		case err != nil || n < 1 || n > len(q.Options):
			return flow.Value{}, errUnclear
		}
		return flow.Value{Index: n - 1}, nil
	})
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
	defer p.endPrompt()
	value, err := p.in.secret(p.stop.Soft)
	p.say("")
	switch {
	case err != nil:
		return flow.Value{}, err
	case value.IsEmpty():
		return flow.Value{Secret: q.Initial.Secret}, nil
	case value.Equal(backSecret):
		return flow.Value{}, errBack
	case value.Equal(helpSecret):
		return flow.Value{}, errHelp
	}
	return flow.Value{Secret: value}, nil
}

func (p *plain) confirm(q flow.Question) (flow.Value, error) {
	yes, offered := q.Initial.Yes, q.No
	if yes {
		offered = q.Yes
	}
	question := "yes or no"
	if _, what, has := strings.Cut(q.Yes, ", "); has {
		question = what + "? " + question
	}
	return p.answerOf(question+" "+brackets(strings.ToLower(offered)), "yes or no", func(text string) (flow.Value, error) {
		switch text {
		case "":
			return flow.Value{Yes: yes}, nil
		case "y", "yes":
			return flow.Value{Yes: true}, nil
		case "n", "no":
			return flow.Value{}, nil
		}
		return flow.Value{}, errUnclear
	})
}

// shown writes a secret that its owner asked to see, and reads its end.
func (p *plain) shown(q flow.Question) (flow.Value, error) {
	p.say("")
	p.say("    %s", q.Secret.Reveal())
	p.say("")
	prompt := "Enter continues"
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
		// Terminals without it ignore it
		// (https://invisible-island.net/xterm/ctlseqs/ctlseqs.html, OSC 52).
		fmt.Fprint(p.out, ansi.SetSystemClipboard(q.Secret.Reveal()))
		p.say("Sent to the clipboard. Not every terminal supports that: paste it somewhere to check.")
	}
}

// review reads yes, no, or the letter of a switch.
func (p *plain) review(q flow.Question) (flow.Value, error) {
	answers := []string{"yes", "no"}
	for _, s := range q.Switches {
		answers = append(answers, s.Key+" ("+switchWords(s)+")")
	}
	last := len(answers) - 1
	choices := strings.Join(answers[:last], ", ") + " or " + answers[last]
	return p.answerOf(q.Yes+"? "+choices+" "+brackets("no, go back"), choices, func(text string) (flow.Value, error) {
		switch text {
		case "y", "yes":
			return flow.Value{Yes: true}, nil
		case "", "n", "no":
			return flow.Value{}, errBack
		}
		if slices.ContainsFunc(q.Switches, func(s flow.Switch) bool { return s.Key == text }) {
			return flow.Value{Switch: text}, nil
		}
		return flow.Value{}, errUnclear
	})
}

// list writes the first rows with their numbers, and those that are Other, which come last.
func (p *plain) list(rows, all []flow.Row) {
	for i, row := range rows {
		if i >= shownRows && !row.Other {
			if i == shownRows {
				p.say("  … and %d more of %d", len(listed(rows))-shownRows, len(listed(all)))
			}
			continue
		}
		note := row.Note
		if row.Disabled != "" {
			note = "cannot be picked: " + row.Disabled
		}
		cells := slices.DeleteFunc(slices.Clone(row.Cells), func(c string) bool { return c == "" })
		p.say("  %d  %s", i+1, withNote(strings.Join(cells, ", "), note))
	}
}

// listed are the rows but for the others.
func listed(rows []flow.Row) []flow.Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r flow.Row) bool { return r.Other })
}

// sayUnknown says that no row is called so, and what to do about it.
func (p *plain) sayUnknown(rows []flow.Row) {
	p.say("error: nothing is called like that")
	for i, row := range rows {
		if row.Other {
			p.say("hint: what is not listed: %d, %s", i+1, row.Cells[0])
		}
	}
}

// pick lists rows with numbers, of which one may be picked by its number or name,
// or several: by numbers, ranges and names, or all that are listed. A part of a name
// narrows the list, and an owner with a slash to what is theirs.
func (p *plain) pick(q flow.Question) (flow.Value, error) {
	if q.More != "" {
		p.say("  %s", q.More)
	}
	how := "number, or part of a name "
	if q.Several {
		how = "numbers, ranges such as 2-5, names, all, or part of a name "
	}
	rows := q.Rows
	p.list(rows, q.Rows)
	for {
		offered := offeredDefault(q, rows)
		text, err := p.read(strings.TrimSpace(how + brackets(offered)))
		switch {
		case err != nil:
			return flow.Value{}, err
		case text == "" && offered != "":
			return q.Initial, nil
		}
		picked, err := parsePicks(rows, q, text)
		switch {
		case err != nil:
			p.say("error: %s", err)
			continue
		case len(picked) > 0:
			p.repeatPicks(picked)
			return valueOf(picked), nil
		}
		if rows = rowsContaining(q.Rows, text); len(rows) == 0 {
			p.sayUnknown(q.Rows)
			rows = q.Rows
		}
		p.in.drop() // what was typed before meant those that had the numbers
		p.list(rows, q.Rows)
	}
}

// offeredDefault names what Enter takes: what was picked before, or the offered row; "" is nothing.
func offeredDefault(q flow.Question, rows []flow.Row) string {
	if n := len(q.Initial.Keys); n > 1 {
		return fmt.Sprintf("the %d from before", n)
	}
	i := slices.IndexFunc(rows, func(r flow.Row) bool { return r.Key == q.Initial.Key })
	switch {
	case i < 0:
		return ""
	case i >= shownRows:
		return rows[i].Cells[0]
	}
	return strconv.Itoa(i + 1)
}

// valueOf is what was picked, as the flow takes it.
func valueOf(picked []flow.Row) flow.Value {
	v := flow.Value{Key: picked[0].Key}
	if len(picked) == 1 {
		return v
	}
	for _, row := range picked {
		if row.Other {
			v.Key = row.Key
			continue
		}
		v.Keys = append(v.Keys, row.Key)
	}
	return v
}

// repeatPicks repeats what several were picked, so that it can be heard.
func (p *plain) repeatPicks(picked []flow.Row) {
	if len(picked) == 1 {
		return
	}
	var names []string
	for _, row := range picked {
		names = append(names, row.Cells[0])
	}
	p.say("%d picked: %s", len(picked), text.List(names))
}

// parsePicks returns the rows that an answer names, none if it's a part of a name.
func parsePicks(shown []flow.Row, q flow.Question, text string) ([]flow.Row, error) {
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
	switch same := len(rowsNamed(q.Rows, text)); {
	case same > 1:
		return nil, nil // which of them, is asked by number
	case same == 1, !q.Several && text != "":
		words = []string{text} // it can have blanks in it
	}
	var picked []flow.Row
	var strange string
	seen := map[string]bool{}
	for _, word := range words {
		rows, err := rowsOfWord(shown, q, word)
		switch {
		case err != nil:
			return nil, err
		case len(rows) == 0:
			strange = word
		}
		for _, row := range rows {
			if !seen[row.Key] {
				seen[row.Key] = true
				picked = append(picked, row)
			}
		}
	}
	if strange != "" && len(picked) > 0 {
		return nil, fmt.Errorf("%s is neither a number nor a name here", strange)
	}
	return picked, nil
}

// rowsOfWord are the rows that a word names. A range and "all" skip rows that can't be
// picked; naming one of those is an error.
func rowsOfWord(shown []flow.Row, q flow.Question, word string) ([]flow.Row, error) {
	first, last, isRange := strings.Cut(word, "-")
	from, err := strconv.Atoi(first)
	to := from
	if isRange && err == nil {
		to, err = strconv.Atoi(last)
	}
	var rows []flow.Row
	switch {
	case q.Several && strings.EqualFold(word, "all"):
		rows, isRange = shown, true
	case err == nil && (q.Several || from == to):
		if from < 1 || to < from || to > len(shown) {
			return nil, fmt.Errorf("%s is not within 1 and %d", word, len(shown))
		}
		rows, isRange = shown[from-1:to], from < to
	default:
		rows, isRange = rowsNamed(q.Rows, word), false
	}
	switch {
	case isRange:
		rows = slices.DeleteFunc(slices.Clone(rows), func(r flow.Row) bool { return r.Disabled != "" || r.Other })
		if len(rows) == 0 {
			return nil, fmt.Errorf("%s: none of these can be picked", word)
		}
	case len(rows) > 1:
		return nil, fmt.Errorf("%d are called %s: answer with the number of the one that is meant", len(rows), word)
	case len(rows) == 1 && rows[0].Disabled != "":
		return nil, fmt.Errorf("%s cannot be picked: %s", rows[0].Cells[0], rows[0].Disabled)
	}
	return rows, nil
}

func rowsNamed(rows []flow.Row, name string) []flow.Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r flow.Row) bool { return !strings.EqualFold(r.Cells[0], name) })
}

// rowsContaining are the rows with a part of a name, or those of an owner if it ends in a slash.
func rowsContaining(rows []flow.Row, part string) []flow.Row {
	part = strings.ToLower(part)
	matching := func(matches func(text, part string) bool) []flow.Row {
		return slices.DeleteFunc(slices.Clone(rows), func(r flow.Row) bool {
			return !matches(strings.ToLower(strings.Join(r.Cells, " ")), part)
		})
	}
	if theirs := matching(strings.HasPrefix); strings.HasSuffix(part, "/") && len(theirs) > 0 {
		return theirs
	}
	return matching(strings.Contains)
}
