package shell

import (
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// printf prints like the library's printf. The output of directives that it lacks is
// unknown.
func (s *Shell) printf(args []string) {
	rest := args[1:]
	variable := ""
	if len(rest) > 1 && rest[0] == "-v" {
		variable, rest = rest[1], rest[2:]
	}
	if len(rest) > 0 && rest[0] == "--" {
		rest = rest[1:]
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
	switch {
	case variable == "":
		s.print(b.String())
	case syntax.ValidName(variable):
		s.set(variable, b.String())
	default:
		panic(errUnusual)
	}
}
