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
	maxText   = 4096 // bytes of any text of a stack: no parameter is longer
	maxShown  = 128  // characters of a text from outside in an error: no stack's name is longer
	maxListed = 20
)

// truncate limits a text from outside to maxText.
func truncate(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "")
}

// abbreviate limits a text from outside to maxShown, for an error.
func abbreviate(text string) string {
	text = truncate(text)
	if utf8.RuneCountInString(text) > maxShown {
		text = string([]rune(text)[:maxShown]) + "…"
	}
	return text
}

// quote quotes a text from outside for a command to paste.
func quote(word string) string { return text.Quote(abbreviate(word)) }

// joinNames lists the first maxListed names.
func joinNames(names []string) string {
	var all []string
	for i, name := range names {
		if i == maxListed {
			all = append(all, "…")
			break
		}
		all = append(all, abbreviate(name))
	}
	return strings.Join(all, ", ")
}

// maxReason is in characters: a reason must fit on a screen.
const maxReason = 400

var (
	// quotedValue is a value in a sentence such as "Value 'x' at 'y' failed to satisfy
	// constraint" or "parameter value x for parameter name y". It cuts too much rather
	// than too little.
	quotedValue = regexp.MustCompile(`(?is)\b(values?) (?:'.*'|".*"|\(.*\)|\[.*\]|\S+ (for parameter\b))`)
	// signatureParts are the parts of a request's signature.
	signatureParts = regexp.MustCompile(`(?i)\b(Credential|Signature|SignedHeaders|X-Amz-[A-Za-z-]+)=[^\s,;&'"]+`)
	// supportNote is what AWS adds for its support.
	supportNote = regexp.MustCompile(`\s*\((?:RequestToken|Service):[^()]*\)`)
)

// cleanReason cuts AWS's reason to one short line without secrets and parameters'
// values.
func (f *Finder) cleanReason(text string) string {
	text = truncate(f.redactor.redact(text))
	text = quotedValue.ReplaceAllString(text, "$1 … $2")
	text = signatureParts.ReplaceAllString(text, "$1=…")
	text = supportNote.ReplaceAllString(text, "")
	text = strings.Join(strings.Fields(text), " ")
	if letters := []rune(text); len(letters) > maxReason {
		text = string(letters[:maxReason]) + "…"
	}
	return text
}

// redactor removes passwords from AWS's texts.
type redactor struct {
	mu      sync.Mutex
	secrets []secret.String
}

// Redact removes a password from all texts of AWS from now on. Passwords that a Finder
// sets are always removed.
func (f *Finder) Redact(password secret.String) {
	if !password.IsEmpty() {
		f.redactor.add(password)
	}
}

func (g *redactor) add(password secret.String) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !slices.ContainsFunc(g.secrets, password.Equal) {
		g.secrets = append(g.secrets, password)
	}
}

// redact returns text without the passwords.
func (g *redactor) redact(text string) string {
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
