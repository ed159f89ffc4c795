package shell

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

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
	format, rest := rest[0], rest[1:]
	var b strings.Builder
	for {
		s.step()
		text, n, err := s.format(format, rest)
		if err != nil {
			s.status = 1
			return
		}
		s.grow(len(text))
		b.WriteString(text)
		if rest = rest[n:]; n == 0 || len(rest) == 0 {
			break
		}
	}
	if variable != "" {
		s.setNamed(variable, b.String())
		return
	}
	s.print(b.String())
}

// setNamed sets NAME or NAME[INDEX].
func (s *Shell) setNamed(name, value string) {
	name, index, element := strings.Cut(name, "[")
	if !syntax.ValidName(name) {
		s.status = 1
		return
	}
	as := &syntax.Assign{Name: &syntax.Lit{Value: name}, Value: &syntax.Word{Parts: []syntax.WordPart{&syntax.SglQuoted{Value: value}}}}
	if element {
		as.Index = &syntax.Word{Parts: []syntax.WordPart{&syntax.Lit{Value: strings.TrimSuffix(index, "]")}}}
	}
	s.assign(as, "", nil)
}

// directive is one of printf.
var directive = regexp.MustCompile(`%(?:%|([-+ #0]*)(\*|[0-9]*)(\.(?:\*|[0-9]*))?([a-zA-Z]))`)

// format returns what printf prints, and how many of its arguments it took.
func (s *Shell) format(format string, args []string) (text string, taken int, err error) {
	next := func() string {
		if taken == len(args) {
			return ""
		}
		taken++
		return args[taken-1]
	}
	var b strings.Builder
	literal := func(part string) error {
		plain, _, err := expand.Format(s.config(), part, nil)
		b.WriteString(plain)
		return err
	}
	for format != "" {
		at := directive.FindStringSubmatchIndex(format)
		if at == nil {
			err := literal(format)
			return b.String(), taken, err
		}
		if err := literal(format[:at[0]]); err != nil {
			return "", 0, err
		}
		group := func(n int) string {
			if at[2*n] < 0 {
				return ""
			}
			return format[at[2*n]:at[2*n+1]]
		}
		flags, width, precision, verb := group(1), group(2), group(3), group(4)
		format = format[at[1]:]
		if verb == "" {
			b.WriteByte('%')
			continue
		}
		if width == "*" {
			width = strconv.Itoa(s.integer(next()))
		}
		if precision == ".*" {
			precision = "." + strconv.Itoa(s.integer(next()))
		}
		if len(width) > 5 || len(precision) > 6 {
			panic(ErrLimit)
		}
		arg, spec := next(), "%"+flags+width+precision
		switch verb {
		case "s":
			fmt.Fprintf(&b, spec+"s", arg)
		case "c":
			fmt.Fprintf(&b, "%"+flags+width+"s", arg[:min(1, len(arg))])
		case "b":
			if err := literal(arg); err != nil {
				return "", 0, err
			}
		case "q":
			b.WriteString(escape(arg))
		case "d", "i", "u":
			fmt.Fprintf(&b, spec+"d", s.integer(arg))
		case "o", "x", "X":
			fmt.Fprintf(&b, spec+verb, s.integer(arg))
		case "f", "F", "e", "E", "g", "G":
			number, _ := strconv.ParseFloat(strings.TrimSpace(value(arg)), 64)
			fmt.Fprintf(&b, spec+verb, number)
		default:
			return "", 0, errors.New("no such directive")
		}
	}
	return b.String(), taken, nil
}

// integer reads a number as printf does: 0 when it is none.
func (s *Shell) integer(text string) int {
	text = value(text)
	if len(text) > 1 && (text[0] == '\'' || text[0] == '"') {
		return int([]rune(text[1:])[0])
	}
	number, _ := strconv.ParseInt(strings.TrimSpace(text), 0, 64)
	return int(number)
}

// escape returns a word with backslashes before what isn't plain.
func escape(word string) string {
	if word == "" {
		return "''"
	}
	var b strings.Builder
	for _, r := range word {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+=-", r) && r < 128 {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
