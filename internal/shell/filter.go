package shell

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// compute runs a program whose output isn't played: it is unknown, and 1 where a number
// is needed. Files that sed changes are unknown too.
func (s *Shell) compute(name string, args []string) int {
	if name == "sed" && slices.ContainsFunc(args, func(arg string) bool {
		return strings.HasPrefix(arg, "-i") || strings.HasPrefix(arg, "--in-place")
	}) {
		for _, arg := range args {
			if file := s.files[s.absolute(arg)]; file != nil {
				file.data = []byte(unknownOutput(name))
			}
		}
		return oneIf(s.failing)
	}
	number := ""
	if slices.Contains([]string{"wc", "seq", "expr", "date"}, name) {
		number = "1"
	}
	s.print(openMark + "$(" + name + ")" + valueMark + number + shutMark + "\n")
	return 0
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
