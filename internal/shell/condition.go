package shell

import (
	"regexp"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/pattern"
	"mvdan.cc/sh/v3/syntax"
)

// testClause runs [[ … ]].
func (s *Shell) testClause(x syntax.TestExpr) int {
	s.expansionFailed = false
	s.badTest = false
	holds := s.holds(x)
	switch {
	case s.badTest:
		return 2
	case s.expansionFailed:
		return 1
	}
	return oneIf(!holds)
}

func (s *Shell) holds(x syntax.TestExpr) bool {
	defer s.deeper()()
	switch x := x.(type) {
	case *syntax.Word:
		return s.literal(x) != ""
	case *syntax.ParenTest:
		return s.holds(x.X)
	case *syntax.UnaryTest:
		if x.Op == syntax.TsNot {
			return !s.holds(x.X)
		}
		return s.unary(x.Op.String(), s.word(x.X))
	case *syntax.BinaryTest:
		switch x.Op {
		case syntax.AndTest:
			return s.holds(x.X) && s.holds(x.Y)
		case syntax.OrTest:
			return s.holds(x.X) || s.holds(x.Y)
		case syntax.TsMatch, syntax.TsMatchShort, syntax.TsNoMatch:
			left := s.word(x.X)
			word, ok := x.Y.(*syntax.Word)
			return ok && s.matches(s.pattern(word), left) == (x.Op != syntax.TsNoMatch)
		case syntax.TsEql, syntax.TsNeq, syntax.TsLeq, syntax.TsGeq, syntax.TsLss, syntax.TsGtr:
			return compareNumbers(x.Op.String(), s.number(s.word(x.X)), s.number(s.word(x.Y)))
		}
		if word, ok := x.Y.(*syntax.Word); ok && x.Op == syntax.TsReMatch {
			return s.compare("=~", s.word(x.X), s.expression(word))
		}
		return s.compare(x.Op.String(), s.word(x.X), s.word(x.Y))
	}
	s.badTest = true
	return false
}

func (s *Shell) word(x syntax.TestExpr) string {
	if word, ok := x.(*syntax.Word); ok {
		return s.literal(word)
	}
	return ""
}

// expression returns a word as a regular expression; quoted parts are literal.
func (s *Shell) expression(word *syntax.Word) string {
	var b strings.Builder
	for _, part := range word.Parts {
		switch x := part.(type) {
		case *syntax.Lit:
			b.WriteString(x.Value)
		case *syntax.SglQuoted, *syntax.DblQuoted:
			b.WriteString(regexp.QuoteMeta(s.literal(&syntax.Word{Parts: []syntax.WordPart{part}})))
		default:
			b.WriteString(s.literal(&syntax.Word{Parts: []syntax.WordPart{part}}))
		}
	}
	return b.String()
}

// number returns the value of an arithmetic expression.
func (s *Shell) number(expression string) int {
	if n, err := strconv.Atoi(strings.TrimSpace(expression)); err == nil {
		return n
	}
	if strings.TrimSpace(expression) == "" {
		return 0
	}
	file, err := s.parse("((" + expression + "))")
	if err != nil || len(file.Stmts) != 1 {
		s.expansionFailed = true
		return 0
	}
	command, ok := file.Stmts[0].Cmd.(*syntax.ArithmCmd)
	if !ok {
		s.expansionFailed = true
		return 0
	}
	return s.arithmetic(command.X)
}

func compareNumbers(operator string, a, b int) bool {
	switch operator {
	case "-eq":
		return a == b
	case "-ne":
		return a != b
	case "-lt":
		return a < b
	case "-le":
		return a <= b
	case "-gt":
		return a > b
	}
	return a >= b
}

// compare runs a test with two operands.
func (s *Shell) compare(operator, left, right string) bool {
	switch operator {
	case "=", "==":
		return left == right
	case "!=":
		return left != right
	case "<":
		return left < right
	case ">":
		return left > right
	case "=~":
		s.grow(len(left) + len(right))
		if s.options["nocasematch"] {
			right = "(?i)" + right
		}
		expression, err := regexp.Compile(right)
		if err != nil {
			s.badTest = true
			return false
		}
		found := expression.FindStringSubmatch(left)
		if found != nil {
			_ = s.Set("BASH_REMATCH", expand.Variable{Set: true, Kind: expand.Indexed, List: found})
		}
		return found != nil
	case "-nt", "-ot", "-ef":
		return s.exists(left) && operator != "-ot"
	}
	a, errA := strconv.Atoi(strings.TrimSpace(left))
	b, errB := strconv.Atoi(strings.TrimSpace(right))
	if errA != nil || errB != nil {
		s.badTest = true
		return false
	}
	return compareNumbers(operator, a, b)
}

// unary runs a test with one operand.
func (s *Shell) unary(operator, operand string) bool {
	switch operator {
	case "-z":
		return operand == ""
	case "-n":
		return operand != ""
	case "-v":
		if strings.Contains(operand, "[") {
			panic(errUnusual)
		}
		return s.Get(operand).IsSet()
	case "-o":
		return s.options[operand]
	case "-t", "-p", "-S", "-b", "-c", "-k", "-u", "-g", "-h", "-L", "-R":
		return false
	case "-d", "-f", "-s", "-e", "-a", "-r", "-w", "-x", "-O", "-G", "-N":
		file, made := s.files[s.absolute(operand)]
		switch {
		case operand == "" || !s.exists(operand):
			return false
		case operator == "-f":
			return !made || !file.folder
		case operator == "-s":
			return !made || file.folder || len(file.data) > 0
		}
		return operator != "-d" || !made || file.folder
	}
	s.badTest = true
	return false
}

// matches reports whether a whole text matches a Bash pattern.
func (s *Shell) matches(glob, text string) bool {
	s.grow(len(glob) + len(text))
	if inner, ok := strings.CutPrefix(glob, "!("); ok && strings.HasSuffix(inner, ")") && !strings.Contains(inner, "(") {
		return !s.matches("@("+inner, text)
	}
	expression, err := pattern.Regexp(glob, pattern.EntireString|pattern.ExtendedOperators)
	if err != nil {
		return glob == text
	}
	if s.options["nocasematch"] {
		expression = "(?i)" + expression
	}
	compiled, err := regexp.Compile(expression)
	return err == nil && compiled.MatchString(text)
}
