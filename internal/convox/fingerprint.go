package convox

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"strings"

	"convox-travis/internal/problem"
)

// fingerprint is the SHA-256 of a certificate in DER.
type fingerprint [sha256.Size]byte

func fingerprintOf(certificate *x509.Certificate) fingerprint {
	return sha256.Sum256(certificate.Raw)
}

// String is pairs of hexadecimal digits with colons, as openssl and browsers
// show a fingerprint.
func (f fingerprint) String() string {
	pairs := make([]string, len(f))
	for i, b := range f {
		pairs[i] = strings.ToUpper(hex.EncodeToString([]byte{b}))
	}
	return strings.Join(pairs, ":")
}

// badFingerprint does not quote the text.
func badFingerprint() *problem.Error {
	return &problem.Error{
		Code: CodeFingerprint, Reason: "not the SHA-256 fingerprint of a certificate",
		Hints: []string{"write 64 hexadecimal digits, with or without colons"},
	}
}

// parseFingerprint reads 64 hexadecimal digits in any case, with or without
// colons, and what openssl and others write before them.
func parseFingerprint(text string) (fingerprint, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	for _, before := range []string{"sha256 fingerprint=", "sha-256:", "sha256:", "sha256="} {
		if rest, found := strings.CutPrefix(text, before); found {
			text = strings.TrimSpace(rest)
			break
		}
	}
	digits := text
	if strings.Contains(text, ":") {
		pairs := strings.Split(text, ":")
		for _, pair := range pairs {
			if len(pair) != 2 {
				return fingerprint{}, badFingerprint()
			}
		}
		digits = strings.Join(pairs, "")
	}
	value, err := hex.DecodeString(digits)
	if err != nil || len(value) != sha256.Size {
		return fingerprint{}, badFingerprint() // the cause quotes a character
	}
	return fingerprint(value), nil
}
