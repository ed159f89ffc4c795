package convox

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"convox-travis/internal/crash"
	"convox-travis/internal/problem"
	"convox-travis/internal/transport"
)

// trust decides in the handshake of every connection, before anything is sent, whether
// its certificate may receive a password.
//
// A Console and a *.convox.site Rack are verified the ordinary way. So is any other Rack,
// but if its issuer is unknown, as for old Racks, that very certificate can be approved
// by its fingerprint. An approved certificate may have another name and may have expired,
// because those of old Racks have, and nothing else is trusted for it. A certificate from
// a known issuer with another name or out of its validity is rejected in any case: it
// isn't the Rack's own. If a fingerprint was given, it must always match. A Rack on
// loopback needs no more than that.
type trust struct {
	host        Host
	console     bool
	maySelfSign bool         // its certificate
	isLocal     bool         // on loopback: any certificate, unless a fingerprint is given
	pin         *fingerprint // nil: none was given
	roots       *x509.CertPool
}

func (t trust) config() *tls.Config {
	return &tls.Config{
		RootCAs:            t.roots,
		InsecureSkipVerify: t.maySelfSign || t.isLocal, // judge verifies instead
		VerifyConnection:   t.judge,
	}
}

// judge is called for every connection, including resumed sessions.
func (t trust) judge(state tls.ConnectionState) error {
	defer crash.Catch()
	if len(state.PeerCertificates) == 0 {
		return unverified(t.host, t.console, "it shows no certificate")
	}
	seen := fingerprintOf(state.PeerCertificates[0])
	untrusted := Detail{Host: t.host, Console: t.console, Fingerprint: seen.String(), Pinned: t.pin != nil}
	switch {
	case t.pin != nil && seen != *t.pin:
		return notLoggedIn(CodeUntrusted, "its certificate isn't the one that was approved"+notSent, untrusted,
			"continue only if you know why it changed: someone may be intercepting the connection", "compare the fingerprint of the server's certificate: "+seen.String())
	case t.isLocal, !t.maySelfSign:
		return nil
	}
	err := t.verify(state.PeerCertificates, t.host.name, time.Now())
	if err == nil {
		return nil
	}
	if !t.issuerUnknown(state.PeerCertificates) {
		return unverified(t.host, t.console, transport.CertificateReason(err))
	}
	if t.pin != nil {
		return nil
	}
	return notLoggedIn(CodeUntrusted, "its certificate is signed by no authority that this machine trusts"+t.otherFaults(state.PeerCertificates[0])+notSent, untrusted,
		"ask someone who reaches the Rack from another network whether they get the same fingerprint")
}

func (t trust) otherFaults(certificate *x509.Certificate) string {
	var words string
	if certificate.VerifyHostname(t.host.name) != nil {
		words += ", it is for another name"
	}
	if now := time.Now(); now.After(certificate.NotAfter) || now.Before(certificate.NotBefore) {
		words += ", it has expired or isn't valid yet"
	}
	return words
}

func (t trust) verify(chain []*x509.Certificate, name string, at time.Time) error {
	between := x509.NewCertPool()
	for _, certificate := range chain[1:] {
		between.AddCert(certificate)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: t.roots, Intermediates: between, DNSName: name, CurrentTime: at})
	return err
}

// issuerUnknown ignores name and time, which are checked before the issuer and would hide
// that error.
func (t trust) issuerUnknown(chain []*x509.Certificate) bool {
	_, unknown := errors.AsType[x509.UnknownAuthorityError](t.verify(chain, "", chain[0].NotBefore))
	return unknown
}

// unverified is the error for a certificate that wasn't accepted and can't be approved.
func unverified(host Host, console bool, why string) *problem.Error {
	public := console || host.IsConvoxSite()
	hint := "check the host: a Rack that moved has a new one"
	if public {
		hint = "name the certificate to trust in SSL_CERT_FILE if a proxy in between replaced it: the host's own certificate is public"
	}
	return notLoggedIn(CodeTLS, why+notSent, Detail{Host: host, Console: console, Moved: !public}, hint)
}

const notSent = "; the password wasn't sent"

type fingerprint [sha256.Size]byte

func fingerprintOf(certificate *x509.Certificate) fingerprint {
	return sha256.Sum256(certificate.Raw)
}

// String is hexadecimal digits with colons, as openssl and browsers show a fingerprint.
func (f fingerprint) String() string {
	return strings.ReplaceAll(fmt.Sprintf("% X", f[:]), " ", ":")
}

// badFingerprint doesn't quote the text.
func badFingerprint() *problem.Error {
	return &problem.Error{
		Code: CodeFingerprint, Reason: "not the SHA-256 fingerprint of a certificate",
		Hints: []string{"write 64 hexadecimal digits, with or without colons"},
	}
}

// fingerprintForm has the digits with or without colons, and the prefixes of openssl and
// others.
var fingerprintForm = regexp.MustCompile(`(?i)^(?:sha-?256(?: fingerprint)?[:=]\s*)?([0-9a-f]{2}(?::?[0-9a-f]{2})*)$`)

func parseFingerprint(text string) (fingerprint, error) {
	parts := fingerprintForm.FindStringSubmatch(strings.TrimSpace(text))
	if parts == nil {
		return fingerprint{}, badFingerprint()
	}
	value, err := hex.DecodeString(strings.ReplaceAll(parts[1], ":", ""))
	if err != nil || len(value) != sha256.Size {
		return fingerprint{}, badFingerprint() // the cause quotes a character
	}
	return fingerprint(value), nil
}
