package convoxtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net"
	"sync"
	"time"
)

// Certificate is a kind of certificate that a server shows.
type Certificate string

// The certificates. Those issued by the server's authority are valid for clients that
// trust Authority.
const (
	Issued        Certificate = "issued by the authority"
	IssuedExpired Certificate = "issued by the authority, and expired"
	IssuedOther   Certificate = "issued by the authority, for another name"
	SelfSigned    Certificate = "self-signed"
	OldRack       Certificate = "self-signed, expired, and for a name that no host has"
)

// identity has a server's authority and the certificate that it shows.
type identity struct {
	key       *ecdsa.PrivateKey
	authority *x509.Certificate
	names     []string

	mu      sync.Mutex
	current *tls.Certificate
}

// newIdentity shows an Issued certificate, valid for loopback and for names.
func newIdentity(names []string) (*identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "convoxtest authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	authority, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	i := &identity{key: key, authority: authority, names: append([]string{"localhost"}, names...)}
	return i, i.set(Issued)
}

// set makes a new certificate for connections made from now on.
func (i *identity) set(kind Certificate) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "convoxtest"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: i.names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if kind == IssuedOther || kind == OldRack {
		template.DNSNames, template.IPAddresses = []string{"other.example.com"}, nil
	}
	if kind == IssuedExpired || kind == OldRack {
		template.NotBefore, template.NotAfter = time.Now().Add(-30*time.Minute), time.Now().Add(-time.Minute)
	}
	parent, signer := i.authority, i.key
	if kind == SelfSigned || kind == OldRack {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.current = &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return nil
}

// show is for tls.Config.GetCertificate.
func (i *identity) show(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.current, nil
}

func (i *identity) restore(certificate *tls.Certificate) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.current = certificate
}

func (i *identity) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.authority.Raw})
}

func (i *identity) fingerprint() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	sum := sha256.Sum256(i.current.Certificate[0])
	return hex.EncodeToString(sum[:])
}
