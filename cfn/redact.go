package cfn

import (
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"convox-travis/internal/secret"
	"convox-travis/internal/text"
)

const (
	longestText  = 4096 // bytes of anything kept of a stack: no parameter is longer
	longestShown = 128  // characters of a text from outside inside one of ours: no stack's name is longer
	mostListed   = 20
)

// bounded cuts a text from outside to what is kept of it.
func bounded(text string) string {
	if len(text) <= longestText {
		return text
	}
	return strings.ToValidUTF8(text[:longestText], "")
}

// shown makes a text from outside fit for an error.
func shown(text string) string {
	text = bounded(text)
	if utf8.RuneCountInString(text) > longestShown {
		text = string([]rune(text)[:longestShown]) + "…"
	}
	return text
}

// quoted makes a text from outside fit for a command to paste.
func quoted(word string) string { return text.Quote(shown(word)) }

// listed shows the first of many names.
func listed(names []string) string {
	var all []string
	for i, name := range names {
		if i == mostListed {
			all = append(all, "…")
			break
		}
		all = append(all, shown(name))
	}
	return strings.Join(all, ", ")
}

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

// given remembers the passwords that a Finder was given, for one purpose: to
// take them out of what AWS says.
type given struct {
	mu      sync.Mutex
	secrets []secret.String
}

// Redact takes a password out of all that AWS says from now on. Those that a
// Finder sets are taken out without.
func (f *Finder) Redact(password secret.String) {
	if !password.IsEmpty() {
		f.given.remember(password)
	}
}

func (g *given) remember(password secret.String) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !slices.ContainsFunc(g.secrets, password.Equal) {
		g.secrets = append(g.secrets, password)
	}
}

// without returns text without the secrets.
func (g *given) without(text string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, password := range g.secrets {
		value := password.Reveal()
		for _, form := range []string{value, url.QueryEscape(value), url.PathEscape(value), html.EscapeString(value)} {
			text = strings.ReplaceAll(text, form, secret.Redacted)
		}
	}
	return text
}
