package cfn

import (
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

func (g *given) remember(password secret.String) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.secrets = append(g.secrets, password)
}

// without returns text without the secrets.
func (g *given) without(text string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, password := range g.secrets {
		text = strings.ReplaceAll(text, password.Reveal(), secret.Redacted)
	}
	return text
}
