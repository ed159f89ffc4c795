package shell

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// headTail prints the first or the last lines, or those from a line on.
func (s *Shell) headTail(name string, args []string) int {
	count, from := 10, false
	var names []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		number := strings.TrimLeft(arg, "-n")
		switch {
		case arg == "-n" && i+1 < len(args):
			i++
			number = args[i]
		case len(arg) < 2 || arg[0] != '-':
			names = append(names, arg)
			continue
		}
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 && name == "head" {
			s.printUnknown(name)
			return 0
		}
		count, from = max(n, -n), number[0] == '+'
	}
	data, _, ok := s.texts(names)
	all := lines(data)
	switch {
	case name == "head":
		all = all[:min(count, len(all))]
	case from:
		all = all[min(max(count-1, 0), len(all)):]
	default:
		all = all[max(len(all)-count, 0):]
	}
	for _, line := range all {
		s.print(line + "\n")
	}
	return oneIf(!ok)
}

func (s *Shell) wc(args []string) int {
	names, options := operands(args, "")
	data, _, ok := s.texts(names)
	count := strings.Count(data, "\n")
	switch {
	case strings.Contains(options, "c"), strings.Contains(options, "m"):
		count = len(data)
	case strings.Contains(options, "w"):
		count = len(strings.Fields(data))
	}
	s.print(strconv.Itoa(count) + "\n")
	return oneIf(!ok)
}

// tr replaces or removes characters.
func (s *Shell) tr(args []string) int {
	words, options := operands(args, "")
	remove := options == "d"
	if len(words) == 0 || len(words) == 1 != remove || !remove && options != "" {
		s.printUnknown("tr")
		return 0
	}
	from, to := characters(words[0]), characters(strings.Join(words[1:], ""))
	s.print(strings.Map(func(r rune) rune {
		at := slices.Index(from, r)
		switch {
		case at < 0 || !remove && len(to) == 0:
			return r
		case remove:
			return -1
		}
		return to[min(at, len(to)-1)]
	}, s.input()))
	return 0
}

// characters expands the classes, ranges and escapes of tr.
func characters(set string) []rune {
	set = strings.NewReplacer("[:upper:]", "A-Z", "[:lower:]", "a-z", "[:digit:]", "0-9", "[:alpha:]", "A-Za-z",
		"[:alnum:]", "A-Za-z0-9", "[:space:]", " \t\n", `\n`, "\n", `\t`, "\t", `\\`, `\`).Replace(set)
	var all []rune
	runes := []rune(set)
	for i := 0; i < len(runes); i++ {
		if i+2 < len(runes) && runes[i+1] == '-' && runes[i+2] >= runes[i] && runes[i+2]-runes[i] < 256 {
			for r := runes[i]; r <= runes[i+2]; r++ {
				all = append(all, r)
			}
			i += 2
			continue
		}
		all = append(all, runes[i])
	}
	return all
}

// cut prints fields of lines.
func (s *Shell) cut(args []string) int {
	delimiter, list, characters := "\t", "", false
	var names []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if len(arg) < 2 || arg[0] != '-' {
			names = append(names, arg)
			continue
		}
		value := arg[2:]
		if value == "" && i+1 < len(args) {
			i++
			value = args[i]
		}
		switch arg[1] {
		case 'd':
			delimiter = value
		case 'f':
			list = value
		case 'c', 'b':
			list, characters = value, true
		}
	}
	data, _, ok := s.texts(names)
	for _, line := range lines(data) {
		parts, joined := strings.Split(line, delimiter), delimiter
		if characters {
			parts, joined = strings.Split(line, ""), ""
		}
		if len(parts) == 1 && !characters {
			s.print(line + "\n")
			continue
		}
		var kept []string
		for i, part := range parts {
			if inList(list, i+1) {
				kept = append(kept, part)
			}
		}
		s.print(strings.Join(kept, joined) + "\n")
	}
	return oneIf(!ok)
}

// inList reports whether a list such as 1,3-5,7- contains n.
func inList(list string, n int) bool {
	for part := range strings.SplitSeq(list, ",") {
		from, to, isRange := strings.Cut(part, "-")
		first, _ := strconv.Atoi(from)
		last, err := strconv.Atoi(to)
		if !isRange {
			last = first
		} else if err != nil {
			last = n
		}
		if n >= max(first, 1) && n <= last {
			return true
		}
	}
	return false
}

// printenv prints the values of exported variables. Without names, its output is unknown.
func (s *Shell) printenv(names []string) int {
	status := 0
	for _, name := range names {
		if variable := s.get(name); variable.Exported && variable.Set {
			s.print(variable.String() + "\n")
		} else {
			status = 1
		}
	}
	if len(names) == 0 {
		s.printUnknown("env")
	}
	return status
}

// date prints an unknown time.
func (s *Shell) date(args []string) int {
	format := "%a %b %d %T UTC %Y"
	for _, arg := range args {
		if after, ok := strings.CutPrefix(arg, "+"); ok {
			format = after
		}
	}
	now := strings.NewReplacer("%s", "1767225600", "%Y", "2026", "%y", "26", "%m", "01", "%d", "01", "%H", "00", "%M", "00", "%S", "00", "%F", "2026-01-01",
		"%T", "00:00:00", "%j", "001", "%b", "Jan", "%a", "Thu", "%u", "4", "%N", "000000000").Replace(format)
	s.print(openMark + "$(date)" + valueMark + now + shutMark + "\n")
	return 0
}

// uname prints the system or architecture of Travis's machines.
func (s *Shell) uname(args []string) int {
	switch _, options := operands(args, ""); options {
	case "m":
		architectures := map[string]string{"arm64": "aarch64", "ppc64le": "ppc64le", "s390x": "s390x"}
		s.print(or(architectures[s.Variable("TRAVIS_CPU_ARCH")], "x86_64") + "\n")
	case "", "s":
		systems := map[string]string{"osx": "Darwin", "windows": "MSYS_NT-10.0", "freebsd": "FreeBSD"}
		s.print(or(systems[s.Variable("TRAVIS_OS_NAME")], "Linux") + "\n")
	default:
		s.printUnknown("uname")
	}
	return 0
}

// seq prints the numbers of [FIRST [STEP]] LAST.
func (s *Shell) seq(args []string) int {
	numbers := []int{1, 1, 0}
	for i, arg := range args {
		n, err := strconv.Atoi(arg)
		if err != nil || i > 2 {
			s.printUnknown("seq")
			return 0
		}
		switch last := i == len(args)-1; {
		case last:
			numbers[2] = n
		default:
			numbers[i] = n
		}
	}
	first, step, last := numbers[0], numbers[1], numbers[2]
	for n := first; step > 0 && n <= last || step < 0 && n >= last; n += step {
		s.step()
		s.print(strconv.Itoa(n) + "\n")
	}
	return 0
}

// grep decides on known text, and finds what it looks for in unknown text.
func (s *Shell) grep(name string, args []string) int {
	var patterns, rest []string
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; {
		case (arg == "-e" || arg == "--regexp") && i+1 < len(args):
			i++
			patterns = append(patterns, args[i])
		case arg == "--":
			rest = append(rest, args[i:]...)
			i = len(args)
		default:
			letter := map[string]string{"--quiet": "-q", "--silent": "-q", "--invert-match": "-v", "--ignore-case": "-i"}[arg]
			rest = append(rest, or(letter, arg))
		}
	}
	names, options := operands(rest, "mABCf")
	if len(patterns) == 0 && len(names) > 0 {
		patterns, names = names[:1], names[1:]
	}
	has := func(flag string) bool { return strings.Contains(options, flag) }
	data, known, ok := s.texts(names)
	if !known || has("r") || has("R") {
		return oneIf(!ok || s.failing)
	}
	for i, pattern := range patterns {
		switch {
		case has("F") || name == "fgrep":
			pattern = regexp.QuoteMeta(pattern)
		case !has("E") && !has("P") && name == "grep":
			pattern = basic(pattern)
		}
		patterns[i] = "(?:" + pattern + ")"
	}
	pattern := strings.Join(patterns, "|")
	switch {
	case has("w"):
		pattern = `\b(?:` + pattern + `)\b`
	case has("x"):
		pattern = "^(?:" + pattern + ")$"
	}
	if has("i") {
		pattern = "(?i)" + pattern
	}
	expression, err := regexp.Compile(pattern)
	if err != nil {
		return 2
	}
	count := 0
	for _, line := range lines(data) {
		s.grow(len(line))
		if expression.MatchString(line) == has("v") {
			continue
		}
		count++
		shown := []string{line}
		if has("o") {
			shown = slices.DeleteFunc(expression.FindAllString(line, -1), func(part string) bool { return part == "" })
		}
		for _, part := range shown {
			switch {
			case has("q"), has("c"):
			case strings.ContainsAny(options, "nmABC"):
				s.printUnknown(name)
			default:
				s.print(part + "\n")
			}
		}
	}
	if has("c") {
		s.print(strconv.Itoa(count) + "\n")
	}
	return oneIf(count == 0)
}

// expr matches TEXT : EXPRESSION. Its result for other words is unknown.
func (s *Shell) expr(args []string) int {
	if len(args) != 3 || args[1] != ":" {
		s.printUnknown("expr")
		return oneIf(s.failing)
	}
	expression, err := regexp.Compile("^(?:" + basic(args[2]) + ")")
	if err != nil {
		return 2
	}
	m := expression.FindStringSubmatch(args[0])
	switch {
	case len(m) > 1:
		s.print(m[1] + "\n")
	case m != nil:
		s.print(strconv.Itoa(len(m[0])) + "\n")
	default:
		s.print("0\n")
	}
	return oneIf(m == nil)
}

// basic converts a basic regular expression to an extended one.
func basic(expression string) string {
	var b strings.Builder
	for i := 0; i < len(expression); i++ {
		c := expression[i]
		switch {
		case c == '\\' && i+1 < len(expression):
			i++
			if !strings.ContainsRune("(){}|+?", rune(expression[i])) {
				b.WriteByte('\\')
			}
			b.WriteByte(expression[i])
		case strings.ContainsRune("(){}|+?", rune(c)):
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func lines(data string) []string {
	if data == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(data, "\n"), "\n")
}
