package shell

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// config is how the library expands words in this shell.
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
	status, asked := s.status, s.asked
	s.subshell(func(sub *Shell) {
		sub.options["errexit"] = s.options["errexit"] && s.options["inherit_errexit"]
		if len(c.Stmts) == 1 && c.Stmts[0].Cmd == nil && len(c.Stmts[0].Redirs) == 1 && c.Stmts[0].Redirs[0].Op == syntax.RdrIn {
			_ = sub.redirect(c.Stmts[0].Redirs[0])
			output.data = sub.streams[0].rest()
			return
		}
		sub.streams[1] = &stream{content: output}
		sub.flow = onward
		sub.statements(c.Stmts)
	})
	s.substituted, s.status, s.asked = s.status, status, asked
	s.ask(names(string(output.data))...)
	_, err := w.Write(output.data)
	return err
}

// processSubstitution runs <( ) before the command that reads its file, and the content
// of >( ) without input.
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

// expansion handles errors of an expansion: as in Bash, an unset variable ends the shell,
// and other errors fail the command.
func (s *Shell) expansion(err error) {
	if err == nil {
		return
	}
	_, unset := errors.AsType[expand.UnsetParameterError](err)
	if unset && s.decided(1) == 0 {
		return
	}
	s.status, s.broken = 1, true
	if unset {
		s.flow = exiting
	}
	if strings.HasPrefix(err.Error(), "brace expansion") {
		panic(ErrLimit)
	}
}

func (s *Shell) fields(words ...*syntax.Word) []string {
	var fields []string
	for field, err := range expand.FieldsSeq(s.config(), words...) {
		if err != nil {
			s.expansion(err)
			break
		}
		if fields = append(fields, limited(field)); len(fields) > maxFields {
			panic(ErrLimit)
		}
		s.grow(len(field) + 16)
	}
	return fields
}

// words returns the words of a command, without those that Bash drops because their
// variables are unset.
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
					words[i] = openMark + "$(" + words[i] + ")" + valueMark + words[i] + shutMark
				}
			}
		}
		if first < len(words) && isMarked(words[first]) && value(words[first]) == "" && !slices.ContainsFunc(word.Parts, isQuoted) {
			words[first] = vanishing + words[first]
		}
	}
	return words
}

// isGlob reports whether a part of a word is a file name pattern. Its matches are
// unknown.
func isGlob(part syntax.WordPart) bool { return strings.ContainsAny(litOf(part), "*?[") }

func isQuoted(part syntax.WordPart) bool {
	switch part.(type) {
	case *syntax.SglQuoted, *syntax.DblQuoted:
		return true
	}
	return false
}

// literal returns a word as one text.
func (s *Shell) literal(word *syntax.Word) string { return value(s.marked(word)) }

// marked returns a word as one text with its marks.
func (s *Shell) marked(word *syntax.Word) string {
	text, err := expand.Literal(s.config(), word)
	s.expansion(err)
	s.grow(len(text))
	return limited(text)
}

func (s *Shell) pattern(word *syntax.Word) string {
	text, err := expand.Pattern(s.config(), word)
	s.expansion(err)
	return value(text)
}

func (s *Shell) arithmetic(x syntax.ArithmExpr) int {
	s.step()
	value, err := expand.Arithm(s.config(), x)
	s.expansion(err)
	return value
}
