package shell

import (
	"regexp"
	"strings"
)

// sed runs substitutions and /EXPRESSION/p and /EXPRESSION/d. The output of other
// programs is unknown.
func (s *Shell) sed(args []string) int {
	var programs, names []string
	extended, silent, inPlace := false, false, false
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; {
		case strings.HasPrefix(arg, "-i"), strings.HasPrefix(arg, "--in-place"):
			inPlace = true
			if arg == "-i" && i+1 < len(args) && args[i+1] == "" {
				i++
			}
		case len(arg) > 1 && arg[0] == '-':
			isShort := arg[1] != '-'
			silent = silent || arg == "--quiet" || isShort && strings.Contains(arg, "n")
			extended = extended || arg == "--regexp-extended" || isShort && strings.ContainsAny(arg, "Er")
			if (arg == "--expression" || isShort && strings.HasSuffix(arg, "e")) && i+1 < len(args) {
				i++
				programs = append(programs, args[i])
			}
		case len(programs) == 0:
			programs = append(programs, arg)
		default:
			names = append(names, arg)
		}
	}
	commands, known := sedCommands(strings.Join(programs, "\n"), extended)
	edited := func(data string) string {
		if !known {
			return unknownOutput("sed") + "\n"
		}
		return s.edited(data, commands, silent)
	}
	if !inPlace {
		data, _, ok := s.texts(names)
		s.print(edited(data))
		return oneIf(!ok)
	}
	status := oneIf(s.failing)
	for _, name := range names {
		if file := s.files[s.absolute(name)]; file != nil {
			file.data = []byte(edited(value(string(file.data))))
			status = 0
		}
	}
	return status
}

// sedCommand is an s, p or d command for the lines that match an expression.
type sedCommand struct {
	verb        byte
	expression  *regexp.Regexp
	with, flags string
}

// sedCommands parses a sed program. It returns false for one that can't be played.
func sedCommands(program string, extended bool) (commands []sedCommand, known bool) {
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
	for range maxNested {
		if program = strings.TrimLeft(program, " \t\n;"); program == "" {
			return commands, true
		}
		command := sedCommand{verb: program[0]}
		var expression string
		switch {
		case command.verb == 's' && len(program) > 1:
			ends := program[1]
			expression, program = delimited(program[2:], ends)
			command.with, program = delimited(program, ends)
			after := strings.TrimLeft(program, "gpiI")
			command.flags, program = program[:len(program)-len(after)], after
		case command.verb == '/':
			if expression, program = delimited(program[1:], '/'); program == "" {
				return nil, false
			}
			command.verb, program = program[0], program[1:]
		default:
			return nil, false
		}
		if !extended {
			expression = basic(expression)
		}
		if strings.ContainsAny(command.flags, "iI") {
			expression = "(?i)" + expression
		}
		compiled, err := regexp.Compile(expression)
		if err != nil || strings.IndexByte("spd", command.verb) < 0 || strings.Trim(program[:min(1, len(program))], " ;\n") != "" {
			return nil, false
		}
		command.expression = compiled
		commands = append(commands, command)
	}
	return nil, false
}

var sedGroup = regexp.MustCompile(`\\([0-9])|\\&|\\n|&`)

// edited returns a text after sed commands.
func (s *Shell) edited(data string, commands []sedCommand, silent bool) string {
	var b strings.Builder
	for _, line := range lines(data) {
		s.step()
		removed := false
		for _, command := range commands {
			s.grow(len(line))
			if removed || !command.expression.MatchString(line) {
				continue
			}
			removed = command.verb == 'd'
			if command.verb == 's' {
				line = command.substitute(line)
				s.grow(len(line))
			}
			if command.verb == 'p' || strings.Contains(command.flags, "p") {
				b.WriteString(line + "\n")
			}
		}
		if !removed && !silent {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

func (c *sedCommand) substitute(line string) string {
	replacement := sedGroup.ReplaceAllStringFunc(strings.ReplaceAll(c.with, "$", "$$"), func(group string) string {
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
