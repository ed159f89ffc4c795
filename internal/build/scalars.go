package build

import (
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

var (
	keptScalar = regexp.MustCompile(`yes|no|on|off`)
	radixed    = regexp.MustCompile(`^[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_,]+|0|[1-9][0-9_,]*)$`)
	sexagesim  = regexp.MustCompile(`^[-+]?[0-9][0-9_]*(:[0-5]?[0-9]){1,2}$`)
)

// readScalar reads a scalar as Ruby's Psych does, with Travis's changes: a plain scalar
// that contains lower-case yes, no, on or off, and any with a fraction, stay text
// (travis-yml, lib/travis/yml/support/yaml.rb; https://github.com/ruby/psych,
// lib/psych/scalar_scanner.rb).
func readScalar(made *Node, n *yaml.Node) {
	const quoted = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	text := n.Value
	made.Kind, made.Text, made.Rows = Text, text, n.Style&yaml.LiteralStyle != 0
	if n.Style&quoted != 0 || n.Style&yaml.TaggedStyle != 0 && n.Tag == "!!str" {
		return
	}
	switch lower := strings.ToLower(text); {
	case text == "" || text == "~" || lower == "null":
		made.Kind, made.Text = Null, ""
	case keptScalar.MatchString(text):
	case lower == "true" || lower == "yes" || lower == "on":
		made.Kind, made.Text = Bool, "true"
	case lower == "false" || lower == "no" || lower == "off":
		made.Kind, made.Text = Bool, "false"
	case len(text) > 1 && text[0] == ':':
		made.Text = text[1:]
	case radixed.MatchString(text):
		digits := strings.NewReplacer("_", "", ",", "").Replace(text)
		if number, err := strconv.ParseInt(strings.TrimPrefix(digits, "+"), 0, 64); err == nil {
			made.Text = strconv.FormatInt(number, 10)
		}
	case sexagesim.MatchString(text):
		number := 0
		for i, part := range strings.Split(strings.ReplaceAll(text, "_", ""), ":") {
			digits, _ := strconv.Atoi(part)
			for range max(i-2, 2-i) {
				digits *= 60
			}
			number += digits
		}
		made.Text = strconv.Itoa(number)
	}
}
