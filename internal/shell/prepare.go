package shell

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/pattern"
	"mvdan.cc/sh/v3/syntax"
)

// The library expands some words differently than Bash. prepare rewrites them to avoid
// that, and requests variables by names that say what is needed: openMark, one of these
// or none, and the name.
const (
	valuesOf  = "@" // the elements of an array
	keysOf    = "!"
	presentOf = "~" // the value, with its marks unless it is empty
	partOf    = "=" // the unknown parts of the value
)

// prepare rewrites newly parsed commands.
func (s *Shell) prepare(node syntax.Node) {
	syntax.Walk(node, func(node syntax.Node) bool {
		switch x := node.(type) {
		case *syntax.Redirect:
			if x.Hdoc != nil {
				s.prepareParts(x.Hdoc.Parts)
				return false
			}
		case *syntax.BinaryTest:
			if word, ok := x.Y.(*syntax.Word); ok && x.Op == syntax.TsReMatch {
				s.prepare(x.X)
				s.prepareParts(word.Parts)
				return false
			}
		case *syntax.Word:
			x.Parts = unescaped(x.Parts)
		case *syntax.ArithmExp, *syntax.ArithmCmd, *syntax.LetClause, *syntax.CStyleLoop:
			return false
		case *syntax.ParamExp:
			s.prepareParameter(x)
			return false
		}
		return true
	})
}

func (s *Shell) prepareParts(parts []syntax.WordPart) {
	for _, part := range parts {
		s.prepare(part)
	}
}

// unescaped returns the parts of a word with each escaped character quoted.
func unescaped(parts []syntax.WordPart) []syntax.WordPart {
	var all []syntax.WordPart
	for _, part := range parts {
		switch x := part.(type) {
		case *syntax.Lit:
			text := x.Value
			for {
				before, after, found := strings.Cut(text, `\`)
				if !found || after == "" {
					break
				}
				if before != "" {
					all = append(all, &syntax.Lit{ValuePos: x.ValuePos, Value: before})
				}
				escaped := string([]rune(after)[:1])
				all = append(all, &syntax.SglQuoted{Value: escaped})
				text = after[min(len(escaped), len(after)):]
			}
			if text != "" || len(parts) == 1 && len(all) == 0 {
				all = append(all, &syntax.Lit{ValuePos: x.ValuePos, Value: text})
			}
		default:
			all = append(all, part)
		}
	}
	return all
}

func indexOf(x *syntax.ParamExp) string {
	if word, ok := x.Index.(*syntax.Word); ok {
		return word.Lit()
	}
	return ""
}

func (s *Shell) prepareParameter(x *syntax.ParamExp) {
	if x.Param == nil || slices.Contains([]string{"@", "*", "LINENO", ""}, x.Param.Value) || strings.HasPrefix(x.Param.Value, openMark) {
		return
	}
	name, all := x.Param.Value, indexOf(x) == "@" || indexOf(x) == "*"
	removal := x.Exp != nil && slices.Contains(removals, x.Exp.Op)
	switch {
	case isUnlike(x):
		x.Param = &syntax.Lit{ValuePos: x.Param.ValuePos, Value: openMark + partOf + name}
		x.Excl, x.Index, x.Repl, x.Exp, x.Slice = false, nil, nil, nil, nil
		return
	case all && x.Excl && x.Names == 0:
		x.Excl = false
		x.Param.Value = openMark + keysOf + name
		return
	case all:
		x.Param.Value = openMark + valuesOf + name
	case x.Length || x.Excl || x.Slice != nil || x.Repl != nil:
	case x.Exp == nil:
		x.Param.Value = openMark + name
	case slices.Contains(withDefault, x.Exp.Op):
		x.Param.Value = openMark + presentOf + name
	}
	if x.Exp != nil && x.Index == nil {
		guardDefault(x.Exp, name)
	}
	if x.Exp != nil && x.Exp.Word != nil {
		if removal {
			x.Exp.Word.Parts = asPattern(x.Exp.Word.Parts)
		} else {
			s.prepare(x.Exp.Word)
		}
	}
	if x.Repl != nil && x.Repl.With != nil {
		s.prepare(x.Repl.With)
	}
}

// isUnlike reports whether the library expands an expansion differently than Bash:
// ${NAME/#…}, ${NAME@Q}, ${!NAME:-…} and patterns such as +(…).
func isUnlike(x *syntax.ParamExp) bool {
	switch {
	case x.Length:
		return false
	case x.Excl && x.Names == 0 && x.Index == nil:
		return x.Exp != nil || x.Repl != nil || x.Slice != nil
	case x.Repl != nil && x.Repl.Orig != nil && len(x.Repl.Orig.Parts) > 0:
		anchored := !x.Repl.All && strings.IndexAny(litOf(x.Repl.Orig.Parts[0]), "#%") == 0
		return anchored || slices.ContainsFunc(x.Repl.Orig.Parts, isExtended)
	case x.Exp != nil && slices.Contains(removals, x.Exp.Op):
		return slices.ContainsFunc(x.Exp.Word.Parts, isExtended)
	}
	return x.Exp != nil && x.Exp.Op == syntax.OtherParamOps
}

// guardDefault makes the commands in ${NAME:-$(…)} end at once if the default isn't used:
// the library expands it first.
func guardDefault(x *syntax.Expansion, name string) {
	if x.Word == nil {
		return
	}
	test, operator := syntax.TsEmpStr, syntax.AlternateUnset
	switch x.Op {
	case syntax.AlternateUnset:
		test = syntax.TsNempStr
	case syntax.AlternateUnsetOrNull:
		test, operator = syntax.TsNempStr, syntax.DefaultUnset
	case syntax.DefaultUnsetOrNull, syntax.AssignUnsetOrNull, syntax.ErrorUnsetOrNull:
		operator = syntax.DefaultUnset
	case syntax.DefaultUnset, syntax.AssignUnset, syntax.ErrorUnset:
	default:
		return
	}
	word := func(part syntax.WordPart) *syntax.Word { return &syntax.Word{Parts: []syntax.WordPart{part}} }
	syntax.Walk(x.Word, func(node syntax.Node) bool {
		c, isCommand := node.(*syntax.CmdSubst)
		if !isCommand || len(c.Stmts) == 0 || c.Stmts[0].Cmd == nil {
			return !isCommand
		}
		value := ""
		if operator == syntax.AlternateUnset {
			value = "x"
		}
		variable := &syntax.ParamExp{Param: &syntax.Lit{Value: name}, Exp: &syntax.Expansion{Op: operator, Word: word(&syntax.Lit{Value: value})}}
		guard := &syntax.BinaryCmd{
			Op: syntax.OrStmt,
			X:  &syntax.Stmt{Cmd: &syntax.TestClause{X: &syntax.UnaryTest{Op: test, X: word(variable)}}},
			Y:  &syntax.Stmt{Cmd: &syntax.CallExpr{Args: []*syntax.Word{word(&syntax.Lit{Value: "exit"}), word(&syntax.Lit{Value: "0"})}}},
		}
		c.Stmts = append([]*syntax.Stmt{{Cmd: guard}}, c.Stmts...)
		return false
	})
}

// withDefault are the operators that keep an existing value.
var withDefault = []syntax.ParExpOperator{
	syntax.AlternateUnset, syntax.AlternateUnsetOrNull, syntax.DefaultUnset, syntax.DefaultUnsetOrNull, syntax.ErrorUnset, syntax.ErrorUnsetOrNull,
}

func litOf(part syntax.WordPart) string {
	if lit, ok := part.(*syntax.Lit); ok {
		return lit.Value
	}
	return ""
}

// asPattern returns the parts of a pattern with quoted parts escaped.
func asPattern(parts []syntax.WordPart) []syntax.WordPart {
	var all []syntax.WordPart
	for _, part := range parts {
		switch x := part.(type) {
		case *syntax.SglQuoted:
			if !x.Dollar {
				part = &syntax.Lit{Value: pattern.QuoteMeta(x.Value, 0)}
			}
		case *syntax.DblQuoted:
			if len(x.Parts) == 1 && litOf(x.Parts[0]) != "" {
				part = &syntax.Lit{Value: pattern.QuoteMeta(litOf(x.Parts[0]), 0)}
			}
		}
		all = append(all, part)
	}
	return all
}

// removals are the operators that remove a pattern's match.
var removals = []syntax.ParExpOperator{syntax.RemSmallPrefix, syntax.RemLargePrefix, syntax.RemSmallSuffix, syntax.RemLargeSuffix}

var extendedGlob = regexp.MustCompile(`[?*+@!]\(`)

func isExtended(part syntax.WordPart) bool {
	_, ok := part.(*syntax.ExtGlob)
	return ok || extendedGlob.MatchString(litOf(part))
}

// elements returns the values of an array, or of a variable, as a list.
func elements(variable expand.Variable) expand.Variable {
	if variable.Kind == expand.String {
		return expand.Variable{Set: true, Kind: expand.Indexed, List: []string{variable.Str}}
	}
	variable.List = slices.Clone(variable.List)
	return variable
}

// keys returns the keys of an array as a list.
func keys(variable expand.Variable) expand.Variable {
	list := []string{}
	switch variable.Kind {
	case expand.String:
		list = append(list, "0")
	case expand.Indexed:
		for i := range variable.List {
			list = append(list, strconv.Itoa(i))
		}
	}
	return expand.Variable{Set: len(list) > 0, Kind: expand.Indexed, List: list}
}
