package shell

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// toolNamed returns what runs a small program that scripts use to decide or to
// write a file, or nil.
func toolNamed(name string) func(s *Shell, args []string) int {
	switch name {
	case "cat", "column", "fmt", "unix2dos", "dos2unix":
		return (*Shell).cat
	case "sort":
		return (*Shell).sort
	case "printenv":
		return (*Shell).printenv
	case "diff", "cmp":
		return (*Shell).diff
	case "uname", "id", "whoami", "date":
		return func(s *Shell, args []string) int { return s.machine(name, args) }
	case "tee":
		return (*Shell).tee
	case "grep", "egrep", "fgrep", "rg":
		return func(s *Shell, args []string) int { return s.grep(name, args) }
	case "which":
		return func(s *Shell, args []string) int { s.which(args, false); return s.status }
	case "sleep":
		return (*Shell).sleep
	case "basename", "dirname":
		return func(s *Shell, args []string) int { return s.pathName(name, args) }
	case "tr":
		return (*Shell).tr
	case "cut":
		return (*Shell).cut
	case "head", "tail":
		return func(s *Shell, args []string) int { return s.headTail(name, args) }
	case "wc":
		return (*Shell).wc
	case "sed":
		return (*Shell).sed
	case "awk":
		return (*Shell).awk
	case "seq":
		return (*Shell).seq
	case "expr":
		return (*Shell).expr
	case "rm", "unlink", "rmdir":
		return (*Shell).remove
	case "mkdir":
		return func(s *Shell, args []string) int { return s.touch(args, true) }
	case "touch", "mktemp":
		return func(s *Shell, args []string) int { return s.touch(args, false) }
	case "cp", "mv", "ln", "install":
		return func(s *Shell, args []string) int { return s.copy(name, args) }
	case "curl", "wget":
		return func(s *Shell, args []string) int { return s.download(name, args) }
	case "chmod", "chown", "sync", "clear", "stty", "tput", "hostname", "travis_fold", "travis_time_start", "travis_time_finish", "travis_nanoseconds":
		return func(*Shell, []string) int { return 0 }
	}
	return nil
}

// operands returns the arguments that aren't options.
func operands(args []string, values string) (words []string, options string) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return append(words, args[i+1:]...), options
		}
		if len(arg) < 2 || arg[0] != '-' {
			words = append(words, arg)
			continue
		}
		options += arg[1:]
		if len(arg) == 2 && strings.Contains(values, arg[1:]) {
			i++
		}
	}
	return words, options
}

// texts returns what is in files, or on the standard input without any. known
// is false for files that nobody knows.
func (s *Shell) texts(names []string) (data string, known, ok bool) {
	data, known, ok = s.marks(names)
	return value(data), known, ok
}

// marks is texts with the marks.
func (s *Shell) marks(names []string) (data string, known, ok bool) {
	if len(names) == 0 {
		return s.input(), true, true
	}
	known, ok = true, true
	for _, name := range names {
		if name == "-" || name == "/dev/stdin" {
			data += s.input()
			continue
		}
		file, readable := s.open(s.absolute(name))
		if _, made := s.files[s.absolute(name)]; !made && name != "/dev/null" {
			known = false
		}
		if !readable {
			ok = false
			continue
		}
		data += string(file.data)
	}
	return data, known, ok
}

func (s *Shell) cat(args []string) int {
	names, _ := operands(args, "")
	data, _, ok := s.marks(names)
	s.print(data)
	return oneIf(!ok)
}

func (s *Shell) tee(args []string) int {
	names, options := operands(args, "")
	data := s.input()
	for _, name := range names {
		if to, ok := s.create(name, strings.Contains(options, "a")); ok && to.content != nil {
			s.grow(len(data))
			to.content.data = append(to.content.data, data...)
		}
	}
	s.print(data)
	return 0
}

// grep decides on what is known, and finds what it looks for in what isn't.
func (s *Shell) grep(name string, args []string) int {
	var patterns []string
	var rest []string
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; {
		case (arg == "-e" || arg == "--regexp") && i+1 < len(args):
			i++
			patterns = append(patterns, args[i])
		case arg == "--":
			rest = append(rest, args[i:]...)
			i = len(args)
		default:
			rest = append(rest, arg)
		}
	}
	names, options := operands(rest, "mABCf")
	if len(patterns) == 0 && len(names) > 0 {
		patterns, names = names[:1], names[1:]
	}
	for _, arg := range args {
		switch arg {
		case "--quiet", "--silent":
			options += "q"
		case "--invert-match":
			options += "v"
		case "--ignore-case":
			options += "i"
		}
	}
	has := func(flag string) bool { return strings.Contains(options, flag) }
	data, known, ok := s.texts(names)
	if !known || has("r") || has("R") {
		return oneIf(!ok || s.failing)
	}
	var expressions []*regexp.Regexp
	for _, pattern := range patterns {
		switch {
		case has("F") || name == "fgrep":
			pattern = regexp.QuoteMeta(pattern)
		case !has("E") && !has("P") && name == "grep":
			pattern = basic(pattern)
		}
		if has("w") {
			pattern = `\b(?:` + pattern + `)\b`
		}
		if has("x") {
			pattern = "^(?:" + pattern + ")$"
		}
		if has("i") {
			pattern = "(?i)" + pattern
		}
		expression, err := regexp.Compile(pattern)
		if err != nil {
			return 2
		}
		expressions = append(expressions, expression)
	}
	most := valueOf(args, "m")
	count := 0
	for number, line := range lines(data) {
		found := slices.ContainsFunc(expressions, func(e *regexp.Regexp) bool { return e.MatchString(line) })
		shown := []string{line}
		if has("o") && len(expressions) > 0 {
			shown = slices.DeleteFunc(expressions[0].FindAllString(line, -1), func(part string) bool { return part == "" })
			found = len(shown) > 0 || found && has("v")
		}
		if found == has("v") || most > 0 && count >= most {
			continue
		}
		count++
		for _, part := range shown {
			if has("n") {
				part = strconv.Itoa(number+1) + ":" + part
			}
			if !has("q") && !has("c") {
				s.print(part + "\n")
			}
		}
	}
	if has("c") {
		s.print(strconv.Itoa(count) + "\n")
	}
	return oneIf(count == 0)
}

// valueOf returns the number of an option of one letter, or 0.
func valueOf(args []string, option string) int {
	for i, arg := range args {
		_, number, ok := strings.Cut(arg, option)
		if !ok || len(arg) < 2 || arg[0] != '-' || arg[1] == '-' {
			continue
		}
		if number == "" && i+1 < len(args) {
			number = args[i+1]
		}
		n, _ := strconv.Atoi(number)
		return n
	}
	return 0
}

// basic turns a basic regular expression into an extended one.
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

// sleep ends a background command that has slept for a while: in a build, the
// command in front would have ended it.
func (s *Shell) sleep([]string) int {
	if s.slept++; s.slept > maxSleeps {
		panic(ErrLimit)
	}
	if s.behind {
		if s.asleep++; s.asleep > 2 {
			s.flow = exiting
		}
	}
	return 0
}

func (s *Shell) pathName(name string, args []string) int {
	words, _ := operands(args, "s")
	if len(words) == 0 {
		return 1
	}
	if name == "dirname" {
		s.print(path.Dir(words[0]) + "\n")
		return 0
	}
	base := path.Base(words[0])
	if len(words) > 1 {
		base = strings.TrimSuffix(base, words[1])
	}
	s.print(base + "\n")
	return 0
}

func (s *Shell) remove(args []string) int {
	words, _ := operands(args, "")
	for _, word := range words {
		name := s.absolute(word)
		for made := range s.files {
			if made == name || strings.HasPrefix(made, name+"/") {
				delete(s.files, made)
			}
		}
		s.grow(len(name))
		s.gone[name] = true
	}
	return 0
}

func (s *Shell) touch(args []string, folder bool) int {
	values := "dtp"
	if folder {
		values = "m"
	}
	words, _ := operands(args, values)
	for _, word := range words {
		if name := s.absolute(word); s.files[name] == nil {
			s.keep(name, &content{folder: folder})
		}
	}
	if len(words) == 0 {
		s.print("/tmp/tmp.played\n")
	}
	return 0
}

func or(value, without string) string {
	if value == "" {
		return without
	}
	return value
}

// put remembers which program is at a path.
func (s *Shell) put(target, program string) {
	s.grow(len(target) + len(program))
	delete(s.gone, target)
	s.programs[target] = program
}

// download remembers the program that curl or wget saves under another name.
func (s *Shell) download(name string, args []string) int {
	target, address := "", ""
	for i, arg := range args {
		switch {
		case (arg == "--output" || arg == "--output-document" || len(arg) > 1 && arg[0] == '-' && arg[1] != '-' && strings.HasSuffix(arg, map[string]string{"curl": "o", "wget": "O"}[name])) && i+1 < len(args):
			target = args[i+1]
		case strings.Contains(arg, "://"):
			address = arg
		}
	}
	if target != "" && target != "-" && address != "" {
		s.put(s.absolute(target), path.Base(address))
	}
	return oneIf(s.failing)
}

// copy gives a file that the play knows another name.
func (s *Shell) copy(program string, args []string) int {
	words, _ := operands(args, "mt")
	if len(words) < 2 {
		return 0
	}
	to := s.absolute(words[len(words)-1])
	for _, word := range words[:len(words)-1] {
		from := s.absolute(word)
		file, ok := s.files[from]
		target := to
		if kept := s.files[to]; strings.HasSuffix(words[len(words)-1], "/") || strings.HasSuffix(to, "bin") || kept != nil && kept.folder || len(words) > 2 {
			target = path.Join(to, path.Base(word))
		}
		if ok {
			s.keep(target, file)
		} else {
			s.put(target, or(s.programs[from], or(s.programOf(word), path.Base(word))))
		}
		if program == "mv" {
			delete(s.files, from)
			s.gone[from] = true
		}
	}
	return 0
}
