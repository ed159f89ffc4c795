package shell

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
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

// sed runs the commands s, y, d, p, q and =, with lines and expressions before
// them. Others do nothing.
func (s *Shell) sed(args []string) int {
	var programs, names []string
	extended, silent, inPlace := false, false, false
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; {
		case (arg == "-e" || arg == "--expression") && i+1 < len(args):
			i++
			programs = append(programs, args[i])
		case strings.HasPrefix(arg, "-i"), strings.HasPrefix(arg, "--in-place"):
			inPlace = true
			if arg == "-i" && i+1 < len(args) && args[i+1] == "" {
				i++
			}
		case len(arg) > 1 && arg[0] == '-':
			silent = silent || arg == "--quiet" || arg[1] != '-' && strings.Contains(arg, "n")
			extended = extended || strings.ContainsAny(arg[1:], "Er") && arg[1] != '-' || arg == "--regexp-extended"
			if arg[1] != '-' && strings.HasSuffix(arg, "e") && i+1 < len(args) {
				i++
				programs = append(programs, args[i])
			}
		case len(programs) == 0:
			programs = append(programs, arg)
		default:
			names = append(names, arg)
		}
	}
	commands := sedCommands(strings.Join(programs, "\n"), extended)
	if !inPlace {
		data, _, ok := s.texts(names)
		s.print(s.edited(data, commands, silent))
		return oneIf(!ok)
	}
	status := oneIf(s.failing)
	for _, name := range names {
		if file := s.files[s.absolute(name)]; file != nil {
			file.data = []byte(s.edited(value(string(file.data)), commands, silent))
			status = 0
		}
	}
	return status
}

// sedCommand is one of sed: what it does to the lines from first to last.
type sedCommand struct {
	first, last func(number int, line string, end bool) bool
	ranged, not bool
	inside      bool
	verb        byte
	expression  *regexp.Regexp
	with, flags string
}

// sedCommands reads a program of sed.
func sedCommands(program string, extended bool) (commands []*sedCommand) {
	delimited := func(text string, ends byte) (part, rest string) {
		for i := 0; i < len(text); i++ {
			if text[i] == '\\' && i+1 < len(text) {
				i++
				if text[i] == ends && !strings.ContainsRune("()|.*[]^$+?{}", rune(ends)) {
					text = text[:i-1] + text[i:]
					i--
				}
			} else if text[i] == ends {
				return text[:i], text[i+1:]
			}
		}
		return text, ""
	}
	compile := func(expression string) *regexp.Regexp {
		if !extended {
			expression = basic(expression)
		}
		compiled, err := regexp.Compile(expression)
		if err != nil {
			return regexp.MustCompile(`^\x00$`)
		}
		return compiled
	}
	address := func(text string) (at func(int, string, bool) bool, rest string) {
		switch {
		case strings.HasPrefix(text, "$"):
			return func(_ int, _ string, end bool) bool { return end }, text[1:]
		case strings.HasPrefix(text, "/"):
			expression, rest := delimited(text[1:], '/')
			compiled := compile(expression)
			return func(_ int, line string, _ bool) bool { return compiled.MatchString(line) }, rest
		}
		digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
		if digits == 0 {
			return nil, text
		}
		wanted, _ := strconv.Atoi(text[:digits])
		return func(number int, _ string, _ bool) bool { return number == wanted }, text[digits:]
	}
	for range maxNested {
		if program = strings.TrimLeft(program, " \t\n;{}"); program == "" {
			break
		}
		command := &sedCommand{}
		command.first, program = address(program)
		if rest, ok := strings.CutPrefix(program, ","); ok && command.first != nil {
			command.ranged = true
			command.last, program = address(rest)
		}
		program = strings.TrimLeft(program, " ")
		if rest, ok := strings.CutPrefix(program, "!"); ok {
			command.not, program = true, strings.TrimLeft(rest, " ")
		}
		if program == "" || program[0] == '{' {
			break
		}
		command.verb, program = program[0], program[1:]
		switch command.verb {
		case 's', 'y':
			if program == "" {
				return commands
			}
			ends := program[0]
			var expression string
			expression, program = delimited(program[1:], ends)
			command.with, program = delimited(program, ends)
			if command.verb == 'y' {
				command.expression, command.flags = nil, expression
				break
			}
			flags := len(program) - len(strings.TrimLeft(program, "gpiI0123456789"))
			command.flags, program = program[:flags], program[flags:]
			if strings.ContainsAny(command.flags, "iI") {
				expression = "(?i)" + expression
			}
			command.expression = compile(expression)
		case 'a', 'i', 'c', 'r', 'w', 'b', 't', ':', '#':
			_, program, _ = strings.Cut(program, "\n")
		}
		commands = append(commands, command)
	}
	return commands
}

// applies says whether a command is for a line.
func (c *sedCommand) applies(number int, line string, end bool) bool {
	holds := c.first == nil
	switch {
	case holds:
	case !c.ranged:
		holds = c.first(number, line, end)
	case c.inside:
		holds = true
		c.inside = c.last == nil || !c.last(number, line, end)
	case c.first(number, line, end):
		holds, c.inside = true, true
	}
	return holds != c.not
}

var group = regexp.MustCompile(`\\([0-9])|\\&|\\n|&`)

// edited returns a text after the commands of sed.
func (s *Shell) edited(data string, commands []*sedCommand, silent bool) string {
	var b strings.Builder
	all := lines(data)
	for i, line := range all {
		s.step()
		removed, quit := false, false
		for _, command := range commands {
			if removed || !command.applies(i+1, line, i == len(all)-1) {
				continue
			}
			switch command.verb {
			case 'd':
				removed = true
			case 'p':
				b.WriteString(line + "\n")
			case 'q':
				quit = true
			case '=':
				b.WriteString(strconv.Itoa(i+1) + "\n")
			case 'y':
				line = strings.Map(func(r rune) rune {
					to := []rune(command.with)
					if at := slices.Index([]rune(command.flags), r); at >= 0 && at < len(to) {
						return to[at]
					}
					return r
				}, line)
			case 's':
				if !command.expression.MatchString(line) {
					continue
				}
				line = command.substitute(line)
				s.grow(len(line))
				if strings.Contains(command.flags, "p") {
					b.WriteString(line + "\n")
				}
			}
		}
		if !removed && !silent {
			b.WriteString(line + "\n")
		}
		if quit {
			break
		}
	}
	return b.String()
}

func (c *sedCommand) substitute(line string) string {
	replacement := group.ReplaceAllStringFunc(strings.ReplaceAll(c.with, "$", "$$"), func(group string) string {
		switch group {
		case "&":
			return "${0}"
		case `\&`:
			return "&"
		case `\n`:
			return "\n"
		}
		return "${" + group[1:] + "}"
	})
	if strings.Contains(c.flags, "g") {
		return c.expression.ReplaceAllString(line, replacement)
	}
	at := c.expression.FindStringSubmatchIndex(line)
	return line[:at[0]] + string(c.expression.ExpandString(nil, replacement, line, at)) + line[at[1]:]
}

var (
	// rule is what of awk's language is played: a pattern, and print.
	rule   = regexp.MustCompile(`^\s*(BEGIN|/(?:[^/\\]|\\.)*/|[$\w]+\s*(?:==|!=|~)\s*(?:"[^"]*"|[$\w]+|/[^/]*/))?\s*(?:\{\s*(print|printf)\b([^{}]*?);?\s*(?:;?\s*exit\s*;?)?\s*\}\s*)?$`)
	factor = regexp.MustCompile(`^\s*("(?:[^"\\]|\\.)*"|\$?\w+)`)
	equals = regexp.MustCompile(`^([$\w]+)\s*(==|!=|~)\s*(.*)$`)
)

// awk prints fields, variables and texts of the lines that a pattern is for. Other
// programs of awk print what isn't known.
func (s *Shell) awk(args []string) int {
	separator, variables := "", map[string]string{}
	var words []string
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-F" && i+1 < len(args):
			i++
			separator = args[i]
		case args[i] == "-v" && i+1 < len(args):
			i++
			name, value, _ := strings.Cut(args[i], "=")
			variables[name] = value
		case strings.HasPrefix(args[i], "-F"):
			separator = args[i][2:]
		default:
			words = append(words, args[i])
		}
	}
	if len(words) == 0 {
		return 2
	}
	m := rule.FindStringSubmatch(words[0])
	if m == nil {
		s.print(openMark + "$(awk)" + valueMark + shutMark)
		return 0
	}
	data, ok := "\n", true
	if m[1] != "BEGIN" {
		data, _, ok = s.texts(words[1:])
	}
	splits, err := regexp.Compile(separator)
	if err != nil || len(separator) == 1 {
		splits = regexp.MustCompile(regexp.QuoteMeta(separator))
	}
	for number, line := range lines(data) {
		s.step()
		fields := strings.Fields(line)
		if separator != "" && separator != " " {
			fields = splits.Split(line, -1)
		}
		look := func(word string) string {
			field, isField := strings.CutPrefix(word, "$")
			switch n, err := strconv.Atoi(field); {
			case word[0] == '"':
				return strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\"`, `"`).Replace(word[1 : len(word)-1])
			case isField && field == "NF":
				return or(strings.Join(fields[max(len(fields)-1, 0):], ""), "")
			case word == "NF":
				return strconv.Itoa(len(fields))
			case word == "NR":
				return strconv.Itoa(number + 1)
			case isField && err == nil && n == 0:
				return line
			case isField && err == nil && n <= len(fields):
				return fields[n-1]
			case isField:
				return ""
			case err == nil:
				return word
			}
			return variables[word]
		}
		if !awkHolds(m[1], line, look) {
			continue
		}
		output := ""
		rest := strings.TrimSpace(m[3])
		for range maxNested {
			one := factor.FindString(rest)
			if one == "" {
				break
			}
			output += look(strings.TrimSpace(one))
			rest = strings.TrimSpace(rest[len(one):])
			if after, comma := strings.CutPrefix(rest, ","); comma {
				output, rest = output+" ", after
			}
		}
		switch {
		case rest != "":
			output = openMark + "$(awk)" + valueMark + shutMark
		case m[2] == "" || m[3] == "":
			output = line
		}
		if m[2] != "printf" {
			output += "\n"
		}
		s.print(output)
	}
	return oneIf(!ok)
}

// awkHolds says whether a pattern of awk is for a line.
func awkHolds(pattern, line string, look func(string) string) bool {
	matches := func(expression, text string) bool {
		compiled, err := regexp.Compile(strings.Trim(expression, "/"))
		return err == nil && compiled.MatchString(text)
	}
	if pattern == "" || pattern == "BEGIN" {
		return true
	}
	m := equals.FindStringSubmatch(pattern)
	switch {
	case pattern[0] == '/':
		return matches(pattern, line)
	case m == nil:
		return false
	case m[2] == "~":
		return matches(strings.Trim(m[3], `"`), look(m[1]))
	}
	return (look(m[1]) == look(m[3])) == (m[2] == "==")
}

// reorder runs sort, uniq, tac, rev and paste.
func (s *Shell) reorder(name string, args []string) int {
	names, options := operands(args, "kto")
	if name == "paste" {
		names, options = operands(args, "d")
	}
	has := func(flag string) bool { return strings.Contains(options, flag) }
	data, _, ok := s.texts(names)
	all := lines(data)
	switch name {
	case "tac":
		slices.Reverse(all)
	case "rev":
		for i, line := range all {
			runes := []rune(line)
			slices.Reverse(runes)
			all[i] = string(runes)
		}
	case "uniq":
		var kept []string
		for i := 0; i < len(all); {
			first := i
			for i++; i < len(all) && all[i] == all[first]; i++ {
			}
			if line := all[first]; has("c") {
				kept = append(kept, fmt.Sprintf("%7d %s", i-first, line))
			} else {
				kept = append(kept, line)
			}
		}
		all = kept
	case "sort":
		slices.SortStableFunc(all, func(a, b string) int {
			if has("n") || has("g") {
				if d := leading(a) - leading(b); d != 0 {
					return d
				}
			}
			if has("V") {
				return byVersion(a, b)
			}
			return strings.Compare(a, b)
		})
		if has("u") {
			all = slices.Compact(all)
		}
		if has("r") {
			slices.Reverse(all)
		}
	case "paste":
		delimiter := "\t"
		for i, arg := range args {
			if value, attached := strings.CutPrefix(strings.TrimPrefix(arg, "-s"), "-d"); attached || strings.HasPrefix(arg, "-sd") {
				if value = strings.TrimPrefix(value, "d"); value == "" && i+1 < len(args) {
					value = args[i+1]
				}
				delimiter = value
			}
		}
		if !has("s") && len(names) > 1 {
			var columns [][]string
			for _, name := range names {
				column, _, _ := s.texts([]string{name})
				columns = append(columns, lines(column))
			}
			all = nil
			for i := range columns[0] {
				var row []string
				for _, column := range columns {
					row = append(row, strings.Join(column[min(i, len(column)):min(i+1, len(column))], ""))
				}
				all = append(all, strings.Join(row, delimiter))
			}
		} else if has("s") {
			all = []string{strings.Join(all, delimiter)}
		}
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

var versionPart = regexp.MustCompile(`[0-9]+|[^0-9]+`)

// byVersion compares as sort -V does: numbers in texts by their value.
func byVersion(a, b string) int {
	return slices.CompareFunc(versionPart.FindAllString(a, -1), versionPart.FindAllString(b, -1), func(a, b string) int {
		x, errX := strconv.Atoi(a)
		y, errY := strconv.Atoi(b)
		if errX == nil && errY == nil {
			return x - y
		}
		return strings.Compare(a, b)
	})
}

func (s *Shell) base64(args []string) int {
	names, options := operands(args, "w")
	data, _, ok := s.texts(names)
	if strings.ContainsAny(options, "dD") {
		decoded, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(data), ""))
		s.print(string(decoded))
		return oneIf(err != nil || !ok)
	}
	s.print(base64.StdEncoding.EncodeToString([]byte(data)) + "\n")
	return oneIf(!ok)
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

// machine prints what uname, id and whoami do on Travis's machines.
func (s *Shell) machine(name string, args []string) int {
	_, options := operands(args, "")
	switch {
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
