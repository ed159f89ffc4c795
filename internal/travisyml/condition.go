package travisyml

import (
	"strings"
)

// condition reads what is behind "if"
// (https://github.com/travis-ci/travis-conditions/blob/master/lib/travis/conditions/v1/parser.rb).
type condition struct {
	rest string
	bad  bool
}

// ifs is what is known of the builds or jobs that a condition lets through:
// nothing, where it is none.
func ifs(text string) guard {
	if strings.TrimSpace(text) == "" {
		return 0
	}
	c := &condition{rest: text}
	o := c.either(0)
	if c.space(); c.bad || c.rest != "" {
		return 0
	}
	return o.yes
}

// ofBuilds are the words of conditions that say for what a build is, as the
// shell knows them.
var ofBuilds = map[string]string{"branch": branchVariable, "tag": tagVariable, "type": eventVariable}

var (
	conditionSpace   = lately(`^(?:\s|\\[ \t]*[\r\n])+`)
	conditionOr      = lately(`(?i)^(?:or\b|\|\|)`)
	conditionAnd     = lately(`(?i)^(?:and\b|&&)`)
	conditionNot     = lately(`(?i)^(?:not\b|!)`)
	conditionIn      = lately(`(?i)^(not\s+)?in\s*\(([^)]*)\)`)
	conditionIs      = lately(`(?i)^is\s+(not\s+)?(present|blank|true|false)\b`)
	conditionMatch   = lately(`^(?:=~|~=|!~)`)
	conditionEqual   = lately(`^(?:==|=|!=)`)
	conditionRegex   = lately(`^(?:/.+/|\S*[^\s)]+)`)
	conditionCall    = lately(`(?i)^(?:env|concat)\s*\([^)]*\)`)
	conditionQuoted  = lately(`^(?:"([^"]*)"|'([^']*)')`)
	conditionWord    = lately(`^[^\s()"',=!~&|]+`)
	conditionPattern = lately(`^/(.*)/$`)
)

func (c *condition) space() { c.rest = c.rest[len(conditionSpace().FindString(c.rest)):] }

// takes passes over what matches at the start, and returns it with its groups.
func (c *condition) takes(pattern late) []string {
	c.space()
	found := pattern().FindStringSubmatch(c.rest)
	if found != nil {
		c.rest = c.rest[len(found[0]):]
	}
	return found
}

func (c *condition) bracket(which string) bool {
	c.space()
	rest, found := strings.CutPrefix(c.rest, which)
	c.rest = rest
	return found
}

func (c *condition) either(depth int) outcome {
	o := c.both(depth)
	for c.takes(conditionOr) != nil {
		o = o.or(c.both(depth))
	}
	return o
}

func (c *condition) both(depth int) outcome {
	o := c.one(depth)
	for c.takes(conditionAnd) != nil {
		o = o.and(c.one(depth))
	}
	return o
}

const deepestCondition = 50

func (c *condition) one(depth int) outcome {
	switch {
	case depth > deepestCondition:
		c.bad = true
		return unknown
	case c.bracket("("):
		o := c.either(depth + 1)
		c.bad = !c.bracket(")") || c.bad
		return o
	case c.takes(conditionNot) != nil:
		return c.one(depth + 1).not()
	}
	return c.term()
}

// operand is the name of what it is about, or a text. A call gives what cannot be
// known here.
func (c *condition) operand() (name, text string) {
	if c.takes(conditionCall) != nil {
		return "", "$"
	}
	if quoted := c.takes(conditionQuoted); quoted != nil {
		return "", quoted[1] + quoted[2]
	}
	word := c.takes(conditionWord)
	if word == nil {
		c.bad = true
		return "", ""
	}
	return ofBuilds[strings.ToLower(word[0])], word[0]
}

func (c *condition) term() outcome {
	name, text := c.operand()
	if list := c.takes(conditionIn); list != nil {
		o := outcome{nowhere, 0}
		for _, value := range strings.Split(list[2], ",") {
			o = o.or(equalsIn(name, strings.Trim(strings.TrimSpace(value), `"'`)))
		}
		return turned(o, list[1] != "")
	}
	if is := c.takes(conditionIs); is != nil {
		what := strings.ToLower(is[2])
		if name == "" || what != "present" && what != "blank" {
			return unknown
		}
		return turned(present(name), (is[1] != "") != (what == "blank"))
	}
	if op := c.takes(conditionMatch); op != nil {
		pattern := ""
		if c.takes(conditionCall) == nil {
			if found := c.takes(conditionRegex); found != nil {
				pattern = found[0]
			}
		}
		if inside := conditionPattern().FindStringSubmatch(pattern); inside != nil {
			pattern = inside[1]
		}
		if name == "" {
			return unknown
		}
		return turned(matchesPattern(name, pattern), op[0] == "!~")
	}
	op := c.takes(conditionEqual)
	if op == nil {
		return unknown
	}
	other, value := c.operand()
	if name == "" {
		name, value = other, text
	}
	return turned(equalsIn(name, value), op[0] == "!=")
}

func turned(o outcome, is bool) outcome {
	if is {
		return o.not()
	}
	return o
}

func equalsIn(name, value string) outcome {
	if name == "" {
		return unknown
	}
	return equals(name, value)
}
