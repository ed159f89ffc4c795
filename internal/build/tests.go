package build

import (
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// test is a test in a command that decides whether a deploy runs.
type test struct {
	from, to int // its byte range
	row      int // of the command's lines, from 0
	holds    bool
}

// tests adds the tests that decide whether a deploy in a key's commands runs: those of
// if, && and ||, around the deploy or around an exit before it.
func (o *obstacles) tests(owner *Node, key string) {
	for i, item := range owner.Get(key).wrapped() {
		for _, command := range commandsOf(item) {
			for _, t := range testsIn(command.Bash) {
				kind, instead, line := ObstacleTest, "false", command.Line
				if t.holds {
					kind, instead = ObstacleFalseTest, "true"
				}
				if command.Rows {
					line += t.row
				}
				text := command.Bash[t.from:t.to]
				o.add(kind, line, text, owner, func(n *Node) *Node {
					list := &Node{Kind: List, Line: n.Get(key).line(), Items: slices.Clone(n.Get(key).wrapped())}
					if i >= len(list.Items) || !strings.HasPrefix(list.Items[i].Text[min(t.from, len(list.Items[i].Text)):], text) {
						return n // another change has removed it
					}
					changed := *list.Items[i]
					changed.Text = changed.Text[:t.from] + instead + strings.Repeat(" ", len(text)-len(instead)) + changed.Text[t.to:]
					list.Items[i] = &changed
					return n.with(key, list)
				})
			}
		}
	}
}

// leaves matches what ends a command list early.
var leaves = regexp.MustCompile(`\b(?:exit|return)\b`)

// testsIn finds the tests in a command, and the result that each must have for what
// follows to run.
func testsIn(bash string) []test {
	if len(bash) > longestMention {
		return nil
	}
	file, err := syntax.NewParser().Parse(strings.NewReader(bash), "")
	if err != nil {
		return nil
	}
	source := func(from, to syntax.Pos) string { return bash[from.Offset():to.Offset()] }
	deploys := func(from, to syntax.Pos) bool { return strings.Contains(source(from, to), "convox") }
	ends := func(from, to syntax.Pos) bool { return leaves.MatchString(source(from, to)) }
	var found []test
	var add func(s *syntax.Stmt, holds bool)
	add = func(s *syntax.Stmt, holds bool) {
		if both, is := s.Cmd.(*syntax.BinaryCmd); is && !s.Negated && (both.Op == syntax.AndStmt && holds || both.Op == syntax.OrStmt && !holds) {
			add(both.X, holds)
			add(both.Y, holds)
			return
		}
		if s.Cmd == nil {
			return
		}
		from, to := s.Pos(), s.Cmd.End()
		if text := source(from, to); len(text) >= len("false") && strings.Contains(text, "$") && !strings.Contains(text, "\n") && !deploys(from, to) {
			found = append(found, test{int(from.Offset()), int(to.Offset()), int(from.Line()) - 1, holds})
		}
	}
	syntax.Walk(file, func(node syntax.Node) bool {
		switch node := node.(type) {
		case *syntax.IfClause:
			if len(node.Cond) == 0 {
				break
			}
			last, end := node.Cond[len(node.Cond)-1], node.End()
			otherwise := end
			if node.Else != nil {
				otherwise = node.Else.Pos()
			}
			switch {
			case deploys(node.ThenPos, otherwise):
				add(last, true)
			case deploys(otherwise, end), ends(node.ThenPos, otherwise):
				add(last, false)
			case ends(otherwise, end):
				add(last, true)
			}
		case *syntax.BinaryCmd:
			from, to := node.Y.Pos(), node.Y.End()
			switch isAnd := node.Op == syntax.AndStmt; {
			case !isAnd && node.Op != syntax.OrStmt:
			case deploys(from, to):
				add(node.X, isAnd)
			case ends(from, to):
				add(node.X, !isAnd)
			}
		}
		return true
	})
	return found
}
