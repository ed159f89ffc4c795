package shell

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// isProgram reports whether the play knows a program even if unknown ones fail.
func isProgram(name string) bool {
	name = path.Base(name)
	return wrapperNamed(name) != nil || toolNamed(name) != nil || builtinNamed(name) != nil
}

func (s *Shell) external(args []string) int {
	defer s.deeper()()
	s.step()
	name := path.Base(args[0])
	if file := s.script(args[0]); file != nil {
		child := s.process(args[0])
		child.params = args[1:]
		return s.finish(child, string(file.data))
	}
	for _, program := range []string{args[0], s.programOf(args[0])} {
		if program == "" {
			continue
		}
		status, output, known := s.watch(s.newCall(program, args[1:]))
		if known {
			s.print(output)
			return status
		}
	}
	if strings.Contains(args[0], "/") && !isSystems.MatchString(args[0]) {
		name = args[0] // the repository's, whatever its name
	}
	if run := wrapperNamed(name); run != nil {
		return run(s, args)
	}
	switch name { // builtins that also exist as programs
	case "echo", "printf", "test", "[", "true", "false", "pwd", "kill":
		sub := s.process(name)
		sub.builtin(append([]string{name}, args[1:]...))
		return sub.status
	}
	if run := toolNamed(name); run != nil {
		return s.tool(name, run, slices.DeleteFunc(slices.Clone(args[1:]), isDropped))
	}
	isUnknownPath := isMarked(args[0]) && strings.Contains(args[0], "/")
	if !isUnknownPath && !programName.MatchString(args[0]) {
		return 127
	}
	if strings.Contains(args[0], "/") && !path.IsAbs(args[0]) && !isInstalled.MatchString(args[0]) {
		s.note(args[0])
	}
	s.printUnknown(path.Base(name))
	if name == "git" && slices.ContainsFunc(args, func(arg string) bool { return arg == "--quiet" || arg == "--exit-code" }) {
		s.noteUnknown("$(git)") // its status is its answer
		return s.decide(oneIf(s.failing))
	}
	return oneIf(s.failing)
}

// isSystems matches the paths of programs that every machine has.
var isSystems = regexp.MustCompile(`^(?:/usr(?:/local)?)?/s?bin/[^/]+$`)

// isInstalled matches tools that a job installs inside the repository, and wrappers of
// build tools, as opposed to the repository's scripts.
var isInstalled = regexp.MustCompile(`(?:^|/)(?:vendor/(?:[\w.-]+/)*bin|node_modules/(?:[\w.@-]+/)*\.?bin)/[^/]+$|(?:^|/)(?:gradlew|mvnw)$`)

// script returns a script that the play wrote, by its path or in a folder of PATH.
func (s *Shell) script(name string) *content {
	paths := []string{s.absolute(name)}
	if !strings.Contains(name, "/") {
		paths = nil
		for folder := range strings.SplitSeq(s.Variable("PATH"), ":") {
			paths = append(paths, path.Join(s.absolute(folder), name))
		}
	}
	for _, at := range paths {
		if file := s.files[at]; file != nil && len(file.data) > 0 {
			return file
		}
	}
	return nil
}

// programName matches valid program names. Others, such as ["$X" for [ "$X", or the
// number of a pull request, are mistakes: no such program exists.
var programName = regexp.MustCompile(`^[\w.+@%:~/-]*[A-Za-z_][\w.+@%:~/-]*$`)

// programOf returns the program that was copied or downloaded to a path or a folder of PATH.
func (s *Shell) programOf(name string) string {
	if strings.Contains(name, "/") {
		return s.programs[s.absolute(name)]
	}
	for copied, program := range s.programs {
		if path.Base(copied) == name && path.Dir(copied) != s.dir {
			return program
		}
	}
	return ""
}

func (s *Shell) exportedValue(name string) string {
	if variable := s.get(name); variable.Exported {
		return asWritten(variable.String())
	}
	return ""
}

func (s *Shell) finish(child *Shell, bash string) int {
	child.evaluate(bash, child.frame)
	child.leave()
	return child.status
}

// rest returns the command of a wrapper: the words after its own options. values are the
// options with a value; counts is how many more words precede the command.
func rest(args []string, values string, counts int) []string {
	args = args[1:]
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		option := args[0]
		args = args[1:]
		if option == "--" {
			break
		}
		takes := strings.Contains(" "+values+" ", " "+option+" ")
		if takes && len(args) > 0 {
			args = args[1:]
		}
	}
	return args[min(counts, len(args)):]
}

// wrapper runs the command after its options and some words; values are options with a value.
type wrapper struct {
	values string
	counts int
}

var wrappers = map[string]wrapper{
	"nohup": {}, "setsid": {}, "unbuffer": {}, "caffeinate": {}, "fakeroot": {}, "dumb-init": {}, "tini": {}, "busybox": {},
	"nice":     {"-n --adjustment", 0},
	"ionice":   {"-c -n -p --class --classdata", 0},
	"time":     {"-f -o --format --output", 0},
	"timeout":  {"-k -s --kill-after --signal", 1},
	"gtimeout": {"-k -s --kill-after --signal", 1},
	"stdbuf":   {"-i -o -e --input --output --error", 0},
	"chroot":   {"", 1},
	"strace":   {"-o -e -s -p -u", 0},
	"xvfb-run": {"-n -s -e -f --server-num --server-args --error-file", 0},
	"watch":    {"-n --interval", 0},
	"flock":    {"-w -E --timeout", 1},
}

func wrapperNamed(name string) func(s *Shell, args []string) int {
	if w, ok := wrappers[name]; ok {
		return func(s *Shell, args []string) int {
			if words := rest(args, w.values, w.counts); len(words) > 0 {
				return s.external(words)
			}
			return 0
		}
	}
	switch name {
	case "sudo", "doas", "env":
		return (*Shell).env
	case "bash", "sh", "dash", "zsh", "ksh", "ash":
		return (*Shell).bash
	case "xargs":
		return (*Shell).xargs
	case "find":
		return (*Shell).find
	case "script", "su", "runuser":
		return (*Shell).commandOption
	case "python", "python2", "python3", "ruby", "perl", "node", "php":
		return (*Shell).interpreter
	case "ssh":
		return (*Shell).ssh
	case "docker", "docker-compose", "podman":
		return (*Shell).docker
	}
	return nil
}

// env runs env and sudo: variables, then a command.
func (s *Shell) env(args []string) int {
	isEnv := path.Base(args[0]) == "env"
	child := s.process(args[0])
	values := " -u -g -h -p -C -r -t -T -U -D -R --user --group --host --prompt --chdir "
	if isEnv {
		values = " -u -C --unset --chdir "
	}
	words := args[1:]
	for len(words) > 0 {
		word := words[0]
		isOption := strings.HasPrefix(word, "-")
		name, value, assigned := strings.Cut(word, "=")
		if !isOption && (!assigned || strings.Contains(name, "/")) {
			break
		}
		words = words[1:]
		switch {
		case !isOption:
			exported := text(value)
			exported.Exported = true
			child.scopes[0][name] = exported
		case isEnv && (word == "-i" || word == "-" || word == "--ignore-environment"):
			child.begin(args[0])
			child.streams = s.streams
		case strings.Contains(values, " "+word+" ") && len(words) > 0:
			if isEnv && (word == "-u" || word == "--unset") {
				child.unset(words[0])
			}
			words = words[1:]
		}
	}
	if len(words) == 0 {
		return child.printenv(nil)
	}
	return child.external(words)
}

// bash runs a shell: a command, a file or its standard input.
func (s *Shell) bash(args []string) int {
	child := s.process(args[0])
	words, letters, _ := child.readOptions(args[1:])
	command, stdin := strings.Contains(letters, "c"), strings.Contains(letters, "s")
	switch {
	case command && len(words) > 0:
		if len(words) > 1 {
			child.arg0, child.params = words[1], words[2:]
		}
		return s.finish(child, words[0])
	case len(words) > 0 && !stdin && words[0] != "-" && words[0] != "/dev/stdin":
		file, ok := s.files[s.absolute(words[0])]
		if !ok {
			s.note(words[0])
			return oneIf(s.failing || s.removed[s.absolute(words[0])]) * 127
		}
		child.arg0, child.params = words[0], words[1:]
		return s.finish(child, string(file.data))
	}
	if len(words) > 0 {
		child.params = words
		if !stdin {
			child.params = words[1:]
		}
	}
	bash := s.input()
	child.streams[0] = empty()
	return s.finish(child, bash)
}

func (s *Shell) commandOption(args []string) int {
	for i, arg := range args {
		if strings.HasPrefix(arg, "-") && !strings.HasPrefix(arg, "--") && strings.HasSuffix(arg, "c") && i+1 < len(args) {
			return s.finish(s.process("bash"), args[i+1])
		}
	}
	return 0
}

// systemCall matches how other languages start a command.
var systemCall = regexp.MustCompile(`\b(?:system|popen|exec|execSync|run|shell_exec|passthru)\s*\(?\s*(?:"([^"]*)"|'([^']*)')`)

// interpreter only runs the commands that a program in another language starts.
func (s *Shell) interpreter(args []string) int {
	at := slices.IndexFunc(args, func(arg string) bool { return arg == "-c" || arg == "-e" || arg == "-r" })
	if at < 1 || at+1 == len(args) {
		return oneIf(s.failing)
	}
	for _, m := range systemCall.FindAllStringSubmatch(args[at+1], 20) {
		s.finish(s.process("sh"), m[1]+m[2])
	}
	return 0
}

// ssh runs its command like the other machine's shell.
func (s *Shell) ssh(args []string) int {
	words := rest(args, "-p -i -o -l -F -L -R -D -J -b -c -e -m -S -W", 1)
	child := s.process("bash")
	child.begin("bash")
	child.streams = s.streams
	if len(words) == 0 {
		return s.finish(child, s.input())
	}
	return s.finish(child, strings.Join(words, " "))
}

// docker runs the command of run and exec. The image of a program runs that program.
func (s *Shell) docker(args []string) int {
	words := rest(args, "-f -p --file --project-name -H --host", 0)
	if len(words) > 0 && words[0] == "compose" {
		words = rest(words, "-f -p --file --project-name", 0)
	}
	if len(words) == 0 || words[0] != "run" && words[0] != "exec" {
		return oneIf(s.failing)
	}
	child := s.process(args[0])
	words = rest(words, "-e -v -w -u -p -l -m -h --env --volume --workdir --user --name --network --net --env-file --entrypoint --publish --label --mount --platform --link --add-host", 0)
	if len(words) == 0 {
		return 0
	}
	image, command := words[0], words[1:]
	if status, output, known := child.watch(child.newCall(dockerProgram(image), command)); known {
		s.print(output)
		return status
	}
	if len(command) == 0 {
		return oneIf(s.failing)
	}
	return child.external(command)
}

// dockerProgram returns the program that an image such as OWNER/cli:TAG runs: OWNER.
func dockerProgram(image string) string {
	image, _, _ = strings.Cut(image, ":")
	owner, name, _ := strings.Cut(image, "/")
	if name == "cli" {
		return owner
	}
	return name
}

// xargs runs its command for the words of standard input.
func (s *Shell) xargs(args []string) int {
	replace, words := "", args[1:]
	most, options := 0, ""
	for len(words) > 0 && len(words[0]) > 1 && words[0][0] == '-' {
		option, value := words[0][1:2], words[0][2:]
		words = words[1:]
		if value == "" && strings.Contains("InPdLsaE", option) && len(words) > 0 {
			value, words = words[0], words[1:]
		}
		options += option
		switch option {
		case "I":
			replace = value
		case "n", "L":
			most, _ = strconv.Atoi(value)
		}
	}
	if len(words) == 0 {
		words = []string{"echo"}
	}
	input := s.input()
	var items []string
	switch {
	case strings.Contains(options, "0"):
		items = strings.FieldsFunc(input, func(r rune) bool { return r == 0 })
	case strings.ContainsAny(options, "Id"):
		items = strings.FieldsFunc(input, func(r rune) bool { return r == '\n' })
	default:
		items = strings.Fields(strings.NewReplacer(`"`, "", `'`, "").Replace(input))
	}
	s.streams[0] = empty()
	status := 0
	run := func(command []string) {
		if s.external(command) != 0 {
			status = 123
		}
	}
	switch {
	case replace != "":
		for _, item := range items {
			command := slices.Clone(words)
			for i, word := range words {
				command[i] = strings.ReplaceAll(word, replace, strings.TrimSpace(item))
			}
			run(command)
		}
	case len(items) > 0:
		for some := range slices.Chunk(items, cmp.Or(max(most, 0), len(items))) {
			run(slices.Concat(words, some))
		}
	case !strings.Contains(options, "r"):
		run(words)
	}
	return status
}

// find runs the command after -exec once, for a name or for unknown matches.
func (s *Shell) find(args []string) int {
	found := "./found"
	for i, arg := range args {
		if arg == "-name" && i+1 < len(args) && !strings.ContainsAny(args[i+1], "*?[") {
			found = path.Join(args[1], args[i+1])
		}
		if arg != "-exec" && arg != "-execdir" && arg != "-ok" {
			continue
		}
		command := []string{}
		for _, word := range args[i+1:] {
			if word == ";" || word == "+" {
				break
			}
			command = append(command, strings.ReplaceAll(word, "{}", found))
		}
		if len(command) > 0 {
			s.external(command)
		}
		return 0
	}
	return oneIf(s.failing)
}
