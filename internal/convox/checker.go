package convox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"

	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
)

// CheckerOptions says how logins are checked. The zero value will do.
type CheckerOptions struct {
	// Fingerprint is the SHA-256 of the one certificate that may be shown a
	// password: 64 hexadecimal digits in any usual spelling. "" is none.
	Fingerprint string
	UserAgent   string
	Retry       transport.Retry

	// Roots are the issuers to trust; nil is the system's.
	Roots *x509.CertPool
	// DialContext makes the connections; nil is the network. With it a test
	// reaches a server on loopback under any name.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

// Checker checks logins. Each check makes connections of its own. It may be
// used from several goroutines.
type Checker struct {
	options CheckerOptions
	pin     *fingerprint
}

// NewChecker fails with CodeFingerprint alone.
func NewChecker(options CheckerOptions) (*Checker, error) {
	options.Retry = options.Retry.Defaults()
	checker := &Checker{options: options}
	if options.Fingerprint != "" {
		pin, err := parseFingerprint(options.Fingerprint)
		if err != nil {
			return nil, err
		}
		checker.pin = &pin
	}
	return checker, nil
}

// Login is what an accepted login showed. The names in it come from the
// server, cleaned of what could steer a terminal.
type Login struct {
	Host Host
	// PersonalKey means that the key looks like a person's own and not like a
	// deploy key: a hint, not a proof.
	PersonalKey bool
	// Racks are those that a key of Console sees. Of a Rack it is the Rack
	// itself, without an organization, when it said who it is.
	Racks []Rack
}

// Rack is a Rack as it, or Console, describes it. What was not said is "".
type Rack struct {
	Organization string
	Name         string
	Status       string
	Provider     string
	Region       string
	Version      string
}

// IsLost reports whether Console doesn't reach the Rack.
func (r Rack) IsLost() bool { return r.Status == "unreachable" || r.Status == "unknown" }

// String is ORG/NAME, as convox --rack takes it, and NAME where there is no
// organization.
func (r Rack) String() string {
	if r.Organization == "" {
		return r.Name
	}
	return r.Organization + "/" + r.Name
}

// session is the calls of one check to one host.
type session struct {
	host    Host
	console bool
	client  *http.Client
	agent   string
	retry   transport.Retry
}

func (c *Checker) open(host Host, console bool) *session {
	config, roots := &tls.Config{}, c.options.Roots
	if roots == nil {
		roots = transport.Roots()
	}
	trust{
		host: host, console: console,
		own:    !console && !host.IsConvoxSite(),
		exempt: !console && host.IsLoopback(),
		pin:    c.pin,
		roots:  roots,
	}.apply(config)
	client := transport.NewClient(config, c.options.DialContext)
	return &session{host: host, console: console, client: client, agent: c.options.UserAgent, retry: c.options.Retry.TellOnce()}
}

func (s *session) close() { s.client.CloseIdleConnections() }

// explain finds out why the client's form of a password got the answer 401 or
// 403: the password is wrong, or only another form of it is right.
func (s *session) explain(ctx context.Context, path string, password secret.String, got answer) error {
	if got.status == http.StatusUnauthorized && !Sendable(password) {
		raw, err := s.get(ctx, path, password)
		if ctx.Err() != nil {
			return s.ended(ctx, err)
		}
		if err == nil && raw.status == http.StatusOK && !raw.html {
			return s.onlyRaw(UnsendableCharacters(password))
		}
	}
	if got.status == http.StatusUnauthorized && accessToken.MatchString(password.Reveal()) {
		return s.tokenRefused(got.status)
	}
	return s.refused(got)
}

// ended returns err, or why the run ended when that is what ended the call: it
// says nothing about the host then.
func (s *session) ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("log in to %s: %w", s.host, context.Cause(ctx))
	}
	return err
}
