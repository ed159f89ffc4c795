package convox

import (
	"context"
	"net/http"
	"time"

	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
)

// What the fuzz tests feed, and what a test stands between.
var (
	ParseSystem = parseSystem
	ParseRacks  = (&session{console: true}).racks
	Rewrite     = rewrite
	SetPassword = setPassword
)

// ParseAuth reads the logins of an auth file.
func ParseAuth(text string) ([]SavedLogin, error) {
	entries, err := parseAuth(text)
	return savedPasswords(entries), err
}

// Enter is what Checker.Rack and Checker.Console do behind the connection, over
// another one, once.
func Enter(ctx context.Context, wire http.RoundTripper, host Host, console bool, password secret.String) (Login, error) {
	s := &session{host: host, console: console, client: &http.Client{Transport: wire}, retry: transport.Retry{Tries: 1, Deadline: time.Minute}}
	if console {
		return s.enterConsole(ctx, password)
	}
	return s.enterRack(ctx, password)
}
