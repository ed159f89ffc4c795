// Package shell plays Bash with nothing real behind it: no process, no file, no network.
// Files exist in memory, unknown programs do nothing and succeed (or fail, if requested),
// and a Watch sees the programs that matter, with their arguments.
//
// The parser and the expansions are those of mvdan.cc/sh. Its interpreter isn't used: it
// starts goroutines, creates FIFOs, uses the host, and differs from Bash in `set -e`, the
// status of loops, descriptors from 3 up and PIPESTATUS.
//
// The resources of a text are limited, so that a play ends: see Limits. Deep nesting can
// still overflow the stack, which kills the process: play foreign text in a child
// process.
//
// It follows Bash's manual (https://www.gnu.org/software/bash/manual/bash.html).
//
// Next room: internal/travisyml, which adds the step to the file.
package shell

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// Call is a program that a text starts.
type Call struct {
	Args  []string // the program's name first; unknown parts as written, with their $
	Line  int      // in the text, as numbered by Text
	Env   func(name string) string
	Dir   string   // working directory, or "" if unknown
	Unset []string // variables in its words that nothing sets, as $NAME
}

// Watch is called for each program that isn't a builtin. It returns false for one that it
// doesn't know, otherwise the exit status and output.
type Watch func(Call) (status int, output string, known bool)

// Text is Bash and its place in a file.
type Text struct {
	Bash string
	Line int  // its first line, or every line's if Rows isn't set
	Rows bool `json:",omitempty"` // its lines are the file's, starting at Line
}

// The limits of one play. A text beyond them can't be played.
const (
	maxText   = 256 << 10 // bytes in a text
	maxNested = 200       // calls of functions, eval and subshells
	maxFields = 20_000    // words in a command
	maxBytes  = 8 << 20   // bytes that are stored, copied and searched, in total
	maxValue  = 256 << 10 // bytes of one of these
	maxSteps  = 10_000    // commands and loop iterations
	maxSleeps = 300       // of a loop that waits for something
)

// ErrLimit means that a text exceeds the limits.
var ErrLimit = errors.New("it doesn't end, or grows without limit")

// A Problem says why a text can't be played, and where.
type Problem struct {
	Line int
	Err  error
}

func (p *Problem) Error() string { return fmt.Sprintf("line %d: %v", p.Line, p.Err) }
func (p *Problem) Unwrap() error { return p.Err }

// world is shared by a shell, its subshells and the programs that it starts.
type world struct {
	watch     Watch
	failing   bool // unknown programs and files fail
	files     map[string]*content
	removed   map[string]bool   // removed, so they don't exist
	programs  map[string]string // from a path to the program put there
	steps     int
	allSleeps int
	bytes     int
	depth     int
	place     int // the line of the current command

	unknowns []string // unknown variables of the running command

	Unseen    []Unseen             // scripts that were run and whose text is unknown
	Decisions []Decision           // tests of unknown variables, in order
	Guesses   int                  // how many tests depended on unknown values
	Contrary  func(which int) bool // inverts the test of a number in Decisions
}

// Unseen is something that can't be played, such as a script that isn't available.
type Unseen struct {
	What string
	Line int
}

// flow is an interruption of the order of commands.
type flow int

const (
	flowNext flow = iota
	flowBreak
	flowContinue
	flowReturn
	flowExit
)

// frame has the positions of the running commands.
type frame struct {
	line      int
	rows      bool
	isPrelude bool // of a function that isn't part of the text: its position is that of its call
}

func (f frame) of(pos syntax.Pos) int {
	if f.rows && pos.IsValid() {
		return f.line + int(pos.Line()) - 1
	}
	return f.line
}

type function struct {
	body  *syntax.Stmt
	frame frame
}

// Shell is one running Bash.
type Shell struct {
	*world
	scopes             []map[string]expand.Variable // the global one first
	functions          map[string]function
	exported           map[string]bool // functions
	aliases            map[string]string
	arg0               string
	params             []string
	options            map[string]bool
	dir                string
	dirs               []string
	status             int
	statusBefore       int // the status before a builtin
	pipeStatus         []int
	substitutionStatus int    // the status of the last command substitution
	expansionFailed    bool   // an expansion has failed
	badTest            bool   // a test is invalid
	lastJob            string // the number of the last background command
	traps              map[string]string
	inTrap             bool
	statusBeforeTrap   int // the status before a trap
	streams            map[int]*stream
	frame              frame
	tolerance          int // above 0, a failure doesn't end a shell with errexit
	loops              int
	flow               flow
	levels             int // of break and continue
	sleeps             int // how often a background command has slept
	isBackground       bool
}

// New returns a shell with these exported variables (NAME=value) in a folder. If failing
// is set, unknown programs and files fail.
func New(environment []string, dir string, failing bool, watch Watch) *Shell {
	s := &Shell{
		world: &world{watch: watch, failing: failing, files: map[string]*content{}, removed: map[string]bool{}, programs: map[string]string{}},
		dir:   dir,
	}
	s.begin("bash")
	for _, variable := range environment {
		name, value, _ := strings.Cut(variable, "=")
		s.scopes[0][name] = expand.Variable{Set: true, Exported: true, Kind: expand.String, Str: value}
	}
	return s
}

func (s *Shell) begin(arg0 string) {
	s.scopes = []map[string]expand.Variable{{}}
	s.functions, s.aliases, s.exported = map[string]function{}, map[string]string{}, map[string]bool{}
	s.options, s.traps = map[string]bool{}, map[string]string{}
	s.streams = map[int]*stream{0: empty(), 1: discard(), 2: discard()}
	s.arg0 = arg0
}

// Define sets functions that aren't part of the text. It panics if they aren't valid Bash.
func (s *Shell) Define(functions string) {
	file, err := s.parse(functions)
	if err != nil {
		panic(err)
	}
	s.frame = frame{isPrelude: true}
	s.statements(file.Stmts)
}

// Run runs a text like eval, and returns its exit status. Its error is a *Problem: the
// text can't be played.
func (s *Shell) Run(text Text) (status int, err error) {
	s.place = text.Line
	defer s.catch(&err)
	s.frame = frame{line: text.Line, rows: text.Rows}
	s.status = 0
	s.evaluate(text.Bash, s.frame)
	return s.status, nil
}

// catch converts a panic: a limit, or a text that the library or this package can't handle.
func (s *Shell) catch(err *error) {
	reason := recover()
	if reason == nil {
		return
	}
	problem := &Problem{s.place, errUnusual}
	if limit, isError := reason.(error); isError && errors.Is(limit, ErrLimit) {
		problem.Err = ErrLimit
	}
	*err = problem
}

// Finish runs the EXIT trap, if there is one, and returns the exit status.
func (s *Shell) Finish() (status int, err error) {
	defer s.catch(&err)
	s.leave()
	return s.status, nil
}

// Exited reports whether the shell has run exit.
func (s *Shell) Exited() bool { return s.flow == flowExit }

// Strict reports whether a failing command ends the shell (set -e).
func (s *Shell) Strict() bool { return s.options["errexit"] }

// Holds reports whether a condition of [[ is true.
func (s *Shell) Holds(condition string, line int) (bool, error) {
	sub := s.fork()
	status, err := sub.Run(Text{Bash: "[[ " + condition + " ]]", Line: line})
	return status == 0, err
}

// Variable returns a variable's value.
func (s *Shell) Variable(name string) string { return s.Get(name).String() }

func (s *Shell) fork() *Shell {
	sub := *s
	s.growVariables()
	sub.scopes = make([]map[string]expand.Variable, len(s.scopes))
	for i, scope := range s.scopes {
		sub.scopes[i] = maps.Clone(scope)
	}
	sub.functions, sub.aliases, sub.exported = maps.Clone(s.functions), maps.Clone(s.aliases), maps.Clone(s.exported)
	sub.options, sub.streams = maps.Clone(s.options), maps.Clone(s.streams)
	sub.traps = map[string]string{}
	sub.dirs, sub.params = slices.Clone(s.dirs), slices.Clone(s.params)
	return &sub
}

// growVariables counts a copy of all variables.
func (s *Shell) growVariables() {
	for _, scope := range s.scopes {
		s.grow(16 * len(scope))
	}
	s.grow(16 * len(s.functions))
}

// Work is how much a play has done, in commands. It is limited.
func (s *Shell) Work() int { return s.steps + s.bytes/1024 }

// process returns a shell that only gets the exported variables and functions.
func (s *Shell) process(arg0 string) *Shell {
	child := &Shell{world: s.world, dir: s.dir, frame: frame{line: s.place}, isBackground: s.isBackground, sleeps: s.sleeps}
	child.begin(arg0)
	s.growVariables()
	child.streams = maps.Clone(s.streams)
	for _, scope := range s.scopes {
		for name, value := range scope {
			if value.Exported && value.Set && value.Kind == expand.String {
				child.scopes[0][name] = value
			} else {
				delete(child.scopes[0], name)
			}
		}
	}
	for name := range s.exported {
		if f, ok := s.functions[name]; ok {
			child.functions[name], child.exported[name] = f, true
		}
	}
	return child
}

// leave ends a subshell or a process, and runs its EXIT trap.
func (s *Shell) leave() {
	if trap := s.traps["EXIT"]; trap != "" && !s.inTrap {
		s.trap(trap)
	}
}

func (s *Shell) trap(bash string) {
	status, was := s.status, s.flow
	s.inTrap, s.statusBeforeTrap, s.flow = true, status, flowNext
	s.evaluate(bash, frame{line: s.place})
	if s.flow != flowExit {
		s.status, s.flow = status, was
	}
	s.inTrap = false
}

func (s *Shell) step() {
	if s.steps++; s.steps > maxSteps {
		panic(ErrLimit)
	}
}

// grow counts bytes that are stored, copied or searched, and stops unlimited growth.
func (s *Shell) grow(n int) {
	if s.bytes += n; n > maxValue || s.bytes > maxBytes {
		panic(ErrLimit)
	}
}

func (s *Shell) deeper() func() {
	if s.depth++; s.depth > maxNested {
		panic(ErrLimit)
	}
	return func() { s.depth-- }
}

func (s *Shell) parse(bash string) (*syntax.File, error) {
	if len(bash) > maxText {
		panic(ErrLimit)
	}
	s.grow(2 * len(bash))
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(bash), "")
	if err != nil {
		return nil, err
	}
	s.prepare(file)
	return file, nil
}

func (s *Shell) evaluate(bash string, at frame) {
	defer s.deeper()()
	s.step()
	bash = asBash(bash)
	s.grow(len(bash))
	file, err := s.parse(bash)
	if broken, ok := errors.AsType[syntax.ParseError](err); ok {
		file = s.parseBefore(bash, int(broken.Pos.Line()))
	}
	if file != nil {
		old := s.frame
		s.frame = at
		s.statements(file.Stmts)
		s.frame = old
	}
	if err != nil && s.flow == flowNext {
		s.status = 2
	}
}

// parseBefore parses the lines before a syntax error: Bash reads command by command.
func (s *Shell) parseBefore(bash string, line int) *syntax.File {
	lines := strings.SplitAfter(bash, "\n")
	for n := min(line-1, len(lines)); n > 0; n-- {
		if file, err := s.parse(strings.Join(lines[:n], "")); err == nil {
			return file
		}
	}
	return nil
}

func (s *Shell) absolute(name string) string {
	if !strings.HasPrefix(name, "/") {
		name = s.dir + "/" + name
	}
	return path.Clean(name)
}

// Relax turns set -e off.
func (s *Shell) Relax() { s.options["errexit"] = false }
