package shell

import (
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/pattern"
	"mvdan.cc/sh/v3/syntax"
)

func (s *Shell) config() *expand.Config {
	return &expand.Config{
		Env:       s,
		CmdSubst:  s.commandSubstitution,
		ProcSubst: s.processSubstitution,
		NoUnset:   s.options["nounset"],
		ExtGlob:   true,
	}
}

func (s *Shell) commandSubstitution(w io.Writer, c *syntax.CmdSubst) error {
	output := &content{}
	status, unknowns := s.status, s.unknowns
	s.subshell(func(sub *Shell) {
		sub.options["errexit"] = s.options["errexit"] && s.options["inherit_errexit"]
		if len(c.Stmts) == 1 && c.Stmts[0].Cmd == nil && len(c.Stmts[0].Redirs) == 1 && c.Stmts[0].Redirs[0].Op == syntax.RdrIn {
			_ = sub.redirect(c.Stmts[0].Redirs[0])
			output.data = sub.streams[0].rest()
			return
		}
		sub.streams[1] = &stream{content: output}
		sub.flow = flowNext
		sub.statements(c.Stmts)
	})
	s.substitutionStatus, s.status, s.unknowns = s.status, status, unknowns
	s.noteUnknown(names(string(output.data))...)
	_, err := w.Write(output.data)
	return err
}

// processSubstitution runs <( ) before the command that reads it, and >( ) without input.
func (s *Shell) processSubstitution(p *syntax.ProcSubst) (string, error) {
	status := s.status
	output := &content{}
	s.subshell(func(sub *Shell) {
		sub.streams[0] = empty()
		if p.Op == syntax.CmdIn {
			sub.streams[1] = &stream{content: output}
		}
		sub.statements(p.Stmts)
	})
	s.status = status
	name := "/dev/fd/" + strconv.Itoa(64+len(s.files))
	s.files[name] = output
	return name, nil
}

// handleExpansionError handles errors of an expansion: as in Bash, an unset variable ends the shell,
// and other errors fail the command.
func (s *Shell) handleExpansionError(err error) {
	if err == nil {
		return
	}
	_, unset := errors.AsType[expand.UnsetParameterError](err)
	if unset && s.decide(1) == 0 {
		return
	}
	s.status, s.expansionFailed = 1, true
	if unset {
		s.flow = flowExit
	}
	if strings.HasPrefix(err.Error(), "brace expansion") {
		panic(ErrLimit)
	}
}

func (s *Shell) fields(words ...*syntax.Word) []string {
	var fields []string
	for field, err := range expand.FieldsSeq(s.config(), words...) {
		if err != nil {
			s.handleExpansionError(err)
			break
		}
		if fields = append(fields, limitMarks(field)); len(fields) > maxFields {
			panic(ErrLimit)
		}
		s.grow(len(field) + 16)
	}
	return fields
}

// words returns a command's words, without those that Bash drops as unset.
func (s *Shell) words(list []*syntax.Word) (words []string) {
	for _, word := range list {
		if plain := word.Lit(); plain != "" && !strings.ContainsAny(plain, `{~*?[\`) {
			words = append(words, plain)
			continue
		}
		first := len(words)
		words = append(words, s.fields(word)...)
		if !s.options["noglob"] && slices.ContainsFunc(word.Parts, isGlob) {
			for i := first; i < len(words); i++ {
				if strings.ContainsAny(words[i], "*?[") && words[i] != "[" && !isMarked(words[i]) {
					words[i] = openMark + "$(" + words[i] + ")" + valueMark + words[i] + endMark
				}
			}
		}
		if first < len(words) && isMarked(words[first]) && value(words[first]) == "" && !slices.ContainsFunc(word.Parts, isQuoted) {
			words[first] = dropMark + words[first]
		}
	}
	return words
}

// isGlob finds file name patterns, whose matches are unknown.
func isGlob(part syntax.WordPart) bool { return strings.ContainsAny(litOf(part), "*?[") }

func isQuoted(part syntax.WordPart) bool {
	switch part.(type) {
	case *syntax.SglQuoted, *syntax.DblQuoted:
		return true
	}
	return false
}

func (s *Shell) literal(word *syntax.Word) string { return value(s.marked(word)) }

// marked returns a word as one text with its marks.
func (s *Shell) marked(word *syntax.Word) string {
	text, err := expand.Literal(s.config(), word)
	s.handleExpansionError(err)
	s.grow(len(text))
	return limitMarks(text)
}

func (s *Shell) pattern(word *syntax.Word) string {
	text, err := expand.Pattern(s.config(), word)
	s.handleExpansionError(err)
	return value(text)
}

func (s *Shell) arithmetic(x syntax.ArithmExpr) int {
	s.step()
	value, err := expand.Arithm(s.config(), x)
	s.handleExpansionError(err)
	return value
}

// The library expands some words differently than Bash. prepare rewrites them to avoid
// that, and requests variables by names that say what is needed: openMark, one of these
// or none, and the name.
const (
	valuesOf  = "@" // the elements of an array
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
	switch {
	case isExpandedDifferently(x):
		x.Param = &syntax.Lit{ValuePos: x.Param.ValuePos, Value: openMark + partOf + name}
		x.Excl, x.Index, x.Repl, x.Exp, x.Slice = false, nil, nil, nil, nil
		return
	case all:
		x.Param.Value = openMark + valuesOf + name
	case x.Length || x.Excl || x.Slice != nil || x.Repl != nil:
	case x.Exp == nil:
		x.Param.Value = openMark + name
	case slices.Contains(defaultOperators, x.Exp.Op):
		x.Param.Value = openMark + presentOf + name
	}
	if x.Exp != nil && x.Exp.Word != nil && !slices.Contains(removalOperators, x.Exp.Op) {
		s.prepare(x.Exp.Word)
	}
	if x.Repl != nil && x.Repl.With != nil {
		s.prepare(x.Repl.With)
	}
}

// isExpandedDifferently reports whether the library expands an expansion differently than Bash:
// ${NAME/#…}, ${NAME@Q}, ${!NAME:-…}, ${!NAME[@]}, and patterns such as +(…)
// or with quotes.
func isExpandedDifferently(x *syntax.ParamExp) bool {
	switch {
	case x.Length:
		return false
	case x.Excl && x.Names == 0:
		return x.Exp != nil || x.Repl != nil || x.Slice != nil || x.Index != nil
	case x.Repl != nil && x.Repl.Orig != nil && len(x.Repl.Orig.Parts) > 0:
		anchored := !x.Repl.All && strings.IndexAny(litOf(x.Repl.Orig.Parts[0]), "#%") == 0
		return anchored || slices.ContainsFunc(x.Repl.Orig.Parts, isExtended)
	case x.Exp != nil && slices.Contains(removalOperators, x.Exp.Op):
		return slices.ContainsFunc(x.Exp.Word.Parts, isExtended) || slices.ContainsFunc(x.Exp.Word.Parts, hasQuotedPattern)
	}
	return x.Exp != nil && x.Exp.Op == syntax.OtherParamOps
}

// defaultOperators are the operators that keep an existing value.
var defaultOperators = []syntax.ParExpOperator{
	syntax.AlternateUnset, syntax.AlternateUnsetOrNull, syntax.DefaultUnset, syntax.DefaultUnsetOrNull, syntax.ErrorUnset, syntax.ErrorUnsetOrNull,
}

func litOf(part syntax.WordPart) string {
	if lit, ok := part.(*syntax.Lit); ok {
		return lit.Value
	}
	return ""
}

// hasQuotedPattern reports whether characters of a pattern are quoted, and so literal.
func hasQuotedPattern(part syntax.WordPart) bool {
	switch x := part.(type) {
	case *syntax.SglQuoted:
		return pattern.HasMeta(x.Value, 0)
	case *syntax.DblQuoted:
		return len(x.Parts) == 1 && pattern.HasMeta(litOf(x.Parts[0]), 0)
	}
	return false
}

var removalOperators = []syntax.ParExpOperator{syntax.RemSmallPrefix, syntax.RemLargePrefix, syntax.RemSmallSuffix, syntax.RemLargeSuffix}

var extendedGlob = regexp.MustCompile(`[?*+@!]\(`)

func isExtended(part syntax.WordPart) bool {
	_, ok := part.(*syntax.ExtGlob)
	return ok || extendedGlob.MatchString(litOf(part))
}

func elements(variable expand.Variable) expand.Variable {
	if variable.Kind == expand.String {
		return expand.Variable{Set: true, Kind: expand.Indexed, List: []string{variable.Str}}
	}
	variable.List = slices.Clone(variable.List)
	return variable
}
