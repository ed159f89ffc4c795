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

// The library expands some words differently than Bash. prepare writes them so that
// it doesn't, and asks for variables by names that say what is wanted of them:
// openMark, one of these or none, and the name.
const (
	valuesOf  = "@" // the elements of an array
	keysOf    = "!"
	presentOf = "~" // the value, with its marks unless it is empty
	viewOf    = "=" // what an expansion of Shell.views makes of its variable
)

// prepare readies commands that were just parsed.
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

// unescaped returns the parts of a word with each escaped character quoted, and
// "…$@…" in three.
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
		case *syntax.DblQuoted:
			last := 0
			for i, inner := range x.Parts {
				if parameter, ok := inner.(*syntax.ParamExp); ok && len(x.Parts) > 1 && isList(parameter) {
					if last < i {
						all = append(all, &syntax.DblQuoted{Dollar: x.Dollar, Parts: x.Parts[last:i]})
					}
					all = append(all, &syntax.DblQuoted{Parts: x.Parts[i : i+1]})
					last = i + 1
				}
			}
			if last == 0 {
				all = append(all, x)
			} else if last < len(x.Parts) {
				all = append(all, &syntax.DblQuoted{Parts: x.Parts[last:]})
			}
		default:
			all = append(all, part)
		}
	}
	return all
}

// isList says whether an expansion is $@ or ${NAME[@]}.
func isList(x *syntax.ParamExp) bool {
	return x.Param != nil && (x.Param.Value == "@" || indexOf(x) == "@")
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
	anchored := x.Repl != nil && !x.Repl.All && x.Repl.Orig != nil && len(x.Repl.Orig.Parts) > 0 && strings.IndexAny(litOf(x.Repl.Orig.Parts[0]), "#%") == 0
	extended := x.Repl != nil && x.Repl.Orig != nil && slices.ContainsFunc(x.Repl.Orig.Parts, isExtended)
	removal := x.Exp != nil && slices.Contains(removals, x.Exp.Op)
	extended = extended || removal && slices.ContainsFunc(x.Exp.Word.Parts, isExtended)
	quoted := x.Exp != nil && x.Exp.Op == syntax.OtherParamOps && x.Exp.Word.Lit() == "Q"
	indirect := x.Excl && x.Names == 0 && x.Index == nil
	switch {
	case (anchored || quoted || extended) && (all || x.Index == nil) && !x.Length && !x.Excl, indirect && (x.Exp != nil || x.Repl != nil || x.Slice != nil):
		view := *x
		x.Param = &syntax.Lit{ValuePos: x.Param.ValuePos, Value: openMark + viewOf + strconv.Itoa(len(s.views))}
		x.Excl, x.Repl, x.Exp, x.Slice = false, nil, nil, nil
		s.views = append(s.views, &view)
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

// withDefault are the operators that leave a value that is there as it is.
var withDefault = []syntax.ParExpOperator{
	syntax.AlternateUnset, syntax.AlternateUnsetOrNull, syntax.DefaultUnset, syntax.DefaultUnsetOrNull, syntax.ErrorUnset, syntax.ErrorUnsetOrNull,
}

func litOf(part syntax.WordPart) string {
	if lit, ok := part.(*syntax.Lit); ok {
		return lit.Value
	}
	return ""
}

// asPattern returns the parts of a pattern with what is quoted escaped.
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

// view returns what an expansion makes of its variable.
func (s *Shell) view(number string) expand.Variable {
	n, err := strconv.Atoi(number)
	if err != nil || n >= len(s.views) {
		return expand.Variable{}
	}
	defer s.deeper()()
	view := *s.views[n]
	variable := s.get(view.Param.Value)
	if view.Excl { // ${!NAME…}
		view.Excl = false
		view.Param = &syntax.Lit{Value: variable.String()}
		if !syntax.ValidName(view.Param.Value) {
			return expand.Variable{}
		}
		s.prepareParameter(&view)
		return text(s.marked(&syntax.Word{Parts: []syntax.WordPart{&view}}))
	}
	change := quote
	switch {
	case view.Repl != nil:
		change = s.replacement(view.Repl)
	case view.Exp.Op != syntax.OtherParamOps:
		change = s.removal(view.Exp)
	}
	variable = s.resolved(variable)
	switch variable.Kind {
	case expand.String:
		variable.Str = change(variable.Str)
	case expand.Indexed, expand.Associative:
		variable = elements(variable)
		for i := range variable.List {
			variable.List[i] = change(variable.List[i])
		}
	}
	return variable
}

// removals are the operators that remove what a pattern is for.
var removals = []syntax.ParExpOperator{syntax.RemSmallPrefix, syntax.RemLargePrefix, syntax.RemSmallSuffix, syntax.RemLargeSuffix}

var extendedGlob = regexp.MustCompile(`[?*+@!]\(`)

func isExtended(part syntax.WordPart) bool {
	_, ok := part.(*syntax.ExtGlob)
	return ok || extendedGlob.MatchString(litOf(part))
}

// removal returns what ${NAME#…}, ${NAME%…} and their like do.
func (s *Shell) removal(x *syntax.Expansion) func(string) string {
	glob := s.pattern(x.Word)
	return func(text string) string {
		suffix := x.Op == syntax.RemSmallSuffix || x.Op == syntax.RemLargeSuffix
		small := x.Op == syntax.RemSmallPrefix || x.Op == syntax.RemSmallSuffix
		for i := range min(len(text)+1, 1000) {
			kept := len(text) - i // bytes that stay: first all, or first none
			if !small {
				kept = i
			}
			if suffix && s.matches(glob, text[kept:]) {
				return text[:kept]
			} else if !suffix && s.matches(glob, text[:len(text)-kept]) {
				return text[len(text)-kept:]
			}
		}
		return text
	}
}

// replacement returns what ${NAME/…} does.
func (s *Shell) replacement(x *syntax.Replace) func(string) string {
	parts := slices.Clone(x.Orig.Parts)
	first := litOf(parts[0])
	anchored := !x.All && strings.IndexAny(first, "#%") == 0
	if anchored {
		parts[0] = &syntax.Lit{Value: first[1:]}
	}
	expression, err := pattern.Regexp(s.pattern(&syntax.Word{Parts: parts}), pattern.ExtendedOperators)
	if err != nil {
		return func(text string) string { return text }
	}
	expression = "(?:" + expression + ")"
	if anchored && first[0] == '#' {
		expression = "^" + expression
	} else if anchored {
		expression += "$"
	}
	compiled, err := regexp.Compile("(?s)" + expression)
	if err != nil {
		return func(text string) string { return text }
	}
	with := s.marked(x.With)
	return func(text string) string {
		if x.All {
			return compiled.ReplaceAllLiteralString(text, with)
		}
		at := compiled.FindStringIndex(text)
		if at == nil {
			return text
		}
		return text[:at[0]] + with + text[at[1]:]
	}
}

func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// resolved follows a reference.
func (s *Shell) resolved(variable expand.Variable) expand.Variable {
	for range 10 {
		if variable.Kind != expand.NameRef {
			break
		}
		variable = s.get(variable.Str)
	}
	return variable
}

// elements returns the values of an array, or of a variable, as a list.
func elements(variable expand.Variable) expand.Variable {
	switch variable.Kind {
	case expand.Associative:
		list := []string{}
		for _, key := range inOrder(variable.Map) {
			list = append(list, variable.Map[key])
		}
		return expand.Variable{Set: true, Kind: expand.Indexed, List: list}
	case expand.String:
		return expand.Variable{Set: true, Kind: expand.Indexed, List: []string{variable.Str}}
	}
	variable.List = slices.Clone(variable.List)
	return variable
}

// keys returns the keys of an array as a list.
func keys(variable expand.Variable) expand.Variable {
	list := []string{}
	switch variable.Kind {
	case expand.Associative:
		list = inOrder(variable.Map)
	case expand.String:
		list = append(list, "0")
	case expand.Indexed:
		for i := range variable.List {
			if variable.Indexes != nil {
				i = variable.Indexes[i]
			}
			list = append(list, strconv.Itoa(i))
		}
	}
	return expand.Variable{Set: len(list) > 0, Kind: expand.Indexed, List: list}
}

// inOrder returns the keys of an associative array in the order of Bash: that of
// their FNV hashes in 1024 places.
func inOrder(m map[string]string) []string {
	place := func(key string) uint32 {
		hash := uint32(2166136261)
		for i := range len(key) {
			hash = hash*16777619 ^ uint32(key[i])
		}
		return hash & 1023
	}
	var all []string
	for key := range m {
		all = append(all, key)
	}
	slices.SortFunc(all, func(a, b string) int {
		if d := int(place(a)) - int(place(b)); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return all
}
