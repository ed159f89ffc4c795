package shell

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

func (s *Shell) echo(args []string) {
	rest := args[1:]
	newline, escapes := "\n", false
	for len(rest) > 0 && len(rest[0]) > 1 && rest[0][0] == '-' && strings.Trim(rest[0][1:], "neE") == "" {
		for _, flag := range rest[0][1:] {
			switch flag {
			case 'n':
				newline = ""
			case 'e':
				escapes = true
			case 'E':
				escapes = false
			}
		}
		rest = rest[1:]
	}
	var b strings.Builder
	for i, word := range rest {
		if i > 0 && !vanishes(word) {
			b.WriteByte(' ')
		}
		b.WriteString(strings.TrimPrefix(word, vanishing))
	}
	output := b.String()
	if escapes {
		if text, _, err := expand.Format(s.config(), output, nil); err == nil {
			output = text
		}
	}
	s.print(output + newline)
}

// read reads a line into variables.
func (s *Shell) read(args []string) {
	raw, array := false, ""
	rest := args[1:]
	for len(rest) > 0 && strings.HasPrefix(rest[0], "-") {
		option := rest[0][1:]
		if rest = rest[1:]; strings.Trim(option, "ra") != "" {
			panic(errUnusual)
		}
		raw = raw || strings.Contains(option, "r")
		if strings.Contains(option, "a") && len(rest) > 0 {
			array, rest = rest[0], rest[1:]
		}
	}
	line, ok := s.readLine()
	for !raw && ok && strings.HasSuffix(line, `\`) {
		var next string
		next, ok = s.readLine()
		line = strings.TrimSuffix(line, `\`) + next
	}
	s.grow(len(line))
	switch {
	case array != "":
		_ = s.Set(array, expand.Variable{Set: true, Kind: expand.Indexed, List: expand.ReadFields(s.config(), line, -1, raw)})
	case len(rest) == 0:
		s.set("REPLY", line)
	default:
		values := expand.ReadFields(s.config(), line, len(rest), raw)
		for i, name := range rest {
			value := ""
			if i < len(values) {
				value = values[i]
			}
			if syntax.ValidName(name) {
				s.set(name, value)
			}
		}
	}
	if !ok {
		s.status = 1
	}
}

// mapfile reads lines into an array.
func (s *Shell) mapfile(args []string) {
	name, trim := "MAPFILE", false
	for _, arg := range args[1:] {
		switch {
		case arg == "-t":
			trim = true
		case strings.HasPrefix(arg, "-"):
			panic(errUnusual)
		default:
			name = arg
		}
	}
	list := lines(value(s.input()))
	for i := range list {
		if !trim {
			list[i] += "\n"
		}
	}
	if err := s.Set(name, expand.Variable{Set: true, Kind: expand.Indexed, List: list}); err != nil {
		s.status = 1
	}
}

// test runs test and [, by the number of arguments as specified by POSIX
// (https://pubs.opengroup.org/onlinepubs/9699919799/utilities/test.html).
func (s *Shell) test(args []string) {
	words := args[1:]
	if args[0] == "[" {
		if len(words) == 0 || words[len(words)-1] != "]" {
			s.status = 2
			return
		}
		words = words[:len(words)-1]
	}
	s.badTest = false
	s.status = oneIf(!(&tester{shell: s, words: words}).all())
	if s.badTest {
		s.status = 2
	}
}

// tester parses the words of test.
type tester struct {
	shell *Shell
	words []string
}

func (t *tester) all() bool {
	switch w := t.words; {
	case len(w) == 0:
		return false
	case len(w) == 1:
		return w[0] != ""
	case len(w) == 3 && isBinary(w[1]):
		return t.shell.compare(w[1], w[0], w[2])
	case len(w) == 4 && w[0] == "!":
		t.take()
		return !t.all()
	}
	holds := t.or()
	if len(t.words) > 0 {
		t.shell.badTest = true
	}
	return holds
}

func (t *tester) take() string {
	if len(t.words) == 0 {
		t.shell.badTest = true
		return ""
	}
	word := t.words[0]
	t.words = t.words[1:]
	return word
}

func (t *tester) next(word string) bool { return len(t.words) > 0 && t.words[0] == word }

func (t *tester) or() bool {
	defer t.shell.deeper()()
	holds := t.and()
	for t.next("-o") && !t.shell.badTest {
		t.take()
		other := t.and()
		holds = holds || other
	}
	return holds
}

func (t *tester) and() bool {
	holds := t.not()
	for t.next("-a") && !t.shell.badTest {
		t.take()
		other := t.not()
		holds = holds && other
	}
	return holds
}

func (t *tester) not() bool {
	negated := false
	for t.next("!") && len(t.words) > 1 {
		t.take()
		negated = !negated
	}
	return t.primary() != negated
}

func (t *tester) primary() bool {
	switch {
	case len(t.words) > 2 && isBinary(t.words[1]):
		left, operator, right := t.take(), t.take(), t.take()
		return t.shell.compare(operator, left, right)
	case t.next("("):
		t.take()
		holds := t.or()
		if t.take() != ")" {
			t.shell.badTest = true
		}
		return holds
	case len(t.words) > 1 && len(t.words[0]) == 2 && t.words[0][0] == '-':
		operator := t.take()
		return t.shell.unary(operator, t.take())
	}
	return t.take() != ""
}

func isBinary(operator string) bool {
	return slices.Contains([]string{"=", "==", "!=", "<", ">", "=~", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"}, operator)
}

// printf prints like the library's printf. The output of directives that it lacks is
// unknown.
func (s *Shell) printf(args []string) {
	rest := args[1:]
	if len(rest) > 0 && rest[0] == "-v" {
		panic(errUnusual)
	}
	if len(rest) == 0 {
		s.status = 2
		return
	}
	format, rest := rest[0], append([]string{}, rest[1:]...)
	var b strings.Builder
	for {
		s.step()
		text, n, err := expand.Format(s.config(), format, rest)
		if err != nil {
			b.WriteString(unknownOutput("printf"))
			break
		}
		s.grow(len(text))
		b.WriteString(text)
		if rest = rest[n:]; n == 0 || len(rest) == 0 {
			break
		}
	}
	s.print(b.String())
}
