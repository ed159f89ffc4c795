package shell

import (
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

func (s *Shell) builtin(args []string) bool {
	run := builtinNamed(args[0])
	if run == nil {
		return false
	}
	s.statusBefore, s.status = s.status, 0
	switch args[0] {
	case "printf":
		run(s, slices.DeleteFunc(args, isDropped))
	case "echo", "eval", "exec", "command", "builtin", "source", ".", "set":
		run(s, args)
	case "test", "[":
		run(s, plainWords(args...))
		s.status = s.decide(s.status)
	default:
		run(s, plainWords(args...))
	}
	return true
}

func builtinNamed(name string) func(s *Shell, args []string) {
	switch name {
	case ":", "true", "hash", "umask", "ulimit", "times", "bg", "fg", "jobs", "disown", "kill", "enable", "complete",
		"compgen", "bind", "history", "caller", "help", "suspend", "logout", "fc", "dirs":
		return func(*Shell, []string) {}
	case "false":
		return func(s *Shell, _ []string) { s.status = 1 }
	case "exit":
		return func(s *Shell, args []string) {
			if len(args) < 2 && s.inTrap {
				s.statusBefore = s.statusBeforeTrap
			}
			s.status, s.flow = s.before(args), flowExit
		}
	case "return":
		return func(s *Shell, args []string) { s.status, s.flow = s.before(args), flowReturn }
	case "break":
		return func(s *Shell, args []string) { s.jump(flowBreak, args) }
	case "continue":
		return func(s *Shell, args []string) { s.jump(flowContinue, args) }
	case "shift":
		return (*Shell).shift
	case "set":
		return (*Shell).setOptions
	case "shopt":
		return (*Shell).shopt
	case "unset":
		return (*Shell).unsetBuiltin
	case "eval":
		return func(s *Shell, args []string) { s.evaluate(strings.Join(args[1:], " "), frame{line: s.place}) }
	case "source", ".":
		return (*Shell).source
	case "exec":
		return (*Shell).exec
	case "command":
		return (*Shell).commandBuiltin
	case "builtin":
		return func(s *Shell, args []string) { s.status = oneIf(len(args) > 1 && !s.builtin(args[1:])) | s.status }
	case "cd", "pushd":
		return (*Shell).cd
	case "popd":
		return (*Shell).popd
	case "pwd":
		return func(s *Shell, _ []string) { s.print(s.dir + "\n") }
	case "echo":
		return (*Shell).echo
	case "printf":
		return (*Shell).printf
	case "test", "[":
		return (*Shell).test
	case "read":
		return (*Shell).read
	case "mapfile", "readarray":
		return (*Shell).mapfile
	case "trap":
		return (*Shell).trapBuiltin
	case "type":
		return func(s *Shell, args []string) { s.which(args[1:], true) }
	case "alias":
		return (*Shell).alias
	case "unalias", "getopts", "export", "declare", "typeset", "local", "readonly": // declarations are parsed as such
		return func(*Shell, []string) { panic(errUnusual) }
	case "wait":
		return (*Shell).wait
	}
	return nil
}

// before returns the argument of exit or return, or the previous command's status.
func (s *Shell) before(args []string) int {
	if len(args) < 2 {
		return s.statusBefore
	}
	status, err := strconv.Atoi(args[1])
	if err != nil {
		return 2
	}
	return status & 0xff
}

func (s *Shell) jump(to flow, args []string) {
	if s.loops == 0 {
		return
	}
	s.flow, s.levels = to, 1
	if len(args) > 1 {
		levels, _ := strconv.Atoi(args[1])
		s.levels = max(levels, 1)
	}
}

func (s *Shell) shift(args []string) {
	n := 1
	if len(args) > 1 {
		n, _ = strconv.Atoi(args[1])
	}
	if n < 0 || n > len(s.params) {
		s.status = 1
		return
	}
	s.params = s.params[n:]
}

var flags = map[rune]string{
	'a': "allexport", 'e': "errexit", 'f': "noglob", 'n': "noexec", 'u': "nounset", 'x': "xtrace", 'v': "verbose",
	'E': "errtrace",
}

// readOptions sets the options that words begin with, as for set and bash. It returns the
// other words, the letters that it doesn't know, and whether "--" ended the options.
func (s *Shell) readOptions(words []string) (rest []string, letters string, isEnded bool) {
	for len(words) > 0 && len(words[0]) > 1 && (words[0][0] == '-' || words[0][0] == '+') {
		word := words[0]
		words = words[1:]
		if word == "--" {
			return words, letters, true
		}
		for _, letter := range word[1:] {
			name := flags[letter]
			if (letter == 'o' || letter == 'O') && len(words) > 0 {
				name, words = words[0], words[1:]
			}
			if name != "" {
				s.options[name] = word[0] == '-'
			} else if word[1] != '-' {
				letters += string(letter)
			}
		}
	}
	return words, letters, false
}

func (s *Shell) setOptions(args []string) {
	rest, _, isEnded := s.readOptions(args[1:])
	if len(rest) > 0 && rest[0] == "-" {
		rest, isEnded = rest[1:], true
	}
	if isEnded || len(rest) > 0 {
		s.params = slices.Clone(rest)
	}
}

func (s *Shell) shopt(args []string) {
	on := true
	for _, arg := range args[1:] {
		switch arg {
		case "-s", "-o", "-so":
		case "-u", "-uo":
			on = false
		case "-q", "-p":
			return
		default:
			s.options[arg] = on
		}
	}
}

func (s *Shell) unsetBuiltin(args []string) {
	onlyFunctions := slices.Contains(args, "-f")
	for _, name := range args[1:] {
		_, isFunction := s.functions[name]
		switch {
		case strings.HasPrefix(name, "-"):
		case strings.Contains(name, "["):
			panic(errUnusual)
		case isFunction && (onlyFunctions || !s.Get(name).Declared()):
			delete(s.functions, name)
		case !onlyFunctions:
			s.unset(name)
		}
	}
}

// source runs a file that the play wrote. Other files are unknown and do nothing.
func (s *Shell) source(args []string) {
	if len(args) < 2 {
		s.status = 2
		return
	}
	file, ok := s.files[s.absolute(args[1])]
	if args[1] == "/dev/stdin" {
		file, ok = &content{data: s.streams[0].rest()}, true
	}
	if !ok {
		_, ok = s.open(s.absolute(args[1]))
		s.status = oneIf(!ok)
		s.note(args[1])
		return
	}
	if params := s.params; len(args) > 2 {
		s.params = args[2:]
		defer func() { s.params = params }()
	}
	s.evaluate(string(file.data), frame{line: s.place})
	if s.flow == flowReturn {
		s.flow = flowNext
	}
}

// note records a script whose text is unknown.
func (s *Shell) note(name string) {
	if len(s.Unseen) < 100 && !slices.Contains(s.Unseen, Unseen{name, s.place}) {
		s.Unseen = append(s.Unseen, Unseen{name, s.place})
	}
}

func (s *Shell) exec(args []string) {
	rest := args[1:]
	if len(rest) > 0 && strings.HasPrefix(rest[0], "-") {
		panic(errUnusual)
	}
	if len(rest) == 0 {
		return
	}
	s.status = s.external(rest)
	s.flow = flowExit
}

func (s *Shell) commandBuiltin(args []string) {
	rest := args[1:]
	look := false
	for len(rest) > 0 && strings.HasPrefix(rest[0], "-") {
		look = look || strings.ContainsAny(rest[0], "vV")
		rest = rest[1:]
	}
	switch {
	case look:
		s.which(rest, true)
	case len(rest) > 0:
		s.call(rest, false)
	}
}

// which prints where commands are; builtins says whether it includes those.
func (s *Shell) which(names []string, builtins bool) {
	s.status = oneIf(len(names) == 0)
	for _, name := range names {
		_, function := s.functions[name]
		builtin := builtinNamed(name) != nil
		switch {
		case strings.HasPrefix(name, "-"):
		case builtins && (function || builtin), strings.Contains(name, "/"):
			s.print(name + "\n")
		case s.failing && !isProgram(name):
			s.status = 1
		default:
			s.print("/usr/local/bin/" + name + "\n")
		}
	}
}

// cd changes the folder; unknown folders count as existing.
func (s *Shell) cd(args []string) {
	to := s.Variable("HOME")
	for _, arg := range args[1:] {
		if arg == "-" || !strings.HasPrefix(arg, "-") {
			to = arg
		}
	}
	if to == "-" {
		to = s.Variable("OLDPWD")
	}
	if args[0] == "pushd" {
		s.dirs = append(s.dirs, s.dir)
	}
	if to == "" {
		return
	}
	name := s.absolute(to)
	if file, ok := s.files[name]; ok && !file.folder || !s.exists(name) {
		s.status = 1
		return
	}
	s.set("OLDPWD", s.dir)
	s.dir = name
}

func (s *Shell) popd([]string) {
	if len(s.dirs) == 0 {
		s.status = 1
		return
	}
	s.dir = s.dirs[len(s.dirs)-1]
	s.dirs = s.dirs[:len(s.dirs)-1]
}

func (s *Shell) alias(args []string) {
	for _, arg := range args[1:] {
		if name, value, ok := strings.Cut(arg, "="); ok {
			s.aliases[name] = value
		} else if _, known := s.aliases[name]; !known {
			s.status = 1
		}
	}
}

func (s *Shell) trapBuiltin(args []string) {
	rest := args[1:]
	if len(rest) > 0 && rest[0] == "--" {
		rest = rest[1:]
	}
	if len(rest) == 0 || strings.HasPrefix(rest[0], "-") && rest[0] != "-" {
		return
	}
	action := "-"
	if len(rest) > 1 {
		action, rest = rest[0], rest[1:]
	}
	for _, signal := range rest {
		signal = strings.TrimPrefix(strings.ToUpper(signal), "SIG")
		if signal == "0" {
			signal = "EXIT"
		}
		if action == "-" || action == "" {
			delete(s.traps, signal)
			continue
		}
		s.traps[signal] = action
	}
}

func (s *Shell) wait(args []string) {
	if s.isBackground && s.sleeps > 2 {
		s.flow = flowExit
	}
	for _, arg := range args[1:] {
		switch number, err := strconv.Atoi(arg); {
		case strings.HasPrefix(arg, "-"), strings.HasPrefix(arg, "%"):
			if last, err := strconv.Atoi(s.lastJob); err == nil {
				s.status = last - firstJob
			}
		case err != nil || number < firstJob || number > firstJob+255:
			s.status = 127
		default:
			s.status = number - firstJob
		}
	}
}

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
		if i > 0 && !isDropped(word) {
			b.WriteByte(' ')
		}
		b.WriteString(strings.TrimPrefix(word, dropMark))
	}
	output := b.String()
	if escapes {
		if text, _, err := expand.Format(s.config(), output, nil); err == nil {
			output = text
		}
	}
	s.print(output + newline)
}

func (s *Shell) read(args []string) {
	raw, array := false, ""
	rest := args[1:]
	for len(rest) > 0 && strings.HasPrefix(rest[0], "-") {
		option := rest[0][1:]
		if rest = rest[1:]; strings.Trim(option, "ra") != "" {
			panic(errUnusual)
		}
		raw = raw || strings.Contains(option, "r")
		if strings.Contains(option, "a") && len(rest) > 0 {
			array, rest = rest[0], rest[1:]
		}
	}
	line, ok := s.readLine()
	for !raw && ok && strings.HasSuffix(line, `\`) {
		var next string
		next, ok = s.readLine()
		line = strings.TrimSuffix(line, `\`) + next
	}
	s.grow(len(line))
	switch {
	case array != "":
		_ = s.Set(array, expand.Variable{Set: true, Kind: expand.Indexed, List: expand.ReadFields(s.config(), line, -1, raw)})
	case len(rest) == 0:
		s.set("REPLY", line)
	default:
		values := expand.ReadFields(s.config(), line, len(rest), raw)
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

func (s *Shell) mapfile(args []string) {
	name, trim := "MAPFILE", false
	for _, arg := range args[1:] {
		switch {
		case arg == "-t":
			trim = true
		case strings.HasPrefix(arg, "-"):
			panic(errUnusual)
		default:
			name = arg
		}
	}
	list := lines(value(s.input()))
	for i := 0; i < len(list) && !trim; i++ {
		list[i] += "\n"
	}
	s.status = oneIf(s.Set(name, expand.Variable{Set: true, Kind: expand.Indexed, List: list}) != nil)
}

// printf prints like the library's; what that lacks is unknown.
func (s *Shell) printf(args []string) {
	rest := args[1:]
	if len(rest) > 0 && rest[0] == "-v" {
		panic(errUnusual)
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
	s.print(b.String())
}
