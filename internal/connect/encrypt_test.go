package connect_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"convox-travis/internal/connect"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/travisapi"
)

func newKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func pkix(t *testing.T, key *rsa.PrivateKey) travisapi.Key {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return travisapi.Key{PEM: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))}
}

func pkcs1(key *rsa.PrivateKey) travisapi.Key {
	der := x509.MarshalPKCS1PublicKey(&key.PublicKey)
	return travisapi.Key{PEM: string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: der}))}
}

func TestWhatIsEncryptedComesBackInBash(t *testing.T) {
	for _, bits := range []int{1024, 2048, 4096} {
		private := newKey(t, bits)
		for _, key := range []travisapi.Key{pkix(t, private), pkcs1(private)} {
			sealed, err := connect.Encrypt(key, "CONVOX_PASSWORD", secret.New(secrettest.Canary))
			if err != nil {
				t.Fatal(err)
			}
			secrettest.Absent(t, "what is encrypted", sealed)
			encrypted, err := base64.StdEncoding.DecodeString(sealed)
			if err != nil || strings.ContainsAny(sealed, "\n ") {
				t.Fatalf("%v", err)
			}
			//lint:ignore SA1019 as Travis does
			text, err := rsa.DecryptPKCS1v15(nil, private, encrypted)
			if err != nil || string(text) != "CONVOX_PASSWORD='"+secrettest.Canary+"'" {
				t.Fatalf("%d bits: %v", bits, err)
			}
			bash, err := exec.LookPath("bash")
			if err != nil {
				continue
			}
			out, err := exec.Command(bash, "-c", "export "+string(text)+`; printf %s "$CONVOX_PASSWORD"`).Output()
			if err != nil || string(out) != secrettest.Canary {
				t.Errorf("Bash gives something else back, %v", err)
			}
		}
	}
}

func TestOpenSSLOpensWhatIsEncrypted(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Log("openssl is not here: Go alone has opened it")
		return
	}
	private := newKey(t, 2048)
	sealed, err := connect.Encrypt(pkix(t, private), "CONVOX_PASSWORD", secret.New(secrettest.Canary))
	if err != nil {
		t.Fatal(err)
	}
	encrypted, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	decrypt := exec.Command(openssl, "pkeyutl", "-decrypt", "-inkey", file, "-pkeyopt", "rsa_padding_mode:pkcs1")
	decrypt.Stdin = bytes.NewReader(encrypted)
	out, err := decrypt.Output()
	if err != nil || string(out) != "CONVOX_PASSWORD='"+secrettest.Canary+"'" {
		t.Errorf("openssl opens something else: %v", err)
	}
}

func TestAKeyThatIsTooShortIsSaid(t *testing.T) {
	old, today := newKey(t, 1024), newKey(t, 4096)
	long := strings.Repeat("x", 128-11-len("CONVOX_PASSWORD="))
	if _, err := connect.Encrypt(pkix(t, old), "CONVOX_PASSWORD", secret.New(long)); err != nil {
		t.Errorf("what just fits: %v", err)
	}
	long += "x"
	_, err := connect.Encrypt(pkix(t, old), "CONVOX_PASSWORD", secret.New(long))
	decided := problem.Of(err)
	if decided == nil || decided.Code != connect.CodeShortKey || !strings.Contains(err.Error(), "1024 bits") || !strings.Contains(decided.Hints[0], "repository's settings") {
		t.Errorf("%v", err)
	}
	secrettest.Absent(t, "the error", err.Error()+strings.Join(decided.Hints, "\n"), long)
	if _, err := connect.Encrypt(pkix(t, today), "CONVOX_PASSWORD", secret.New(long)); err != nil {
		t.Errorf("today's key: %v", err)
	}
}

func TestAKeyThatIsNoneIsRefused(t *testing.T) {
	for _, text := range []string{"", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "ssh-rsa AAAA", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("no")}))} {
		_, err := connect.Encrypt(travisapi.Key{PEM: text}, "CONVOX_PASSWORD", secret.New(secrettest.Canary))
		if problem.Of(err) == nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A key of as many bits as an answer has room for would take hours.
func TestAKeyThatIsTooLongIsRefused(t *testing.T) {
	n := new(big.Int).Lsh(big.NewInt(1), 1<<21)
	endless := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537}}
	for _, key := range []travisapi.Key{pkix(t, endless), pkcs1(endless)} {
		_, err := connect.Encrypt(key, "CONVOX_PASSWORD", secret.New(secrettest.Canary))
		if problem.Code(err) != "bad_key" {
			t.Errorf("%v", err)
		}
	}
}
