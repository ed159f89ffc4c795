package cfn

import (
	"html"
	"net/url"
	"slices"
	"strings"
	"sync"

	"convox-travis/internal/secret"
)

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
