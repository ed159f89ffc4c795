package shell

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
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

// read reads a line into variables.
func (s *Shell) read(args []string) {
	raw, array, descriptor, ends, most := false, "", 0, "\n", -1
	rest := args[1:]
	for len(rest) > 0 && len(rest[0]) > 1 && rest[0][0] == '-' {
		option := rest[0]
		rest = rest[1:]
		if option == "--" {
			break
		}
		for i, flag := range option[1:] {
			if flag == 'r' {
				raw = true
			}
			if !strings.ContainsRune("adinNptu", flag) {
				continue
			}
			value := option[i+2:]
			if value == "" && len(rest) > 0 {
				value, rest = rest[0], rest[1:]
			}
			switch flag {
			case 'a':
				array = value
			case 'd':
				ends = (value + "\x00")[:1]
			case 'n', 'N':
				most, _ = strconv.Atoi(value)
			case 'u':
				descriptor, _ = strconv.Atoi(value)
			}
			break
		}
	}
	line, ok := s.readLine(descriptor, ends)
	for !raw && ok && strings.HasSuffix(line, `\`) {
		var next string
		next, ok = s.readLine(descriptor, ends)
		line = strings.TrimSuffix(line, `\`) + next
	}
	if most >= 0 && most < len(line) {
		line, ok = line[:most], true
	}
	s.grow(len(line))
	switch {
	case array != "":
		_ = s.Set(array, expand.Variable{Set: true, Kind: expand.Indexed, List: s.split(line, -1, raw)})
	case len(rest) == 0:
		s.set("REPLY", line)
	default:
		values := s.split(line, len(rest), raw)
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

// split splits a text at IFS, into at most so many words, the last of which has
// the rest. Unless it is raw, backslashes quote.
func (s *Shell) split(text string, most int, raw bool) []string {
	ifs := s.Variable("IFS")
	if strings.Trim(ifs, " \t\n") == "" {
		return expand.ReadFields(s.config(), text, most, raw)
	}
	blank := func(c byte) bool { return strings.IndexByte(" \t\n", c) >= 0 && strings.IndexByte(ifs, c) >= 0 }
	trimmed := func(text string) string {
		for text != "" && blank(text[0]) {
			text = text[1:]
		}
		return text
	}
	words := []string{}
	for text = trimmed(text); text != ""; {
		if len(words)+1 == most {
			for text != "" && blank(text[len(text)-1]) {
				text = text[:len(text)-1]
			}
			return append(words, text)
		}
		word, i := []byte{}, 0
		for ; i < len(text) && strings.IndexByte(ifs, text[i]) < 0; i++ {
			if text[i] == '\\' && !raw && i+1 < len(text) {
				i++
			}
			word = append(word, text[i])
		}
		words = append(words, string(word))
		text = trimmed(text[i:])
		if text != "" && strings.IndexByte(ifs, text[0]) >= 0 {
			text = trimmed(text[1:])
		}
	}
	return words
}

func (s *Shell) mapfile(args []string) {
	name, trim, delimiter, most, skipped := "MAPFILE", false, "\n", 0, 0
	rest := args[1:]
	for len(rest) > 0 {
		arg := rest[0]
		rest = rest[1:]
		switch {
		case arg == "-t":
			trim = true
		case strings.HasPrefix(arg, "-") && len(rest) > 0:
			number, _ := strconv.Atoi(rest[0])
			switch arg[len(arg)-1] {
			case 'd':
				delimiter = rest[0]
			case 'n':
				most = number
			case 's':
				skipped = max(number, 0)
			}
			trim = trim || strings.Contains(arg, "t")
			rest = rest[1:]
		case !strings.HasPrefix(arg, "-"):
			name = arg
		}
	}
	if delimiter == "" {
		delimiter = "\x00"
	}
	input := s.input()
	if value(input) == "" {
		input = ""
	}
	lines := strings.SplitAfter(input, delimiter[:1])
	if len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	lines = lines[min(skipped, len(lines)):]
	if most > 0 {
		lines = lines[:min(most, len(lines))]
	}
	if trim {
		for i := range lines {
			lines[i] = strings.TrimSuffix(lines[i], delimiter[:1])
		}
	}
	if err := s.Set(name, expand.Variable{Set: true, Kind: expand.Indexed, List: lines}); err != nil {
		s.status = 1
	}
}

func (s *Shell) getopts(args []string) {
	if len(args) < 3 || !syntax.ValidName(args[2]) {
		s.status = 2
		return
	}
	words := s.params
	if len(args) > 3 {
		words = args[3:]
	}
	at, _ := strconv.Atoi(s.Variable("OPTIND"))
	at = max(at, 1)
	inside, _ := strconv.Atoi(s.Variable("_getopts"))
	inside = max(inside, 1)
	if at > len(words) || len(words[at-1]) < 2 || words[at-1][0] != '-' || words[at-1] == "--" || inside >= len(words[at-1]) {
		s.set(args[2], "?")
		s.status = 1
		return
	}
	word := words[at-1]
	option := word[inside]
	place := strings.IndexByte(args[1], option)
	inside++
	argument, missing := "", false
	if place >= 0 && option != ':' && strings.HasPrefix(args[1][place+1:], ":") {
		argument = word[inside:]
		if argument == "" && at < len(words) {
			at++
			argument = words[at-1]
		} else if argument == "" {
			missing = true
		}
		inside = len(word)
	}
	if inside >= len(word) {
		at, inside = at+1, 1
	}
	s.set("OPTIND", strconv.Itoa(at))
	s.set("_getopts", strconv.Itoa(inside))
	found := string(option)
	if place < 0 || option == ':' {
		found, missing = "?", true
	}
	if missing && args[1][0] == ':' {
		argument = string(option)
		if found != "?" {
			found = ":"
		}
	} else if missing {
		found = "?"
	}
	s.set("OPTARG", argument)
	s.set(args[2], found)
}

// test runs test and [, by the number of arguments as POSIX says
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
	t := &tester{shell: s, words: words}
	holds := t.all()
	s.status = oneIf(!holds)
	if t.broken {
		s.status = 2
	}
}

// tester reads the words of test.
type tester struct {
	shell  *Shell
	words  []string
	broken bool
}

func (t *tester) all() bool {
	switch w := t.words; {
	case len(w) == 0:
		return false
	case len(w) == 1:
		return w[0] != ""
	case len(w) == 3 && isBinary(w[1]):
		return t.shell.compare(w[1], w[0], w[2], &t.broken)
	case len(w) == 4 && w[0] == "!":
		return !(&tester{shell: t.shell, words: w[1:]}).all()
	}
	holds := t.or()
	if len(t.words) > 0 {
		t.broken = true
	}
	return holds
}

func (t *tester) take() string {
	if len(t.words) == 0 {
		t.broken = true
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
	for t.next("-o") && !t.broken {
		t.take()
		other := t.and()
		holds = holds || other
	}
	return holds
}

func (t *tester) and() bool {
	holds := t.not()
	for t.next("-a") && !t.broken {
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
		return t.shell.compare(operator, left, right, &t.broken)
	case t.next("("):
		t.take()
		holds := t.or()
		if t.take() != ")" {
			t.broken = true
		}
		return holds
	case len(t.words) > 1 && len(t.words[0]) == 2 && t.words[0][0] == '-':
		operator := t.take()
		return t.shell.unary(operator, t.take(), &t.broken)
	}
	return t.take() != ""
}

func isBinary(operator string) bool {
	return slices.Contains([]string{"=", "==", "!=", "<", ">", "=~", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"}, operator)
}
