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

	"convox-travis/cfn"
	"convox-travis/internal/child"
	"convox-travis/internal/convox"
	"convox-travis/internal/crash"
	"convox-travis/internal/transport"
)

// reach is how the outside is called. The zero value is the network, at its own
// pace; the demo and the tests stay inside a world.
type reach struct {
	retry transport.Retry
	roots *x509.CertPool // issuers of a Console's certificate; nil is the system's
	dial  func(ctx context.Context, network, address string) (net.Conn, error)
	// terminal is for programs that sign in to AWS; nil gives them none.
	terminal func() *child.Terminal
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
func (r reach) finder(ctx context.Context, profile string, mfaCode func(context.Context) (string, error)) (*cfn.Finder, error) {
	return cfn.NewFinder(ctx, cfn.Options{
		Profile: profile, MFACode: mfaCode, Terminal: r.terminal, UserAgent: userAgent(), Retry: r.retry, DialContext: r.dial,
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
	type answer struct {
		text string
		err  error
	}
	typed := make(chan answer, 1)
	go func() {
		defer crash.Catch()
		text, err := bufio.NewReader(p.in).ReadString('\n')
		typed <- answer{strings.TrimSpace(text), err}
	}()
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case a := <-typed:
		return a.text, a.err
	}
}
