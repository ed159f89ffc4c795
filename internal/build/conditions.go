package build

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
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
// (https://github.com/travis-ci/travis-conditions, lib/travis/conditions/v1). Its methods
// panic with a stop.
type conditionParser struct {
	rest  string
	depth int
}

// parseCondition returns nil for a condition that can't be parsed, which to Travis is false.
func parseCondition(text string) (tree *expression) {
	var err error
	defer catch(&err)
	p := &conditionParser{rest: lineContinuation.ReplaceAllString(text, " ")}
	parsed := p.either()
	p.require(p.rest == "")
	return parsed
}

func (p *conditionParser) require(holds bool) {
	if !holds {
		panic(stop{errCondition})
	}
}

// take consumes one of some words, in any case, and the spaces around it.
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

func (p *conditionParser) either() *expression {
	return p.chain(opOr, []string{"or", "||"}, func() *expression {
		return p.chain(opAnd, []string{"and", "&&"}, p.one)
	})
}

func (p *conditionParser) chain(op operator, words []string, next func() *expression) *expression {
	args := []*expression{next()}
	for p.take(words...) != "" {
		args = append(args, next())
	}
	if len(args) == 1 {
		return args[0]
	}
	return &expression{op: op, args: args}
}

func (p *conditionParser) deeper() func() {
	p.depth++
	p.require(p.depth <= deepest)
	return func() { p.depth-- }
}

func (p *conditionParser) one() *expression {
	defer p.deeper()()
	if p.take("(") != "" {
		inner := p.either()
		p.require(p.take(")") != "")
		return inner
	}
	if p.take("not", "!") != "" {
		return negate(true, p.one())
	}
	return p.term()
}

func (p *conditionParser) term() *expression {
	left := p.operand()
	if word := p.take("in", "not in"); word != "" {
		if p.take("(") == "" {
			return left
		}
		list := p.list()
		p.require(len(list) > 0 && p.take(")") != "")
		return negate(word == "not in", &expression{op: opIn, args: append([]*expression{left}, list...)})
	}
	if word := p.take("is not", "is"); word != "" {
		predicate := p.take("present", "blank", "true", "false")
		if predicate == "" {
			return left
		}
		return negate(word == "is not", &expression{op: opIs, text: predicate, args: []*expression{left}})
	}
	if word := p.take("=~", "~=", "!~"); word != "" {
		return negate(word == "!~", &expression{op: opMatch, args: []*expression{left, p.regex()}})
	}
	if word := p.take("==", "=", "!="); word != "" {
		return negate(word == "!=", &expression{op: opEqual, args: []*expression{left, p.operand()}})
	}
	return left
}

func negate(negated bool, e *expression) *expression {
	if negated {
		return &expression{op: opNot, args: []*expression{e}}
	}
	return e
}

func (p *conditionParser) operand() *expression {
	p.space()
	operand := p.item()
	p.require(operand != nil)
	p.space()
	return operand
}

// item returns nil if no operand follows.
func (p *conditionParser) item() *expression {
	if found := conditionVar.FindStringSubmatch(p.rest); found != nil {
		p.rest = p.rest[len(found[1]):]
		return &expression{op: opVariable, text: found[1]}
	}
	if call := p.call(); call != nil {
		return call
	}
	if p.rest != "" && (p.rest[0] == '"' || p.rest[0] == '\'') {
		text, rest, closed := strings.Cut(p.rest[1:], p.rest[:1])
		p.require(closed)
		p.rest = rest
		return &expression{op: opValue, text: text}
	}
	word := conditionWord.FindString(p.rest)
	if word == "" {
		return nil
	}
	p.require(word[0] != '$') // shell code, which Travis rejects
	p.rest = p.rest[len(word):]
	p.space()
	return &expression{op: opValue, text: word}
}

func (p *conditionParser) call() *expression {
	name := p.take("env", "concat")
	if name == "" || p.take("(") == "" {
		return nil
	}
	defer p.deeper()()
	args := p.list()
	p.require(p.take(")") != "")
	return &expression{op: opCall, text: name, args: args}
}

func (p *conditionParser) list() []*expression {
	var list []*expression
	for {
		item := p.item()
		if item == nil {
			return list
		}
		list = append(list, item)
		if p.take(",") == "" {
			return list
		}
	}
}

// regex parses a call, or a regular expression with or without slashes.
func (p *conditionParser) regex() *expression {
	if call := p.call(); call != nil {
		return call
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
	p.require(raw != "")
	p.rest = p.rest[len(raw):]
	p.space()
	return &expression{op: opValue, text: strings.TrimSuffix(strings.TrimPrefix(raw, "/"), "/")}
}

// truth is a value of three-valued logic.
type truth int

const (
	no truth = iota
	unknown
	yes
)

func truthOf(holds bool) truth {
	if holds {
		return yes
	}
	return no
}

// operandValue is an operand's value. Travis takes the texts true and false as booleans.
type operandValue struct {
	text    string
	isSet   bool
	unknown string // what is unknown, or ""
	present bool   // whether an unknown value exists
	sealed  bool   // encrypted: it exists, and equals nothing
}

func valueOf(text string) operandValue { return operandValue{text: text, isSet: true} }

func (v operandValue) lower() string { return strings.ToLower(v.text) }
func (v operandValue) isBool() bool  { return v.isSet && (v.lower() == "true" || v.lower() == "false") }
func (v operandValue) isFalse() bool { return !v.isSet || v.lower() == "false" }

// evaluation is a condition's context. The job's keys and variables come first.
type evaluation struct {
	ctx    context.Context
	event  *Event
	job    *Node // or nil
	unseen []string
}

// accept returns true if the result is unknown, and what is unknown.
func (e *evaluation) accept(tree *expression) (accepted bool, unseen []string) {
	if result := e.holds(tree); result != unknown {
		return result == yes, nil
	}
	return true, e.unseen
}

func (e *evaluation) holds(x *expression) truth {
	switch x.op {
	case opNot:
		return yes - e.holds(x.args[0])
	case opAnd:
		result := yes
		for _, arg := range x.args {
			if result = min(result, e.holds(arg)); result == no {
				break
			}
		}
		return result
	case opOr:
		result := no
		for _, arg := range x.args {
			if result = max(result, e.holds(arg)); result == yes {
				break
			}
		}
		return result
	case opEqual:
		return e.equal(e.value(x.args[0]), e.value(x.args[1]))
	case opIn:
		result := no
		left := e.value(x.args[0])
		for _, arg := range x.args[1:] {
			result = max(result, e.equal(left, e.value(arg)))
		}
		return result
	case opMatch:
		return e.match(e.value(x.args[0]), e.value(x.args[1]))
	case opIs:
		return e.is(x.text, e.value(x.args[0]))
	}
	return e.is("true", e.value(x))
}

func (e *evaluation) note(values ...operandValue) truth {
	for _, value := range values {
		if value.unknown != "" && !slices.Contains(e.unseen, value.unknown) {
			e.unseen = append(e.unseen, value.unknown)
		}
	}
	return unknown
}

func (e *evaluation) equal(left, right operandValue) truth {
	switch {
	case left.unknown != "" || right.unknown != "":
		return e.note(left, right)
	case left.sealed || right.sealed:
		return no
	case !left.isSet || !right.isSet:
		return truthOf(left.isSet == right.isSet)
	case left.isBool() && right.isBool():
		return truthOf(left.lower() == right.lower())
	}
	return truthOf(left.text == right.text)
}

func (e *evaluation) match(left, right operandValue) truth {
	if left.unknown != "" || right.unknown != "" {
		return e.note(left, right)
	}
	if !left.isSet || left.isBool() || left.sealed {
		return no
	}
	if e.ctx.Err() != nil {
		return unknown
	}
	return matches(right.text, left.text)
}

func (e *evaluation) is(predicate string, value operandValue) truth {
	there := value.isSet && (value.sealed || value.text != "" && value.lower() != "false")
	if value.unknown != "" {
		if !value.present || predicate == "true" || predicate == "false" {
			return e.note(value)
		}
		there = true
	}
	switch predicate {
	case "present":
		return truthOf(there)
	case "blank":
		return truthOf(!there)
	case "false":
		return truthOf(value.isFalse())
	}
	return truthOf(!value.isFalse())
}

func (e *evaluation) value(x *expression) operandValue {
	switch x.op {
	case opVariable:
		return e.variable(x.text)
	case opCall:
		var args []operandValue
		for _, arg := range x.args {
			value := e.value(arg)
			if value.unknown != "" {
				value.present = value.present && x.text == "concat"
				return value
			}
			args = append(args, value)
		}
		if x.text == "env" && len(args) == 1 {
			return e.env(args[0].text)
		}
		joined := operandValue{isSet: x.text == "concat"}
		for _, arg := range args {
			joined.text += arg.text
		}
		return joined
	case opValue:
		return valueOf(x.text)
	}
	// Travis can't parse a comparison as an operand.
	return operandValue{}
}

// What Unseen says if something depends on it.
const (
	unknownRepository = "the repository"
	unknownSender     = "the sender"
	unknownMessage    = "the commit message"
)

func (e *evaluation) variable(name string) operandValue {
	known := func(text, what string) operandValue {
		if text == "" {
			return operandValue{unknown: what, present: true}
		}
		return valueOf(text)
	}
	optional := func(text string) operandValue { return operandValue{text: text, isSet: text != ""} }
	event := e.event
	isPullRequest := event.Type == PullRequest
	switch name {
	case "type":
		return valueOf(string(event.Type))
	case "branch":
		return optional(event.Branch)
	case "tag":
		return optional(event.Tag)
	case "repo":
		return known(event.Repo, unknownRepository)
	case "sender":
		return known(event.Sender, unknownSender)
	case "commit_message":
		return known(event.CommitMessage, unknownMessage)
	case "fork":
		if isPullRequest && (event.HeadRepo == "" || event.Repo == "") {
			return operandValue{unknown: "whether the pull request comes from a fork"}
		}
		return valueOf(fmt.Sprint(isPullRequest && event.HeadRepo != event.Repo))
	case "head_branch", "head_repo":
		switch {
		case !isPullRequest:
			return operandValue{}
		case name == "head_branch":
			return known(event.HeadBranch, "the branch of the pull request")
		}
		return known(event.HeadRepo, "the repository of the pull request")
	}
	if value := e.job.Get(name); value != nil && value.Kind != List && value.Kind != Mapping {
		return optional(value.Text)
	}
	return operandValue{}
}

// env returns a variable of the job or of the repository's settings. The last one in the
// file wins. Variables that Travis itself sets in the job aren't visible to conditions.
func (e *evaluation) env(name string) operandValue {
	result := operandValue{unknown: "the variable " + name + " of the repository's settings"}
	if e.event.SettingsKnown || strings.HasPrefix(name, "TRAVIS_") {
		result = operandValue{}
	}
	for _, setting := range e.event.Settings {
		switch {
		case setting.Name != name:
		case setting.Private:
			result = operandValue{unknown: "the value of " + name + " in the repository's settings", present: true}
		default:
			result = valueOf(unquote(setting.Value))
		}
	}
	for _, set := range e.job.Get("env").List() {
		if value := set.Get(name); value != nil {
			result = valueOf(unquote(value.Text))
			result.sealed = value.Secure
		}
	}
	return result
}
