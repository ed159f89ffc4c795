package build

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dlclark/regexp2/v2"
)

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

// operandValue is the value of an operand. Travis takes the texts true and false as
// booleans wherever they come from.
type operandValue struct {
	text    string
	isSet   bool
	unknown string // what is unknown, or ""
	present bool   // whether an unknown value exists
	sealed  bool   // encrypted: it exists, and equals nothing
}

func valueOf(text string) operandValue { return operandValue{text: text, isSet: true} }

func (v operandValue) isBool() bool { return v.isSet && (v.lower() == "true" || v.lower() == "false") }
func (v operandValue) lower() string {
	return strings.ToLower(v.text)
}

func (v operandValue) isFalse() bool { return !v.isSet || v.lower() == "false" }

// evaluation is the context of a condition: the event, and a job's keys and variables,
// which take precedence.
type evaluation struct {
	ctx    context.Context
	event  *Event
	job    *Node // or nil
	unseen []string
}

// accept evaluates a condition. If the result is unknown it returns true, and what is
// unknown.
func (e *evaluation) accept(tree *expression) (accepted bool, unseen []string) {
	e.unseen = nil
	result := e.holds(tree)
	if result != unknown {
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

// note remembers an unknown value and returns unknown.
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
		if !value.present {
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
		if value.unknown != "" {
			return e.note(value)
		}
		return truthOf(value.isFalse())
	}
	if value.unknown != "" {
		return e.note(value)
	}
	return truthOf(!value.isFalse())
}

// matches matches a Ruby regular expression anywhere in a text, where ^ and $ match at
// every line. It is unknown for an expression that takes too long, and false for one that
// can't be compiled, as in Travis.
func matches(pattern, text string) truth {
	compiled, err := regexp2.Compile(rubyEscapes.Replace(pattern), regexp2.Multiline)
	if err != nil {
		return no
	}
	compiled.MatchTimeout = 50 * time.Millisecond
	found, err := compiled.MatchString(text)
	if err != nil {
		return unknown
	}
	return truthOf(found)
}

var rubyEscapes = strings.NewReplacer(`\\`, `\\`, `\h`, `[0-9a-fA-F]`)

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

// variable returns the value of a condition's variable.
func (e *evaluation) variable(name string) operandValue {
	known := func(text, what string) operandValue {
		if text == "" {
			return operandValue{unknown: what, present: true}
		}
		return valueOf(text)
	}
	optional := func(text string) operandValue { return operandValue{text: text, isSet: text != ""} }
	event := e.event
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
	case "head_branch", "head_repo", "fork":
		isPullRequest := event.Type == PullRequest
		switch {
		case name == "head_branch" && isPullRequest:
			return known(event.HeadBranch, "the branch of the pull request")
		case name == "head_repo" && isPullRequest:
			return known(event.HeadRepo, "the repository of the pull request")
		case name == "fork" && isPullRequest && (event.HeadRepo == "" || event.Repo == ""):
			return operandValue{unknown: "whether the pull request comes from a fork"}
		case name == "fork":
			return valueOf(fmt.Sprint(isPullRequest && event.HeadRepo != event.Repo))
		}
		return operandValue{}
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

func unquote(text string) string {
	if len(text) > 1 && (text[0] == '"' || text[0] == '\'') && text[len(text)-1] == text[0] {
		return text[1 : len(text)-1]
	}
	return text
}
