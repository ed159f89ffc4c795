package shell

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

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
