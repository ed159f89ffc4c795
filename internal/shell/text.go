package shell

import (
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
