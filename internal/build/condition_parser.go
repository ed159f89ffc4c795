package build

import (
	"errors"
	"regexp"
	"strings"
)

// expression is a parsed condition: an operator, or what it compares.
type expression struct {
	op   operator
	text string // of a value, a variable, a function or a predicate
	args []*expression
}

type operator int

const (
	opValue operator = iota
	opVariable
	opCall
	opNot
	opAnd
	opOr
	opEqual
	opMatch
	opIn
	opIs
)

var (
	errCondition = errors.New("the condition can't be parsed")

	lineContinuation = regexp.MustCompile(`\\\s*[\n\r]`)
	conditionVar     = regexp.MustCompile(`^(type|repo|head_repo|os|dist|group|sudo|language|sender|fork|branch|head_branch|tag|commit_message)([\s,=)|]|$)`)
	conditionWord    = regexp.MustCompile(`^[^\s()"',=!]+`)
	bareRegex        = regexp.MustCompile(`^\S*[^\s)]`)
)

// conditionParser is a recursive descent over the grammar of travis-conditions,
// version 1, with the oddities of its scanner: keywords need no space after them
// (https://github.com/travis-ci/travis-conditions, lib/travis/conditions/v1).
type conditionParser struct {
	rest  string
	depth int
}

// parseCondition parses a condition. To Travis, one that can't be parsed is false.
func parseCondition(text string) (*expression, error) {
	p := &conditionParser{rest: lineContinuation.ReplaceAllString(text, " ")}
	tree, err := p.either()
	if err == nil && p.rest != "" {
		err = errCondition
	}
	if err != nil {
		return nil, err
	}
	return tree, nil
}

// take consumes whichever of some words comes next, in any case, and the spaces around
// it.
func (p *conditionParser) take(words ...string) string {
	p.space()
	for _, word := range words {
		if len(p.rest) >= len(word) && strings.EqualFold(p.rest[:len(word)], word) {
			p.rest = p.rest[len(word):]
			p.space()
			return word
		}
	}
	return ""
}

func (p *conditionParser) space() {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n\f\v")
}

func (p *conditionParser) either() (*expression, error) {
	return p.chain(opOr, []string{"or", "||"}, p.both)
}

func (p *conditionParser) both() (*expression, error) {
	return p.chain(opAnd, []string{"and", "&&"}, p.one)
}

func (p *conditionParser) chain(op operator, words []string, next func() (*expression, error)) (*expression, error) {
	left, err := next()
	if err != nil || p.take(words...) == "" {
		return left, err
	}
	all := &expression{op: op, args: []*expression{left}}
	for {
		right, err := next()
		if err != nil {
			return nil, err
		}
		all.args = append(all.args, right)
		if p.take(words...) == "" {
			return all, nil
		}
	}
}

func (p *conditionParser) one() (*expression, error) {
	if p.depth++; p.depth > deepest {
		return nil, errTooDeep
	}
	defer func() { p.depth-- }()
	if p.take("(") != "" {
		inner, err := p.either()
		if err == nil && p.take(")") == "" {
			err = errCondition
		}
		return inner, err
	}
	if p.take("not", "!") != "" {
		inner, err := p.one()
		return &expression{op: opNot, args: []*expression{inner}}, err
	}
	return p.term()
}

func (p *conditionParser) term() (*expression, error) {
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	if word := p.take("in", "not in"); word != "" {
		if p.take("(") == "" {
			return left, nil
		}
		list, err := p.list()
		if err != nil || len(list) == 0 || p.take(")") == "" {
			return nil, errCondition
		}
		return negate(word == "not in", &expression{op: opIn, args: append([]*expression{left}, list...)}), nil
	}
	if word := p.take("is not", "is"); word != "" {
		predicate := p.take("present", "blank", "true", "false")
		if predicate == "" {
			return left, nil
		}
		return negate(word == "is not", &expression{op: opIs, text: predicate, args: []*expression{left}}), nil
	}
	if word := p.take("=~", "~=", "!~"); word != "" {
		right, err := p.regex()
		return negate(word == "!~", &expression{op: opMatch, args: []*expression{left, right}}), err
	}
	if word := p.take("==", "=", "!="); word != "" {
		right, err := p.operand()
		return negate(word == "!=", &expression{op: opEqual, args: []*expression{left, right}}), err
	}
	return left, nil
}

func negate(negated bool, e *expression) *expression {
	if negated {
		return &expression{op: opNot, args: []*expression{e}}
	}
	return e
}

// operand parses a variable, a call or a value.
func (p *conditionParser) operand() (*expression, error) {
	p.space()
	operand, err := p.item()
	if err == nil && operand == nil {
		err = errCondition
	}
	p.space()
	return operand, err
}

// item returns nil if no operand follows.
func (p *conditionParser) item() (*expression, error) {
	if found := conditionVar.FindStringSubmatch(p.rest); found != nil {
		p.rest = p.rest[len(found[1]):]
		return &expression{op: opVariable, text: found[1]}, nil
	}
	if call, err := p.call(); call != nil || err != nil {
		return call, err
	}
	if p.rest != "" && (p.rest[0] == '"' || p.rest[0] == '\'') {
		text, rest, closed := strings.Cut(p.rest[1:], p.rest[:1])
		if !closed {
			return nil, errCondition
		}
		p.rest = rest
		return &expression{op: opValue, text: text}, nil
	}
	word := conditionWord.FindString(p.rest)
	if word == "" {
		return nil, nil
	}
	if word[0] == '$' {
		return nil, errCondition // shell code, which Travis rejects
	}
	p.rest = p.rest[len(word):]
	p.space()
	return &expression{op: opValue, text: word}, nil
}

func (p *conditionParser) call() (*expression, error) {
	name := p.take("env", "concat")
	if name == "" || p.take("(") == "" {
		return nil, nil
	}
	if p.depth++; p.depth > deepest {
		return nil, errTooDeep
	}
	defer func() { p.depth-- }()
	args, err := p.list()
	if err != nil || p.take(")") == "" {
		return nil, errCondition
	}
	return &expression{op: opCall, text: name, args: args}, nil
}

func (p *conditionParser) list() ([]*expression, error) {
	var list []*expression
	for {
		item, err := p.item()
		if err != nil || item == nil {
			return list, err
		}
		list = append(list, item)
		if p.take(",") == "" {
			return list, nil
		}
	}
}

// regex parses what a match compares with: a call, or a regular expression with or
// without slashes.
func (p *conditionParser) regex() (*expression, error) {
	if call, err := p.call(); call != nil || err != nil {
		return call, err
	}
	p.space()
	var raw string
	if strings.HasPrefix(p.rest, "/") {
		end := 1
		for end < len(p.rest) && (p.rest[end] != '/' || p.rest[end-1] == '\\') {
			end++
		}
		raw = p.rest[:min(end+1, len(p.rest))]
	} else {
		raw = bareRegex.FindString(p.rest)
	}
	if raw == "" {
		return nil, errCondition
	}
	p.rest = p.rest[len(raw):]
	p.space()
	return &expression{op: opValue, text: strings.TrimSuffix(strings.TrimPrefix(raw, "/"), "/")}, nil
}
