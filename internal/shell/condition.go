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

func (s *Shell) number(expression string) int {
	if n, err := strconv.Atoi(strings.TrimSpace(expression)); err == nil {
		return n
	}
	if strings.TrimSpace(expression) == "" {
		return 0
	}
	x, err := syntax.NewParser().Arithmetic(strings.NewReader(expression))
	if err != nil {
		s.expansionFailed = true
		return 0
	}
	return s.arithmetic(x)
}

func compareNumbers(operator string, a, b int) bool {
	return map[string]bool{"-eq": a == b, "-ne": a != b, "-lt": a < b, "-le": a <= b, "-gt": a > b, "-ge": a >= b}[operator]
}

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

// test runs test and [, by the number of arguments as specified by POSIX
// (https://pubs.opengroup.org/onlinepubs/9699919799/utilities/test.html).
func (s *Shell) test(args []string) {
	words := args[1:]
	if args[0] == "[" {
		if len(words) == 0 || words[len(words)-1] != "]" {
			s.status = 2
			return
		}
		words = words[:len(words)-1]
	}
	s.badTest = false
	s.status = oneIf(!s.testWords(words))
	if s.badTest {
		s.status = 2
	}
}

// testWords evaluates the words of test by their number, then by -o and -a.
func (s *Shell) testWords(words []string) bool {
	defer s.deeper()()
	last := len(words) - 1
	switch {
	case len(words) == 0:
		return false
	case len(words) == 1:
		return words[0] != ""
	case len(words) == 3 && isBinary(words[1]):
		return s.compare(words[1], words[0], words[2])
	case len(words) <= 4 && words[0] == "!":
		return !s.testWords(words[1:])
	case len(words) == 2:
		return s.unary(words[0], words[1])
	}
	for _, operator := range []string{"-o", "-a"} {
		if i := indexOutside(words, operator); i > 0 && i < last {
			left, right := s.testWords(words[:i]), s.testWords(words[i+1:])
			return left && right || operator == "-o" && (left || right)
		}
	}
	switch {
	case words[0] == "!":
		return !s.testWords(words[1:])
	case words[0] == "(" && words[last] == ")":
		return s.testWords(words[1:last])
	}
	s.badTest = true
	return false
}

// indexOutside returns the index of an operator outside of parentheses, or -1.
func indexOutside(words []string, operator string) int {
	depth := 0
	for i, word := range words {
		switch word {
		case "(":
			depth++
		case ")":
			depth--
		case operator:
			if depth == 0 {
				return i
			}
		}
	}
	return -1
}

func isBinary(operator string) bool {
	return slices.Contains([]string{"=", "==", "!=", "<", ">", "=~", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"}, operator)
}
