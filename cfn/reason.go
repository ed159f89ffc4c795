package cfn

import (
	"regexp"
	"strings"
)

// longestReason is in characters: a reason has to fit on a screen.
const longestReason = 400

var (
	// quotedValue is a value in the sentences in which AWS refuses one: "Value
	// 'x' at 'y' failed to satisfy constraint", "parameter value x for parameter
	// name y". Too much is cut rather than too little.
	quotedValue = regexp.MustCompile(`(?is)\b(values?) (?:'.*'|".*"|\(.*\)|\[.*\]|\S+ (for parameter\b))`)
	// signed are the parts of a request's signature.
	signed = regexp.MustCompile(`(?i)\b(Credential|Signature|SignedHeaders|X-Amz-[A-Za-z-]+)=[^\s,;&'"]+`)
	// bookkeeping is what AWS adds for its own support.
	bookkeeping = regexp.MustCompile(`\s*\((?:RequestToken|Service):[^()]*\)`)
)

// reason makes what AWS says about a resource fit to be shown: one line,
// bounded, and without a parameter's value.
func (f *Finder) reason(text string) string {
	text = bounded(f.given.without(text))
	text = quotedValue.ReplaceAllString(text, "$1 … $2")
	text = signed.ReplaceAllString(text, "$1=…")
	text = bookkeeping.ReplaceAllString(text, "")
	text = strings.Join(strings.Fields(text), " ")
	if letters := []rune(text); len(letters) > longestReason {
		text = string(letters[:longestReason]) + "…"
	}
	return text
}
