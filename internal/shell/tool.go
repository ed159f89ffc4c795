package shell

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"
)

// toolNamed returns the function for a small program that is played, or nil.
func toolNamed(name string) func(s *Shell, args []string) int {
	switch name {
	case "cat":
		return (*Shell).cat
	case "printenv":
		return (*Shell).printenv
	case "uname":
		return (*Shell).uname
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
	case "sed", "awk", "tr", "cut", "head", "tail", "wc", "seq", "expr", "date":
		return func(s *Shell, args []string) int { return s.compute(name, args) }
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

// texts returns the content of files, or of standard input without any, with its marks.
// known is false for unknown files.
func (s *Shell) texts(names []string) (data string, known, ok bool) {
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
		if !readable {
			ok = false
			continue
		}
		if _, made := s.files[s.absolute(name)]; !made && name != "/dev/null" {
			known = false
			data += unknownOutput(name)
		}
		data += string(file.data)
	}
	return data, known, ok
}

func (s *Shell) cat(args []string) int {
	names, _ := operands(args, "")
	data, _, ok := s.texts(names)
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

// sleep ends a background command that has slept for a while: in a build, the command in
// the foreground would have ended it.
func (s *Shell) sleep([]string) int {
	if s.allSleeps++; s.allSleeps > maxSleeps {
		panic(ErrLimit)
	}
	if s.isBackground {
		if s.sleeps++; s.sleeps > 2 {
			s.flow = flowExit
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
		s.grow(16 * len(s.files))
		for made := range s.files {
			if made == name || strings.HasPrefix(made, name+"/") {
				delete(s.files, made)
			}
		}
		s.grow(len(name))
		s.removed[name] = true
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

func (s *Shell) put(target, program string) {
	s.grow(len(target) + len(program))
	delete(s.removed, target)
	s.programs[target] = program
}

// download records the program that curl or wget saves under another name.
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
			s.put(target, cmp.Or(s.programs[from], cmp.Or(s.programOf(word), path.Base(word))))
		}
		if program == "mv" {
			delete(s.files, from)
			s.removed[from] = true
		}
	}
	return 0
}

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
	s.print(openMark + "$(" + name + ")" + valueMark + number + endMark + "\n")
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
		s.print(cmp.Or(architectures[s.Variable("TRAVIS_CPU_ARCH")], "x86_64") + "\n")
	case "", "s":
		systems := map[string]string{"osx": "Darwin", "windows": "MSYS_NT-10.0", "freebsd": "FreeBSD"}
		s.print(cmp.Or(systems[s.Variable("TRAVIS_OS_NAME")], "Linux") + "\n")
	default:
		s.printUnknown("uname")
	}
	return 0
}

// grep decides on known text, and finds what it looks for in unknown text.
func (s *Shell) grep(name string, args []string) int {
	long := map[string]string{"--quiet": "-q", "--silent": "-q", "--invert-match": "-v", "--ignore-case": "-i"}
	short := slices.Clone(args)
	for i, arg := range args {
		short[i] = cmp.Or(long[arg], arg)
	}
	names, options := operands(short, "mABCf")
	if len(names) == 0 {
		return 2
	}
	pattern, names := names[0], names[1:]
	has := func(flag string) bool { return strings.Contains(options, flag) }
	data, known, ok := s.texts(names)
	if !known {
		s.printUnknown(names[0])
	}
	if !known || has("r") || has("R") {
		return oneIf(!ok || s.failing)
	}
	switch {
	case has("F") || name == "fgrep":
		pattern = regexp.QuoteMeta(pattern)
	case !has("E") && !has("P") && name == "grep":
		pattern = basic.Replace(pattern)
	}
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
	found := false
	for _, line := range lines(value(data)) {
		s.grow(len(line))
		if expression.MatchString(line) == has("v") {
			continue
		}
		found = true
		switch {
		case has("q"):
		case strings.ContainsAny(options, "conmABC"):
			s.printUnknown(name)
		default:
			s.print(line + "\n")
		}
	}
	return oneIf(!found)
}

// basic converts a basic regular expression to an extended one.
var basic = strings.NewReplacer(`\\`, `\\`, `\(`, `(`, `\)`, `)`, `\{`, `{`, `\}`, `}`, `\|`, `|`, `\+`, `+`, `\?`, `?`,
	`(`, `\(`, `)`, `\)`, `{`, `\{`, `}`, `\}`, `|`, `\|`, `+`, `\+`, `?`, `\?`)

func lines(data string) []string {
	if data == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(data, "\n"), "\n")
}
