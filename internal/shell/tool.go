package shell

import (
	"path"
	"strings"
)

// toolNamed returns the function for a small program that scripts use to decide or to
// write a file, or nil.
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

// texts returns the content of files, or of standard input without any. known is false
// for unknown files.
func (s *Shell) texts(names []string) (data string, known, ok bool) {
	data, known, ok = s.marks(names)
	if !known {
		s.printUnknown(names[0])
	}
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

// sleep ends a background command that has slept for a while: in a build, the command in
// the foreground would have ended it.
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
		s.grow(16 * len(s.files))
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

// put records which program is at a path.
func (s *Shell) put(target, program string) {
	s.grow(len(target) + len(program))
	delete(s.gone, target)
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

// copy copies a known file.
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
