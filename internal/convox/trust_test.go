package convox_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"convox-travis/internal/convox"
	"convox-travis/internal/convox/convoxtest"
	"convox-travis/internal/problem"
)

const (
	loadBalancer = "rack-1234.us-east-1.elb.amazonaws.com"
	convoxSite   = "rack.production-1234.us-east-1.convox.site"
)

// colons is a fingerprint as errors show it.
func colons(digits string) string {
	var pairs []string
	for pair := range slices.Chunk([]byte(strings.ToUpper(digits)), 2) {
		pairs = append(pairs, string(pair))
	}
	return strings.Join(pairs, ":")
}

// Each certificate, at each kind of host, whether or not a fingerprint approves
// it: "" is accepted.
func TestWhichCertificatesAreAccepted(t *testing.T) {
	const good = ""
	type outcome struct{ alone, approved string }
	for certificate, want := range map[convoxtest.Certificate]struct{ loadBalancer, convoxSite, console, loopback outcome }{
		convoxtest.Issued: {
			outcome{good, good}, outcome{good, good}, outcome{good, good}, outcome{good, good},
		},
		convoxtest.IssuedExpired: {
			outcome{convox.CodeTLS, convox.CodeTLS}, outcome{convox.CodeTLS, convox.CodeTLS}, outcome{convox.CodeTLS, convox.CodeTLS}, outcome{good, good},
		},
		convoxtest.IssuedOther: {
			outcome{convox.CodeTLS, convox.CodeTLS}, outcome{convox.CodeTLS, convox.CodeTLS}, outcome{convox.CodeTLS, convox.CodeTLS}, outcome{good, good},
		},
		convoxtest.SelfSigned: {
			outcome{convox.CodeUntrusted, good}, outcome{convox.CodeTLS, convox.CodeTLS}, outcome{convox.CodeTLS, convox.CodeTLS}, outcome{good, good},
		},
		convoxtest.OldRack: {
			outcome{convox.CodeUntrusted, good}, outcome{convox.CodeTLS, convox.CodeTLS}, outcome{convox.CodeTLS, convox.CodeTLS}, outcome{good, good},
		},
	} {
		rack := startRack(t)
		console := startConsole(t)
		for _, server := range []interface {
			SetCertificate(convoxtest.Certificate) error
		}{rack, console} {
			if err := server.SetCertificate(certificate); err != nil {
				t.Fatal(err)
			}
		}
		for name, try := range map[string]struct {
			host    string
			console bool
			want    outcome
		}{
			"a load balancer": {loadBalancer, false, want.loadBalancer},
			"a convox.site":   {convoxSite, false, want.convoxSite},
			"Console":         {convox.HostedConsole, true, want.console},
			"loopback":        {rack.Host, false, want.loopback},
		} {
			t.Run(string(certificate)+", "+name, func(t *testing.T) {
				for approved, kind := range map[bool]string{false: try.want.alone, true: try.want.approved} {
					rack.Faults.Forget()
					console.Faults.Forget()
					address, authority, seen, layer := rack.Host, rack.Authority(), rack.Fingerprint(), &rack.Faults
					if try.console {
						address, authority, seen, layer = console.Host, console.Authority(), console.Fingerprint(), &console.Faults
					}
					fingerprint := ""
					if approved {
						fingerprint = seen
					}
					c := checker(t, leadTo(address), trusting(authority), approving(fingerprint))
					check := c.Rack
					if try.console {
						check = c.Console
					}
					login, err := check(t.Context(), host(t, try.host), canary)
					if kind == good {
						if err != nil {
							t.Errorf("approved %t: %v", approved, err)
						}
						continue
					}
					failure := failed(t, login, err, kind)
					if got := asked(t, layer); got != "" {
						t.Errorf("approved %t: it was asked %s", approved, got)
					}
					if kind == convox.CodeUntrusted && (detail(failure).Fingerprint != colons(seen) || detail(failure).Pinned) {
						t.Errorf("%+v %q", detail(failure), failure.Hints)
					}
					if kind == convox.CodeTLS && detail(failure).Fingerprint != "" {
						t.Errorf("a fingerprint is offered: %q", failure.Hints)
					}
				}
			})
		}
	}
}

func TestWithoutItsIssuerAnIssuedCertificateCanBeApproved(t *testing.T) {
	rack := startRack(t)
	login, err := checker(t, leadTo(rack.Host)).Rack(t.Context(), host(t, loadBalancer), canary)
	failure := failed(t, login, err, convox.CodeUntrusted)
	if _, err := checker(t, leadTo(rack.Host), approving(detail(failure).Fingerprint)).Rack(t.Context(), host(t, loadBalancer), canary); err != nil {
		t.Error(err)
	}
}

func TestAnotherCertificateThanTheApprovedOneGetsNothing(t *testing.T) {
	other := strings.Repeat("ab", 32)
	for _, certificate := range []convoxtest.Certificate{convoxtest.SelfSigned, convoxtest.Issued} {
		for _, where := range []string{loadBalancer, convoxSite, "127.0.0.1"} {
			rack := startRack(t)
			if err := rack.SetCertificate(certificate); err != nil {
				t.Fatal(err)
			}
			c := checker(t, leadTo(rack.Host), trusting(rack.Authority()), approving(other))
			login, err := c.Rack(t.Context(), host(t, where), canary)
			kind := convox.CodeUntrusted
			if where == convoxSite && certificate == convoxtest.SelfSigned {
				kind = convox.CodeTLS // it is not even looked at further
			}
			failure := failed(t, login, err, kind)
			if kind == convox.CodeUntrusted && !strings.Contains(printed(err), colons(rack.Fingerprint())) {
				t.Errorf("the one that was seen is not named: %v %q", failure, failure.Hints)
			}
			if got := asked(t, &rack.Faults); got != "" {
				t.Errorf("%s, %s: it was asked %s", certificate, where, got)
			}
		}
	}
}

// The first connection shows the approved certificate, all others another one.
func TestTheApprovedCertificateIsHeldAcrossConnections(t *testing.T) {
	// Without HTTP/2 each of two calls side by side needs its own connection.
	first := answering(t, map[string]handler{"*": func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(20 * time.Millisecond)
		_, _ = w.Write([]byte(`{"name":"prod"}`))
	}})
	second := startRack(t)
	if err := second.SetCertificate(convoxtest.SelfSigned); err != nil {
		t.Fatal(err)
	}
	approved := sha256.Sum256(first.Certificate().Raw)
	c := checker(t, approving(hex.EncodeToString(approved[:])), changing(first.Listener.Addr().String(), second.Host))
	login, err := c.Rack(t.Context(), host(t, loadBalancer), canary)
	failed(t, login, err, convox.CodeUntrusted)
	if got := asked(t, &second.Faults); got != "" {
		t.Errorf("a connection with another certificate was asked %s", got)
	}
}

func changing(first, others string) func(*convox.CheckerOptions) {
	return func(o *convox.CheckerOptions) {
		var connections atomic.Int32
		o.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			address := others
			if connections.Add(1) == 1 {
				address = first
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		}
	}
}

// The same when the certificate of one server changes between two checks.
func TestTheApprovedCertificateIsHeldForTheRun(t *testing.T) {
	rack := startRack(t)
	if err := rack.SetCertificate(convoxtest.SelfSigned); err != nil {
		t.Fatal(err)
	}
	c := checker(t, leadTo(rack.Host), approving(rack.Fingerprint()))
	if _, err := c.Rack(t.Context(), host(t, loadBalancer), canary); err != nil {
		t.Fatal(err)
	}
	if err := rack.SetCertificate(convoxtest.SelfSigned); err != nil {
		t.Fatal(err)
	}
	rack.Faults.Forget()
	login, err := c.Rack(t.Context(), host(t, loadBalancer), canary)
	failed(t, login, err, convox.CodeUntrusted)
	if got := asked(t, &rack.Faults); got != "" {
		t.Errorf("it was asked %s", got)
	}
}

func TestAConsoleOnLoopbackIsVerified(t *testing.T) {
	console := startConsole(t)
	login, err := checker(t).Console(t.Context(), host(t, console.Host), canary)
	failed(t, login, err, convox.CodeTLS)
	if got := asked(t, &console.Faults); got != "" {
		t.Errorf("it was asked %s", got)
	}
}

func TestAHandshakeThatFailsIsNotTakenForTheNetwork(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was asked") }))
	server.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshakes
	server.StartTLS()
	defer server.Close()
	login, err := checker(t).Rack(t.Context(), host(t, server.URL), canary)
	failed(t, login, err, convox.CodeTLS)
}

func TestEveryUsualSpellingOfAFingerprintIsRead(t *testing.T) {
	rack := startRack(t)
	if err := rack.SetCertificate(convoxtest.SelfSigned); err != nil {
		t.Fatal(err)
	}
	seen := rack.Fingerprint()
	for _, text := range []string{
		seen, strings.ToUpper(seen), colons(seen), strings.ToLower(colons(seen)), "SHA256:" + seen, "sha256:" + colons(seen),
		"SHA-256: " + seen, "sha256 Fingerprint=" + colons(seen), "SHA256 Fingerprint=" + colons(seen) + "\n", " " + seen + " ",
	} {
		if _, err := checker(t, leadTo(rack.Host), approving(text)).Rack(t.Context(), host(t, loadBalancer), canary); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestWhatIsNoFingerprintIsRefusedAndNotQuoted(t *testing.T) {
	digits := strings.Repeat("0a", 32)
	for _, text := range []string{"nonsense", " ", "SHA256:", digits[1:], digits + "00", "g" + digits[1:], "0:" + digits[1:], colons(digits)[1:], "SHA256:" + strings.Repeat("A", 43), canary.Reveal()} {
		_, err := convox.NewChecker(convox.CheckerOptions{Fingerprint: text})
		if err == nil {
			t.Errorf("%q was accepted", text)
			continue
		}
		if strings.TrimSpace(text) != "" && text != "SHA256:" && strings.Contains(printed(err), strings.TrimSpace(text)) {
			t.Errorf("%q was quoted: %v", text, err)
		}
		if e := problem.Of(err); e == nil || e.Code != convox.CodeFingerprint || len(e.Hints) == 0 {
			t.Errorf("%v has no hint", err)
		}
	}
}
