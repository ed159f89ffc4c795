package main

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"

	"convox-travis/cfn"
	"convox-travis/internal/child"
	"convox-travis/internal/convox"
	"convox-travis/internal/crash"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
	"convox-travis/travisapi"
)

// reach is how the outside is called. The zero value is the network, at its own
// pace; the demo and the tests stay inside a world.
type reach struct {
	retry transport.Retry
	roots *x509.CertPool // issuers of a Console's certificate; nil is the system's
	dial  func(ctx context.Context, network, address string) (net.Conn, error)
	// terminal is for programs that sign in to AWS; nil gives them none.
	terminal func() *child.Terminal
	// onWrite is called before each write; nil is nobody.
	onWrite func()
}

// travisHTTP returns the client for Travis.
func (r reach) travisHTTP() *http.Client {
	return transport.NewClient(nil, r.dial)
}

// checker fails with convox.CodeFingerprint alone.
func (r reach) checker(fingerprint string) (*convox.Checker, error) {
	return convox.NewChecker(convox.CheckerOptions{
		Fingerprint: fingerprint, UserAgent: userAgent(), Retry: r.retry, Roots: r.roots, DialContext: r.dial,
	})
}

// finder looks for Racks with a profile. mfaCode asks a person; nil asks nobody.
func (r reach) finder(profile string, mfaCode func(context.Context) (string, error)) (*cfn.Finder, error) {
	return cfn.NewFinder(cfn.Options{
		Profile: profile, MFACode: mfaCode, Terminal: r.terminal, UserAgent: userAgent(), Retry: r.retry, DialContext: r.dial, OnWrite: r.onWrite,
	})
}

// mfaCode returns what asks for the code of an AWS profile with MFA, or nil
// where nobody sits at a terminal. The code is good once, so it is echoed.
func (p *program) mfaCode() func(context.Context) (string, error) {
	if !p.typed {
		return nil
	}
	return func(ctx context.Context) (string, error) {
		if p.asking.Load() {
			return "", errAsking // the questions have the terminal
		}
		fmt.Fprint(p.err, "MFA code of the AWS profile: ")
		return p.line(ctx)
	}
}

var errAsking = errors.New("the terminal is taken")

// line reads one line that a person types, or until ctx ends.
func (p *program) line(ctx context.Context) (string, error) {
	return awaited(ctx, func() (string, error) {
		text, err := bufio.NewReader(p.in).ReadString('\n')
		return strings.TrimSpace(text), err
	})
}

// awaited returns what f returns, or why ctx ended first: f can't be ended, so it is
// left behind then.
func awaited[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	ended := make(chan result, 1)
	go func() {
		defer crash.Catch()
		value, err := f()
		ended <- result{value, err}
	}()
	select {
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	case r := <-ended:
		return r.value, r.err
	}
}

// travisPlace is where Travis is, and what the Travis client has saved.
type travisPlace struct {
	endpoint string
	saved    travisapi.CLIConfig
}

// travisPlace finds the endpoint, and says nothing to Travis. slug is the
// repository for which the Travis client may have one.
func (p *program) travisPlace(o *options, slug string) (travisPlace, error) {
	saved, err := travisapi.ReadCLIConfig(p.env, p.home)
	if err != nil && o.travisEndpoint == "" && p.env("TRAVIS_ENDPOINT") == "" {
		return travisPlace{}, err // the token may be for the endpoint that the file names
	}
	endpoint, err := travisapi.FindEndpoint(o.travisEndpoint, p.env, saved, slug)
	if err != nil {
		return travisPlace{}, usageError(err.Error(), hintsOf(err)...)
	}
	return travisPlace{endpoint: endpoint, saved: saved}, nil
}

// token is the one that is found for the place, empty where there is none.
func (t travisPlace) token(env func(string) string) (secret.String, error) {
	token, _, err := travisapi.FindToken(t.endpoint, env, t.saved)
	if err != nil {
		return token, usageError(err.Error(), hintsOf(err)...)
	}
	return token, nil
}

// travisClients are the clients that were made, by endpoint and token: those who
// share both share what Travis allows, and what it has refused.
type travisClients struct {
	mu   sync.Mutex
	made map[string]*travisapi.Client
}

// travisClient calls an endpoint with a token. All runs with that token keep to
// one pace. A client that Travis does not let in is replaced, since only a person
// tries that again; but for a ban and the like, which have to be waited for.
func (p *program) travisClient(endpoint string, token secret.String) (*travisapi.Client, error) {
	name := travisapi.Fingerprint(endpoint, token)
	p.clients.mu.Lock()
	defer p.clients.mu.Unlock()
	if made := p.clients.made[name]; made != nil && (made.Refused() == nil || !travisapi.RefusedUntil(made.Refused()).IsZero()) {
		return made, nil
	}
	client, err := travisapi.New(travisapi.Config{
		Endpoint: endpoint, Token: token, UserAgent: userAgent(), HTTP: p.reach.travisHTTP(),
		Retry: p.reach.retry, Posts: p.posts(name).Begin, Calls: p.calls().Wait, OnWrite: p.reach.onWrite,
	})
	if err != nil {
		return nil, usageError(err.Error(), hintsOf(err)...)
	}
	if p.clients.made == nil {
		p.clients.made = map[string]*travisapi.Client{}
	}
	p.clients.made[name] = client
	return client, nil
}

// typedEndpoint is where a token that was typed belongs: the page that it is
// copied from is travis-ci.com's, and a file that cannot be read names no other.
func typedEndpoint(place travisPlace, err error) (string, error) {
	if problem.Has(err, travisapi.CodeConfig) {
		return travisapi.HostedEndpoint, nil
	}
	return place.endpoint, err
}
