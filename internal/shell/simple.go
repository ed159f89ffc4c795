package shell

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// simple runs a simple command: assignments, a function, a builtin or a program.
func (s *Shell) simple(c *syntax.CallExpr) {
	s.substitutionStatus, s.expansionFailed = 0, false
	s.unknowns = nil
	fields := s.words(s.unalias(c.Args))
	for len(fields) > 0 && vanishes(fields[0]) {
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

// unalias replaces an alias at the beginning of a command.
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

// call runs a command by its name.
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
		s.params[i] = strings.TrimPrefix(param, vanishing)
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
