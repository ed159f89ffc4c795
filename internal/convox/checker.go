package convox

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
)

// CheckerOptions says how logins are checked. The zero value is usable.
type CheckerOptions struct {
	// Fingerprint is the SHA-256 of the one self-signed certificate that may receive a
	// password: 64 hexadecimal digits in any usual spelling. "" is none.
	Fingerprint string
	UserAgent   string
	Retry       transport.Retry

	// Roots are the trusted issuers; nil is the system's.
	Roots *x509.CertPool
	// DialContext makes the connections; nil is the network. Tests use it to reach a
	// server on loopback under any name.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

// Checker checks logins. Each check makes its own connections. It is safe for concurrent
// use.
type Checker struct {
	options CheckerOptions
	pin     *fingerprint
}

// NewChecker fails only with CodeFingerprint.
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

// Login is what an accepted login returned. Names in it come from the server, without
// terminal control characters.
type Login struct {
	Host Host
	// PersonalKey means that the key looks like a person's own rather than a deploy key.
	// It is a hint, not certain.
	PersonalKey bool
	// Racks are those that a Console key can see. For a Rack it is the Rack itself,
	// without an organization, if it said its name.
	Racks []Rack
}

// Rack is a Rack as it, or Console, describes it. Missing values are "".
type Rack struct {
	Organization string
	Name         string
	Status       string
	Provider     string
	Region       string
	Version      string
}

// IsLost reports whether Console can't reach the Rack.
func (r Rack) IsLost() bool { return r.Status == "unreachable" || r.Status == "unknown" }

// String is ORG/NAME, as convox --rack takes it, or NAME without an organization.
func (r Rack) String() string {
	if r.Organization == "" {
		return r.Name
	}
	return r.Organization + "/" + r.Name
}

type session struct {
	host    Host
	console bool
	rack    string // ORG/NAME behind the Console, if the calls are for one
	client  *http.Client
	agent   string
	retry   transport.Retry
}

func (c *Checker) open(host Host, console bool) *session {
	config := trust{
		host: host, console: console,
		maySelfSign: !console && !host.IsConvoxSite(),
		isLocal:     !console && host.IsLoopback(),
		pin:         c.pin,
		roots:       cmp.Or(c.options.Roots, transport.Roots()),
	}.config()
	client := transport.NewClient(config, c.options.DialContext)
	return &session{host: host, console: console, client: client, agent: c.options.UserAgent, retry: c.options.Retry.AnnounceOnce()}
}

func (s *session) close() { s.client.CloseIdleConnections() }

// explain finds out why the CLI's form of a password got the answer 401 or 403: the
// password is wrong, or only its raw form is right.
func (s *session) explain(ctx context.Context, path string, password secret.String, got answer) error {
	if got.status == http.StatusUnauthorized && !Sendable(password) {
		raw, err := s.get(ctx, path, password)
		if ctx.Err() != nil {
			return s.failedOrStopped(ctx, err)
		}
		if err == nil && raw.status == http.StatusOK && !raw.html {
			return s.unsendable(UnsendableCharacters(password))
		}
	}
	if got.status == http.StatusUnauthorized && accessToken.MatchString(password.Reveal()) {
		return s.tokenRefused(got.status)
	}
	return s.refused(got)
}

// failedOrStopped returns err, or the reason why the run ended if that ended the call:
// err says nothing about the host then.
func (s *session) failedOrStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("log in to %s: %w", s.host, context.Cause(ctx))
	}
	return err
}

// Rack checks a Rack's password in the form in which the convox CLI sends it, with GET
// /auth. At the same time it reads the Rack's name with GET /system, which distinguishes
// a Rack from a server that accepts everything. If /system fails, the server must reject
// a caller without a password.
//
// The error has one of the login codes, or wraps the cause of ctx if that ended.
func (c *Checker) Rack(ctx context.Context, host Host, password secret.String) (Login, error) {
	if host.IsZero() {
		return Login{}, badHost("it is empty")
	}
	s := c.open(host, false)
	defer s.close()
	return s.enterRack(ctx, password)
}

func (s *session) enterRack(ctx context.Context, password secret.String) (Login, error) {
	form := clientForm(password)
	probe, cancel := context.WithCancel(ctx)
	defer cancel()
	system := s.inBackground(probe, "/system", form)

	auth, err := s.get(ctx, "/auth", form)
	if err != nil {
		return Login{}, s.failedOrStopped(ctx, err)
	}
	switch {
	case auth.status == http.StatusUnauthorized, auth.status == http.StatusForbidden:
		return Login{}, s.explain(ctx, "/auth", password, auth)
	case auth.status != http.StatusOK || auth.html:
		return Login{}, s.unexpectedAnswer(auth)
	}
	who, err := system()
	rack, isNamed := parseSystem(who.body)
	switch {
	case ctx.Err() != nil, isTLS(err):
		return Login{}, s.failedOrStopped(ctx, err)
	case who.status == http.StatusOK && isNamed:
		return Login{Host: s.host, Racks: []Rack{rack}}, nil
	case who.status == http.StatusUnauthorized, who.status == http.StatusForbidden:
		return Login{}, s.refused(who) // so /auth accepted everyone
	case who.status > http.StatusOK && who.status < 400:
		return Login{}, s.unexpectedAnswer(who)
	case who.status >= 400 && parseID(auth.body):
		return Login{}, s.notConvox("it answers as Console does", true)
	}
	// A server that doesn't say its name is trusted if it rejects a caller without a password.
	anonymous, err := s.get(ctx, "/auth", secret.String{})
	switch {
	case err != nil:
		return Login{}, s.failedOrStopped(ctx, err)
	case anonymous.status != http.StatusUnauthorized && anonymous.status != http.StatusForbidden:
		return Login{}, s.notConvox("it accepts everyone, and doesn't say which Rack it is", false)
	}
	return Login{Host: s.host}, nil
}

func (s *session) unexpectedAnswer(a answer) *problem.Error {
	switch {
	case a.status == http.StatusOK && a.html:
		return s.notConvox("a web page answers there", false)
	case a.status >= 300 && a.status < 400:
		return s.notConvox("it redirects, and passwords don't follow redirects", false)
	case a.status == http.StatusNotFound:
		return s.notConvox("it has no login (HTTP 404)", false)
	}
	return s.notConvox(fmt.Sprintf("it answers unlike a Rack or Console (HTTP %d)", a.status), false)
}

// readRack reads the description of a Rack. A value that isn't a text is "".
func readRack(described map[string]any) Rack {
	organization, _ := described["organization"].(map[string]any)
	return Rack{
		Organization: cleanWord(organization["name"]),
		Name:         cleanWord(described["name"]),
		Status:       cleanWord(described["status"]),
		Provider:     cleanWord(described["provider"]),
		Region:       cleanWord(described["region"]),
		Version:      cleanWord(described["version"]),
	}
}

func parseSystem(body []byte) (Rack, bool) {
	var system map[string]any
	_ = json.Unmarshal(body, &system) // otherwise it has no name
	rack := readRack(system)
	rack.Organization = ""
	return rack, rack.Name != ""
}

func parseID(body []byte) bool {
	var person map[string]any
	return json.Unmarshal(body, &person) == nil && person["id"] != nil
}

// longestWord is in bytes, and far longer than any name.
const longestWord = 1 << 10

// cleanWord returns a text from a server, safe to show; "" if it isn't a text, or not a
// name.
func cleanWord(value any) string {
	text, _ := value.(string)
	if len(text) > longestWord {
		return ""
	}
	return text
}

// dashboard matches the hosts that stacks have given Racks: NAME-TIMESTAMP, in two
// shapes, with -i after the name if the API is private
// (https://github.com/convox/rack/blob/master/provider/aws/formation/rack.json).
var dashboard = regexp.MustCompile(`^(?:rack\.|internal-)?([a-z][-a-z0-9]*?)(?:-i)?-[0-9]{9,10}\.[a-z]+(?:-[a-z]+)+-[0-9]\.(?:convox\.site|elb\.amazonaws\.com)(?:\.cn)?$`)

// RackName is the Rack's name in its host; "" for a host of another shape.
func (h Host) RackName() string {
	if parts := dashboard.FindStringSubmatch(h.String()); parts != nil {
		return parts[1]
	}
	return ""
}

// Console checks a Console key in the form in which the convox CLI sends it, with GET
// /racks, which a deploy key may call; GET /auth rejects deploy keys
// (https://github.com/convox/rack/issues/3073). It calls that too, and if the key is
// accepted there, it looks like a person's own.
//
// The error has one of the login codes, or wraps the cause of ctx if that ended.
func (c *Checker) Console(ctx context.Context, host Host, key secret.String) (Login, error) {
	if host.IsZero() {
		return Login{}, badHost("it is empty")
	}
	s := c.open(host, true)
	defer s.close()
	return s.enterConsole(ctx, key)
}

func (s *session) enterConsole(ctx context.Context, key secret.String) (Login, error) {
	form := clientForm(key)
	probe, cancel := context.WithCancel(ctx)
	defer cancel()
	auth := s.inBackground(probe, "/auth", form)

	got, err := s.get(ctx, "/racks", form)
	if err != nil {
		return Login{}, s.failedOrStopped(ctx, err)
	}
	switch {
	case got.status == http.StatusUnauthorized, got.status == http.StatusForbidden:
		return Login{}, s.explain(ctx, "/racks", key, got)
	case got.status == http.StatusNotFound:
		return Login{}, s.notConvox("it has no list of Racks, so it may be a Rack", true)
	case got.status != http.StatusOK || got.html:
		return Login{}, s.unexpectedAnswer(got)
	}
	login := Login{Host: s.host}
	if login.Racks, err = s.racks(got.body); err != nil {
		return Login{}, err
	}
	person, err := auth()
	if ctx.Err() != nil || isTLS(err) {
		return Login{}, s.failedOrStopped(ctx, err)
	}
	login.PersonalKey = err == nil && person.status == http.StatusOK && !person.html
	return login, nil
}

// racks reads the answer of GET /racks. Old Racks list themselves there, without an
// organization (https://github.com/convox/rack, api/controllers/racks.go).
func (s *session) racks(body []byte) ([]Rack, error) {
	var list []map[string]any
	if json.Unmarshal(body, &list) != nil || list == nil {
		return nil, s.notConvox("its answer isn't a list of Racks", false)
	}
	racks := make([]Rack, 0, len(list))
	for _, item := range list {
		rack := readRack(item)
		if rack.Organization != "" && rack.Name != "" {
			racks = append(racks, rack)
		}
	}
	if len(racks) == 0 && len(list) > 0 {
		return nil, s.notConvox("its list of Racks names no organization", true)
	}
	return racks, nil
}

// appTime is how long the answer about an app may take: it decides only a warning.
const appTime = 5 * time.Second

// LacksApp reports whether a Rack says that it has no app with this name. rack is
// ORG/NAME if the host is a Console, otherwise "". The host must have accepted the
// password before. It makes one call, which a deploy key may make too; every answer other
// than "not found", and none, counts as no.
func (c *Checker) LacksApp(ctx context.Context, host Host, password secret.String, rack, app string) bool {
	if host.IsZero() || app == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, appTime)
	defer cancel()
	s := c.open(host, rack != "")
	defer s.close()
	s.rack, s.retry.Tries = rack, 1
	got, err := s.get(ctx, "/apps/"+url.PathEscape(app), clientForm(password))
	// Racks name the app that they don't find, "no such app: NAME" or "app not found: NAME"
	// (https://github.com/convox/rack, provider/aws/apps.go; https://github.com/convox/convox,
	// provider/k8s/app.go). A Rack that isn't found, or a proxy's page, doesn't.
	return err == nil && got.status == http.StatusNotFound && !got.html && bytes.Contains(got.body, []byte(app))
}
