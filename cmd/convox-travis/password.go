package main

import (
	"context"
	"fmt"
	"io"

	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
)

// longestSecret bounds what is read from standard input.
const longestSecret = 64 << 10

// passwordSource tells, before anything is read or asked, whether the flags
// and the environment name a place for the password. The order is that of the
// places: standard input, CONVOX_PASSWORD, what the convox client saved.
func (p *program) hasPasswordSource(o *options, way wayIn) bool {
	return o.passwordStdin || p.variableCounts(way) || o.saved
}

// variableCounts reports whether CONVOX_PASSWORD may be used for this way in:
// only when CONVOX_HOST is unset or is the very host. A host that has yet to be
// looked up counts until it is known.
func (p *program) variableCounts(way wayIn) bool {
	if p.env("CONVOX_PASSWORD") == "" {
		return false
	}
	if p.env("CONVOX_HOST") == "" || way.host.IsZero() {
		return true
	}
	host, err := convox.ParseHost(p.env("CONVOX_HOST"))
	return err == nil && host == way.host
}

// password reads the secret. way.host is known by now.
func (p *program) password(ctx context.Context, o *options, way wayIn) (secret.String, error) {
	switch {
	case o.passwordStdin:
		text, err := p.readInput(ctx)
		if err != nil {
			return secret.String{}, err
		}
		return secret.New(convox.CutLineEnding(text)), nil
	case p.variableCounts(way):
		return secret.New(p.env("CONVOX_PASSWORD")), nil
	case o.saved:
		return p.savedPassword(way.host)
	}
	return secret.String{}, &usageError{
		what:  fmt.Sprintf("CONVOX_PASSWORD is for CONVOX_HOST, which is not %s", way.host),
		hints: []string{"pipe the password in with --password-stdin, or unset CONVOX_HOST"},
	}
}

func (p *program) savedPassword(host convox.Host) (secret.String, error) {
	logins, err := convox.SavedLogins(p.env, p.home, p.goos)
	if login, found := convox.FindSaved(logins, host); found {
		return login.Password, nil
	}
	if err != nil {
		return secret.String{}, err
	}
	return secret.String{}, &usageError{
		what:  fmt.Sprintf("the convox client has no password saved for %s", host),
		hints: []string{"pipe it in with --password-stdin"},
	}
}

// readInput reads standard input to its end, or until ctx ends: the read
// itself cannot be ended, so it is left behind.
func (p *program) readInput(ctx context.Context) (string, error) {
	if p.typed {
		return "", &usageError{
			what:  "--password-stdin reads a pipe, and standard input is a terminal, which would show the secret",
			hints: []string{"pipe it: convox-travis apply --password-stdin < FILE"},
		}
	}
	type result struct {
		text []byte
		err  error
	}
	read := make(chan result, 1)
	go func() {
		text, err := io.ReadAll(io.LimitReader(p.in, longestSecret+1))
		read <- result{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case r := <-read:
		switch {
		case r.err != nil:
			return "", &usageError{what: "standard input cannot be read", hints: []string{"pipe it in: convox-travis apply --password-stdin < FILE"}}
		case len(r.text) > longestSecret:
			return "", &usageError{what: "standard input goes on and on: that is no password", hints: []string{"pipe in the password alone"}}
		}
		return string(r.text), nil
	}
}
