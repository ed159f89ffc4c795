package travistest

import (
	"cmp"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

const keyBits = 4096

// keyOf returns a repository's generated key, made on first use. That takes a moment, so
// s.mu isn't locked meanwhile.
func (s *Server) keyOf(r *repository) (*rsa.PrivateKey, error) {
	s.mu.Lock()
	if r.key == nil {
		given, bits := r.Key, cmp.Or(r.KeyBits, keyBits)
		r.key = sync.OnceValues(func() (*rsa.PrivateKey, error) {
			if given != nil {
				return given, nil
			}
			return rsa.GenerateKey(rand.Reader, bits)
		})
	}
	key := r.key
	s.mu.Unlock()
	return key()
}

// PrivateKey returns a repository's private key, which Travis itself never returns.
func (s *Server) PrivateKey(slug string) (*rsa.PrivateKey, error) {
	s.mu.Lock()
	r := s.bySlug(slug)
	s.mu.Unlock()
	if r == nil {
		return nil, fmt.Errorf("there is no repository %s", slug)
	}
	return s.keyOf(r)
}

func (s *Server) getKey(w http.ResponseWriter, t target) {
	private, err := s.keyOf(t.repository)
	if err != nil {
		text(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		text(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	sum := md5.Sum(der)
	answer(w, http.StatusOK, object{
		"@type": "key_pair", "@href": fmt.Sprintf("/repo/%d/key_pair/generated", t.repository.ID), "@representation": "standard",
		"description": "", "fingerprint": strings.ReplaceAll(fmt.Sprintf("% x", sum), " ", ":"),
		"public_key": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
	})
}

func (s *Server) getSetting(w http.ResponseWriter, t target) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := t.PathValue("setting")
	value, known := map[string]bool{"share_encrypted_env_with_forks": t.repository.ShareWithForks, "build_pushes": !t.repository.SkipPushes}[name]
	if !known {
		notFound(w, "setting")
		return
	}
	answer(w, http.StatusOK, object{
		"@type": "setting", "@href": fmt.Sprintf("/repo/%d/setting/%s", t.repository.ID, name), "@representation": "standard",
		"@permissions": object{"read": true, "write": t.account.may(t.repository, "admin")},
		"name":         name, "value": value,
	})
}
