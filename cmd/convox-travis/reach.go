package main

import (
	"context"
	"crypto/x509"
	"net"
	"net/http"

	"convox-travis/cfn"
	"convox-travis/internal/child"
	"convox-travis/internal/convox"
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
