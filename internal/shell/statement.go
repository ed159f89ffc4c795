package shell

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

func (s *Shell) statements(list []*syntax.Stmt) {
	for _, statement := range list {
		if s.flow != flowNext || s.options["noexec"] {
			return
		}
		s.statement(statement)
	}
}

func (s *Shell) statement(st *syntax.Stmt) {
	s.step()
	if st.Background || st.Coprocess || st.Disown {
		s.runInBackground(st)
		return
	}
	if st.Negated {
		s.tolerance++
		s.command(st)
		s.tolerance--
		if s.flow == flowNext {
			s.status = oneIf(s.status == 0)
		}
		return
	}
	s.command(st)
}

// runInBackground doesn't wait. The job's number tells wait its exit status.
func (s *Shell) runInBackground(st *syntax.Stmt) {
	defer s.deeper()()
	sub := s.fork()
	if !s.isBackground {
		sub.sleeps = 0
	}
	sub.isBackground = true
	sub.streams[0] = empty()
	sub.flow = flowNext
	sub.command(st)
	sub.leave()
	s.sleeps = sub.sleeps
	s.lastJob = strconv.Itoa(firstJob + sub.status)
	s.status = 0
}

// firstJob is the number of a background command that has succeeded.
const firstJob = 100_000

func (s *Shell) command(st *syntax.Stmt) {
	if st.Position.IsValid() && !s.frame.isPrelude {
		s.place = s.frame.of(st.Position)
	}
	if len(st.Redirs) == 0 {
		s.run(st.Cmd)
		return
	}
	old := maps.Clone(s.streams)
	kept := false
	for _, redirection := range st.Redirs {
		if !s.redirect(redirection) {
			s.status = 1
			s.streams = old
			s.failed()
			return
		}
	}
	if call, ok := st.Cmd.(*syntax.CallExpr); ok && len(call.Args) == 1 && call.Args[0].Lit() == "exec" {
		kept = true
	}
	if st.Cmd == nil {
		s.status = 0
	}
	s.run(st.Cmd)
	if !kept {
		s.streams = old
	}
}

// failed ends the shell if a command has failed and `set -e` applies.
func (s *Shell) failed() {
	if s.status == 0 || s.tolerance > 0 || s.flow != flowNext {
		return
	}
	if trap := s.traps["ERR"]; trap != "" && !s.inTrap {
		s.trap(trap)
	}
	if s.options["errexit"] && s.flow == flowNext {
		s.flow = flowExit
	}
}

func (s *Shell) run(command syntax.Command) {
	switch c := command.(type) {
	case nil:
	case *syntax.CallExpr:
		s.simple(c)
		s.failed()
	case *syntax.BinaryCmd:
		if c.Op == syntax.Pipe || c.Op == syntax.PipeAll {
			s.pipeline(c)
			s.failed()
			return
		}
		s.list(c)
	case *syntax.Block:
		s.statements(c.Stmts)
	case *syntax.Subshell:
		s.subshell(func(sub *Shell) { sub.statements(c.Stmts) })
		s.failed()
	case *syntax.IfClause:
		s.ifClause(c)
	case *syntax.WhileClause:
		s.while(c)
	case *syntax.ForClause:
		s.forClause(c)
	case *syntax.CaseClause:
		s.caseClause(c)
	case *syntax.FuncDecl:
		if c.Name != nil {
			s.functions[c.Name.Value] = function{c.Body, s.frame}
		}
		s.status = 0
	case *syntax.ArithmCmd:
		s.unknowns = nil
		s.status = s.decide(oneIf(s.arithmetic(c.X) == 0))
		s.failed()
	case *syntax.LetClause:
		value := 0
		for _, x := range c.Exprs {
			if word, ok := x.(*syntax.Word); ok {
				value = s.number(s.literal(word))
				continue
			}
			value = s.arithmetic(x)
		}
		s.status = oneIf(value == 0)
		s.failed()
	case *syntax.TestClause:
		s.unknowns = nil
		s.status = s.decide(s.testClause(c.X))
		s.failed()
	case *syntax.DeclClause:
		s.declare(c)
		s.failed()
	case *syntax.TimeClause:
		s.status = 0
		if c.Stmt != nil {
			s.statement(c.Stmt)
		}
	case *syntax.CoprocClause:
		s.runInBackground(c.Stmt)
	default:
		s.status = 1
	}
}

func (s *Shell) subshell(run func(sub *Shell)) {
	defer s.deeper()()
	sub := s.fork()
	sub.loops = 0
	run(sub)
	sub.leave()
	s.status = sub.status
}

// chain returns commands joined by two operators, and the operators between them.
func chain(c *syntax.BinaryCmd, one, other syntax.BinCmdOperator) (parts []*syntax.Stmt, operators []syntax.BinCmdOperator) {
	for {
		parts, operators = append(parts, c.Y), append(operators, c.Op)
		inner, ok := c.X.Cmd.(*syntax.BinaryCmd)
		if !ok || inner.Op != one && inner.Op != other || c.X.Negated || len(c.X.Redirs) > 0 {
			break
		}
		c = inner
	}
	parts = append(parts, c.X)
	slices.Reverse(parts)
	slices.Reverse(operators)
	return parts, operators
}

// list runs commands joined by && and ||, from the left.
func (s *Shell) list(c *syntax.BinaryCmd) {
	parts, operators := chain(c, syntax.AndStmt, syntax.OrStmt)
	for i, part := range parts {
		if i > 0 && (s.status == 0) != (operators[i-1] == syntax.AndStmt) {
			continue
		}
		isLast := i == len(parts)-1
		if !isLast {
			s.tolerance++
		}
		s.statement(part)
		if !isLast {
			s.tolerance--
		}
		if s.flow != flowNext {
			return
		}
	}
}

// pipeline runs commands in sequence, each with the whole output of the one before.
func (s *Shell) pipeline(c *syntax.BinaryCmd) {
	parts, operators := chain(c, syntax.Pipe, syntax.PipeAll)
	input := s.streams[0]
	var statuses []int
	for i, part := range parts {
		output := &content{}
		s.subshell(func(sub *Shell) {
			sub.streams[0] = input
			if i < len(parts)-1 {
				sub.streams[1] = &stream{content: output}
				if operators[i] == syntax.PipeAll {
					sub.streams[2] = sub.streams[1]
				}
			}
			sub.statement(part)
		})
		statuses = append(statuses, s.status)
		input = &stream{content: output}
	}
	s.pipeStatus = statuses
	if s.options["pipefail"] {
		for _, status := range statuses {
			if status != 0 {
				s.status = status
			}
		}
	}
}

func (s *Shell) condition(list []*syntax.Stmt) bool {
	s.tolerance++
	s.statements(list)
	s.tolerance--
	return s.status == 0
}

func (s *Shell) ifClause(c *syntax.IfClause) {
	for c != nil {
		if len(c.Cond) == 0 { // else
			s.statements(c.Then)
			return
		}
		holds := s.condition(c.Cond)
		if s.flow != flowNext {
			return
		}
		if holds {
			s.statements(c.Then)
			return
		}
		c = c.Else
	}
	s.status = 0
}

// runBody runs the body of a loop once and reports whether the loop continues.
func (s *Shell) runBody(body []*syntax.Stmt) bool {
	s.step()
	s.loops++
	s.statements(body)
	s.loops--
	if s.flow != flowBreak && s.flow != flowContinue {
		return s.flow == flowNext
	}
	s.levels--
	if s.levels > 0 && s.loops > 0 {
		return false
	}
	again := s.flow == flowContinue
	s.flow = flowNext
	return again
}

func (s *Shell) while(c *syntax.WhileClause) {
	status := 0
	for {
		holds := s.condition(c.Cond)
		if s.flow != flowNext {
			return
		}
		if holds == c.Until {
			break
		}
		again := s.runBody(c.Do)
		status = s.status
		if !again {
			break
		}
	}
	s.status = status
}

func (s *Shell) forClause(c *syntax.ForClause) {
	s.status = 0
	switch loop := c.Loop.(type) {
	case *syntax.WordIter:
		items := s.params
		if loop.InPos.IsValid() {
			items = slices.DeleteFunc(s.words(loop.Items), isDropped)
		}
		if c.Select {
			if value(s.input()) != "" {
				panic(errUnusual)
			}
			s.status = 1 // nobody chooses
			return
		}
		status := 0
		for _, item := range items {
			s.set(loop.Name.Value, item)
			again := s.runBody(c.Do)
			status = s.status
			if !again {
				break
			}
		}
		s.status = status
	case *syntax.CStyleLoop:
		if loop.Init != nil {
			s.arithmetic(loop.Init)
		}
		for loop.Cond == nil || s.arithmetic(loop.Cond) != 0 {
			if !s.runBody(c.Do) || s.flow != flowNext {
				break
			}
			if loop.Post != nil {
				s.arithmetic(loop.Post)
			}
		}
	}
}

func (s *Shell) caseClause(c *syntax.CaseClause) {
	s.unknowns = nil
	word := s.literal(c.Word)
	unknowns := s.unknowns
	s.status = 0
	through := false
	for _, item := range c.Items {
		matches := func(w *syntax.Word) bool { return s.matches(s.pattern(w), word) }
		if through {
			s.unknowns = nil
		} else if s.unknowns = unknowns; s.decide(oneIf(!slices.ContainsFunc(item.Patterns, matches))) != 0 {
			continue
		}
		s.statements(item.Stmts)
		if s.flow != flowNext || item.Op == syntax.Break {
			return
		}
		through = item.Op == syntax.Fallthrough
	}
}

func oneIf(failed bool) int {
	if failed {
		return 1
	}
	return 0
}

// simple runs a simple command: assignments, a function, a builtin or a program.
func (s *Shell) simple(c *syntax.CallExpr) {
	s.substitutionStatus, s.expansionFailed = 0, false
	s.unknowns = nil
	fields := s.words(s.unalias(c.Args))
	for len(fields) > 0 && isDropped(fields[0]) {
		fields = fields[1:]
	}
	if len(fields) == 0 {
		for _, assignment := range c.Assigns {
			s.assign(assignment, nil)
		}
		if s.flow == flowNext && !s.expansionFailed {
			s.status = s.substitutionStatus
		}
		if len(c.Args) > 0 {
			s.status = s.decide(s.status)
		}
		return
	}
	if s.flow != flowNext || s.expansionFailed {
		return
	}
	if len(c.Assigns) == 0 {
		s.call(fields, true)
		return
	}
	scope := map[string]expand.Variable{}
	for _, assignment := range c.Assigns {
		if assignment.Name == nil || assignment.Value == nil && assignment.Array != nil {
			continue
		}
		value := ""
		if assignment.Value != nil {
			value = s.marked(assignment.Value)
		}
		if assignment.Append {
			value = s.Variable(assignment.Name.Value) + value
		}
		scope[assignment.Name.Value] = expand.Variable{Set: true, Local: true, Exported: true, Kind: expand.String, Str: value}
		s.grow(len(value))
	}
	s.scopes = append(s.scopes, scope)
	depth := len(s.scopes)
	s.call(fields, true)
	s.scopes = slices.Delete(s.scopes, depth-1, depth)
}

func (s *Shell) unalias(words []*syntax.Word) []*syntax.Word {
	seen := map[string]bool{}
	for s.options["expand_aliases"] && len(words) > 0 {
		name := words[0].Lit()
		text, ok := s.aliases[name]
		if !ok || seen[name] {
			break
		}
		seen[name] = true
		var replaced []*syntax.Word
		for word, err := range syntax.NewParser().WordsSeq(strings.NewReader(text)) {
			if err != nil {
				return words
			}
			replaced = append(replaced, word)
		}
		words = append(replaced, words[1:]...)
	}
	return words
}

func (s *Shell) call(args []string, functions bool) {
	s.step()
	if args[0] == "" {
		s.status = 127
		return
	}
	if f, ok := s.functions[args[0]]; ok && functions {
		s.callFunction(f, args)
		return
	}
	if s.builtin(args) {
		return
	}
	s.status = s.external(args)
}

func (s *Shell) callFunction(f function, args []string) {
	defer s.deeper()()
	params, at, loops := s.params, s.frame, s.loops
	depth := len(s.scopes)
	s.params, s.frame, s.loops = slices.Clone(args[1:]), f.frame, 0
	for i, param := range s.params {
		s.params[i] = strings.TrimPrefix(param, dropMark)
	}
	s.scopes = append(s.scopes, map[string]expand.Variable{})
	s.statement(f.body)
	s.scopes = s.scopes[:depth]
	s.params, s.frame, s.loops = params, at, loops
	if s.flow == flowReturn {
		s.flow = flowNext
		s.failed()
	}
}
