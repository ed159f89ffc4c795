package shell

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func (s *Shell) headTail(name string, args []string) int {
	count, from, bytes := 10, false, false
	var names []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		number := strings.TrimLeft(arg, "-nc")
		switch {
		case arg == "-n" || arg == "-c" || arg == "--lines" || arg == "--bytes":
			if i++; i == len(args) {
				return 1
			}
			number = args[i]
		case strings.HasPrefix(arg, "--"):
			_, number, _ = strings.Cut(arg, "=")
		case len(arg) < 2 || arg[0] != '-':
			names = append(names, arg)
			continue
		}
		if n, err := strconv.Atoi(number); err == nil {
			count, from, bytes = n, number[0] == '+', bytes || strings.HasPrefix(strings.TrimLeft(arg, "-"), "c") || strings.HasPrefix(arg, "--b")
		}
	}
	data, _, ok := s.texts(names)
	all, end := lines(data), "\n"
	if bytes {
		all, end = strings.Split(data, ""), ""
	}
	first, last := 0, len(all)
	switch {
	case name == "tail" && from:
		first = min(max(count-1, 0), len(all))
	case name == "tail":
		first = max(len(all)-max(count, -count), 0)
	case count < 0:
		last = max(len(all)+count, 0)
	default:
		last = min(count, len(all))
	}
	for _, line := range all[first:last] {
		s.print(line + end)
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
	last := rune(-1)
	squeezed := func(r rune) rune {
		if strings.Contains(options, "s") && r == last && (len(to) > 0 && slices.Contains(to, r) || len(to) == 0 && slices.Contains(from, r) != complement) {
			return -1
		}
		last = r
		return r
	}
	s.print(strings.Map(func(r rune) rune {
		at := -1
		for i, c := range from {
			if c == r {
				at = i
			}
		}
		if complement {
			if at >= 0 {
				return squeezed(r)
			}
			at = len(from)
		}
		switch {
		case at < 0, !remove && len(to) == 0:
			return squeezed(r)
		case remove:
			return -1
		}
		return squeezed(to[min(at, len(to)-1)])
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

// sort orders lines by their text or the number in front. Other orders aren't
// known.
func (s *Shell) sort(args []string) int {
	names, options := operands(args, "kto")
	has := func(flag string) bool { return strings.Contains(options, flag) }
	data, _, ok := s.texts(names)
	if strings.Trim(options, "nru") != "" {
		s.printUnknown("sort")
		return oneIf(!ok)
	}
	all := lines(data)
	slices.SortStableFunc(all, func(a, b string) int {
		if d := leading(a) - leading(b); d != 0 && has("n") {
			return d
		}
		return strings.Compare(a, b)
	})
	if has("u") {
		all = slices.Compact(all)
	}
	if has("r") {
		slices.Reverse(all)
	}
	for _, line := range all {
		s.print(line + "\n")
	}
	return oneIf(!ok)
}

// leading returns the number that a line begins with.
func leading(line string) int {
	line = strings.TrimSpace(line)
	end := len(line) - len(strings.TrimLeft(line, "-0123456789"))
	number, _ := strconv.Atoi(line[:end])
	return number
}

// printenv prints the exported variables, or the values of those that are named.
func (s *Shell) printenv(args []string) int {
	names, _ := operands(args, "")
	status := 0
	for _, name := range names {
		if variable := s.get(name); variable.Exported && variable.Set {
			s.print(variable.String() + "\n")
		} else {
			status = 1
		}
	}
	for name, variable := range s.Each {
		if len(names) == 0 && variable.Exported && variable.Set {
			s.print(name + "=" + variable.String() + "\n")
		}
	}
	return status
}

// diff compares two files that are known. Others are alike.
func (s *Shell) diff(args []string) int {
	names, _ := operands(args, "")
	if len(names) < 2 {
		return oneIf(s.failing)
	}
	first, knownFirst, ok := s.texts(names[:1])
	second, knownSecond, alsoOK := s.texts(names[1:2])
	return oneIf(!ok || !alsoOK || knownFirst && knownSecond && first != second)
}

// machine prints what uname, id, whoami and date do on Travis's machines.
func (s *Shell) machine(name string, args []string) int {
	_, options := operands(args, "")
	switch {
	case name == "date":
		format := "%a %b %d %T UTC %Y"
		for _, arg := range args {
			if after, ok := strings.CutPrefix(arg, "+"); ok {
				format = after
			}
		}
		now := strings.NewReplacer("%s", "1767225600", "%Y", "2026", "%y", "26", "%m", "01", "%d", "01", "%H", "00", "%M", "00", "%S", "00", "%F", "2026-01-01",
			"%T", "00:00:00", "%j", "001", "%b", "Jan", "%a", "Thu", "%u", "4", "%N", "000000000").Replace(format)
		s.print(openMark + "$(date)" + valueMark + now + shutMark + "\n")
	case name == "whoami", name == "id" && strings.Contains(options, "n"):
		s.print("travis\n")
	case name == "id":
		s.print("2000\n")
	case strings.Contains(options, "m"):
		architectures := map[string]string{"arm64": "aarch64", "ppc64le": "ppc64le", "s390x": "s390x"}
		s.print(or(architectures[s.Variable("TRAVIS_CPU_ARCH")], "x86_64") + "\n")
	default:
		systems := map[string]string{"osx": "Darwin", "windows": "MSYS_NT-10.0", "freebsd": "FreeBSD"}
		s.print(or(systems[s.Variable("TRAVIS_OS_NAME")], "Linux") + "\n")
	}
	return 0
}

func (s *Shell) seq(args []string) int {
	separator := "\n"
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, "-s"); ok && value != "" {
			separator = value
		} else if ok && i+1 < len(args) {
			separator = args[i+1]
		}
	}
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
	var all []string
	for n := first; step > 0 && n <= last || step < 0 && n >= last; n += step {
		s.step()
		all = append(all, strconv.Itoa(n))
	}
	if len(all) > 0 {
		s.print(strings.Join(all, separator) + "\n")
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
