package shell

import (
	"regexp"
	"strconv"
	"strings"
)

func (s *Shell) headTail(name string, args []string) int {
	count := 10
	var names []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "-n" || arg == "-c" {
			if i++; i < len(args) {
				count, _ = strconv.Atoi(strings.TrimLeft(args[i], "+-"))
			}
			continue
		}
		if number, err := strconv.Atoi(strings.TrimLeft(strings.TrimPrefix(arg, "-n"), "-")); err == nil && arg != "" && arg[0] == '-' {
			count = number
		} else if !strings.HasPrefix(arg, "-") {
			names = append(names, arg)
		}
	}
	data, _, ok := s.texts(names)
	all := lines(data)
	count = max(min(count, len(all)), 0)
	kept := all[:count]
	if name == "tail" {
		kept = all[len(all)-count:]
	}
	for _, line := range kept {
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
	if len(words) == 0 {
		return 1
	}
	from := characters(words[0])
	to := []rune{}
	if len(words) > 1 {
		to = characters(words[1])
	}
	complement, remove := strings.ContainsAny(options, "cC"), strings.Contains(options, "d")
	s.print(strings.Map(func(r rune) rune {
		at := -1
		for i, c := range from {
			if c == r {
				at = i
			}
		}
		if complement {
			if at >= 0 {
				return r
			}
			at = len(from)
		}
		switch {
		case at < 0:
			return r
		case remove:
			return -1
		case len(to) == 0:
			return r
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

// inList says whether a list such as 1,3-5,7- has n.
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

var substitution = regexp.MustCompile(`^s(.)(.*)$`)

// sed runs substitutions alone; other programs of sed change nothing.
func (s *Shell) sed(args []string) int {
	var programs, names []string
	extended, silent := false, false
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; {
		case arg == "-e" && i+1 < len(args):
			i++
			programs = append(programs, args[i])
		case strings.HasPrefix(arg, "-i"), arg == "--in-place":
			return oneIf(s.failing)
		case arg == "-n":
			silent = true
		case arg == "-E" || arg == "-r":
			extended = true
		case strings.HasPrefix(arg, "-"):
		case len(programs) == 0:
			programs = append(programs, arg)
		default:
			names = append(names, arg)
		}
	}
	data, _, ok := s.texts(names)
	if silent {
		return oneIf(!ok)
	}
	for _, line := range lines(data) {
		for _, program := range programs {
			for part := range strings.SplitSeq(program, ";") {
				line = substitute(strings.TrimSpace(part), line, extended)
			}
		}
		s.print(line + "\n")
	}
	return oneIf(!ok)
}

func substitute(program, line string, extended bool) string {
	m := substitution.FindStringSubmatch(program)
	if m == nil {
		return line
	}
	parts := strings.Split(m[2], m[1])
	if len(parts) != 3 {
		return line
	}
	expression := parts[0]
	if !extended {
		expression = basic(expression)
	}
	if strings.ContainsAny(parts[2], "iI") {
		expression = "(?i)" + expression
	}
	compiled, err := regexp.Compile(expression)
	if err != nil {
		return line
	}
	replacement := regexp.MustCompile(`\\([0-9])|&`).ReplaceAllStringFunc(strings.ReplaceAll(parts[1], "$", "$$"), func(group string) string {
		return "${" + strings.TrimLeft(strings.Replace(group, "&", "0", 1), `\`) + "}"
	})
	if strings.Contains(parts[2], "g") {
		return compiled.ReplaceAllString(line, replacement)
	}
	at := compiled.FindStringSubmatchIndex(line)
	if at == nil {
		return line
	}
	return line[:at[0]] + string(compiled.ExpandString(nil, replacement, line, at)) + line[at[1]:]
}

var printField = regexp.MustCompile(`^\{ *print *\$([0-9]+|NF) *;? *\}$`)

// awk prints one field; other programs of awk print nothing.
func (s *Shell) awk(args []string) int {
	separator := ""
	var words []string
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-F" && i+1 < len(args):
			i++
			separator = args[i]
		case strings.HasPrefix(args[i], "-F"):
			separator = args[i][2:]
		default:
			words = append(words, args[i])
		}
	}
	if len(words) == 0 {
		return 2
	}
	data, _, ok := s.texts(words[1:])
	m := printField.FindStringSubmatch(strings.TrimSpace(words[0]))
	if m == nil {
		return oneIf(!ok)
	}
	for _, line := range lines(data) {
		fields := strings.Fields(line)
		if separator != "" && separator != " " {
			fields = strings.Split(line, separator)
		}
		n, err := strconv.Atoi(m[1])
		if err != nil {
			n = len(fields)
		}
		switch {
		case n == 0:
			s.print(line + "\n")
		case n <= len(fields):
			s.print(fields[n-1] + "\n")
		default:
			s.print("\n")
		}
	}
	return oneIf(!ok)
}

func (s *Shell) seq(args []string) int {
	words, _ := operands(args, "sf")
	numbers := make([]int, len(words))
	for i, word := range words {
		numbers[i], _ = strconv.Atoi(word)
	}
	first, step, last := 1, 1, 0
	switch len(numbers) {
	case 1:
		last = numbers[0]
	case 2:
		first, last = numbers[0], numbers[1]
	case 3:
		first, step, last = numbers[0], numbers[1], numbers[2]
	}
	for n := first; step > 0 && n <= last || step < 0 && n >= last; n += step {
		s.step()
		s.print(strconv.Itoa(n) + "\n")
	}
	return 0
}

// expr computes one operation on numbers, or compares two texts.
func (s *Shell) expr(args []string) int {
	if len(args) == 4 && args[0] == "substr" {
		from, _ := strconv.Atoi(args[2])
		count, _ := strconv.Atoi(args[3])
		word := args[1][min(max(from-1, 0), len(args[1])):]
		s.print(word[:min(max(count, 0), len(word))] + "\n")
		return 0
	}
	if len(args) == 2 && args[0] == "length" {
		s.print(strconv.Itoa(len(args[1])) + "\n")
		return 0
	}
	if len(args) != 3 {
		return oneIf(s.failing)
	}
	a, errA := strconv.Atoi(args[0])
	b, errB := strconv.Atoi(args[2])
	numbers := errA == nil && errB == nil
	result := ""
	switch operator := args[1]; {
	case operator == ":":
		expression, err := regexp.Compile("^(?:" + basic(args[2]) + ")")
		if err != nil {
			return 2
		}
		m := expression.FindStringSubmatch(args[0])
		switch {
		case len(m) > 1:
			result = m[1]
		case m != nil:
			result = strconv.Itoa(len(m[0]))
		default:
			result = "0"
		}
	case operator == "=":
		result = strconv.Itoa(oneIf(args[0] == args[2]))
	case operator == "!=":
		result = strconv.Itoa(oneIf(args[0] != args[2]))
	case !numbers:
		return 2
	case operator == "+":
		result = strconv.Itoa(a + b)
	case operator == "-":
		result = strconv.Itoa(a - b)
	case operator == "*":
		result = strconv.Itoa(a * b)
	case (operator == "/" || operator == "%") && b != 0:
		if operator == "/" {
			result = strconv.Itoa(a / b)
		} else {
			result = strconv.Itoa(a % b)
		}
	case operator == "<", operator == "<=", operator == ">", operator == ">=":
		holds := map[string]bool{"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]
		result = strconv.Itoa(oneIf(holds))
	default:
		return 2
	}
	s.print(result + "\n")
	return oneIf(result == "" || result == "0")
}
