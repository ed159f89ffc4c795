package connect

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"slices"

	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/travisyml"
	"convox-travis/travisapi"
)

// padding is the overhead of PKCS #1 v1.5, in bytes
// (https://www.rfc-editor.org/rfc/rfc8017#section-7.2).
const padding = 11

// longestKey limits a key, in bits: Travis makes 4096, and the time for a key grows with
// the square of its length.
const longestKey = 16384

// CodeShortKey marks the Error for a key that is too short for a variable.
const CodeShortKey = "short_key"

// Encrypt makes the content of a "secure:" item in .travis.yml
// (https://docs.travis-ci.com/user/encryption-keys/): NAME=VALUE, with the value quoted
// for Bash, encrypted with the repository's own key, in base64. Only builds of this
// repository can read it. The error is a problem.Error.
func Encrypt(key travisapi.Key, name string, value secret.String) (string, error) {
	public, err := publicKey(key.PEM)
	if err != nil {
		return "", err
	}
	text := []byte(name + "=" + convox.Quote(value).Reveal())
	defer clear(text)
	if most := public.Size() - padding; len(text) > most {
		return "", &problem.Error{
			Code:   CodeShortKey,
			Action: "encrypt", Object: name, Reason: fmt.Sprintf("the repository's key has %d bits, so it encrypts at most %d bytes, and this is %d", public.N.BitLen(), most, len(text)),
			Hints: []string{"write it to the repository's settings instead, which have no such limit"},
		}
	}
	//lint:ignore SA1019 Travis reads nothing else
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, public, text)
	if err != nil {
		return "", badKey() // the cause says nothing useful about the key
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

// publicKey reads a key from Travis, in PKIX or PKCS #1.
func publicKey(text string) (*rsa.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, badKey()
	}
	public, err := x509.ParsePKCS1PublicKey(block.Bytes)
	if err != nil {
		key, _ := x509.ParsePKIXPublicKey(block.Bytes) // nil is no key
		public, _ = key.(*rsa.PublicKey)
	}
	if public == nil || public.N.BitLen() > longestKey {
		return nil, badKey()
	}
	return public, nil
}

func badKey() error {
	return &problem.Error{
		Code: "bad_key", Reason: "the key that Travis returned for the repository can't be used",
		Hints: []string{"write the variables to the repository's settings instead"},
	}
}

// Placeholder is the text of Placeholders.
const Placeholder = "madeWhenItIsWritten"

// Placeholders stand for the variables before they are encrypted.
func Placeholders() []travisyml.Secure {
	return []travisyml.Secure{{Name: HostName, Text: Placeholder}, {Name: PasswordName, Text: Placeholder}}
}

// MissingSecure returns placeholders for the variables that a file doesn't have encrypted
// by this program. The error is travisyml's, for a file that can't be parsed.
func MissingSecure(file travisyml.File) ([]travisyml.Secure, error) {
	document, err := travisyml.Parse(file.Text)
	if err != nil {
		return nil, err
	}
	there := document.OurSecure()
	return slices.DeleteFunc(Placeholders(), func(s travisyml.Secure) bool { return slices.Contains(there, s.Name) }), nil
}

// EncryptPair encrypts both variables.
func EncryptPair(key travisapi.Key, c Credential) ([]travisyml.Secure, error) {
	var all []travisyml.Secure
	for _, name := range []string{HostName, PasswordName} {
		text, err := Encrypt(key, name, c.value(name))
		if err != nil {
			return nil, err
		}
		all = append(all, travisyml.Secure{Name: name, Text: text})
	}
	return all, nil
}
