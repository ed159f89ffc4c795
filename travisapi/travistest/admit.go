package travistest

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// The limits of lib/travis/api/attack.rb.
const (
	usualPosts   = 50
	usualWindow  = 30 * time.Second
	banTime      = time.Hour
	requestLimit = 2000 // a minute
)

// attacker is what the server records about a token, valid or not.
type attacker struct {
	posts       []time.Time // within the last window
	bannedUntil time.Time
	minute      time.Time // the one being counted
	requests    int       // in it
}

// admit passes on requests of known accounts, and answers all others.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) (*account, bool) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "token ")
	switch s.attack(token, r.Method) {
	case "banned":
		text(w, http.StatusForbidden, "Forbidden\n")
		return nil, false
	case "throttled":
		text(w, http.StatusTooManyRequests, "Retry later\n")
		return nil, false
	}
	if token == "" {
		refuse(w, http.StatusForbidden, "login_required", "login required", nil)
		return nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.accounts {
		if a.Token == token {
			s.endSync(a)
			return a, true
		}
	}
	text(w, http.StatusForbidden, "access denied")
	return nil, false
}

// attack counts a request and returns why it is rejected, or "".
func (s *Server) attack(token, method string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	a := s.posts[token]
	if a == nil {
		a = &attacker{}
		s.posts[token] = a
	}
	if now.Before(a.bannedUntil) {
		return "banned"
	}
	if minute := now.Truncate(time.Minute); !minute.Equal(a.minute) {
		a.minute, a.requests = minute, 0
	}
	if a.requests++; a.requests > requestLimit {
		return "throttled"
	}
	if method == http.MethodPost && a.post(now, s.postLimit, s.postWindow) {
		return "banned"
	}
	return ""
}

// post counts a POST, and reports whether it exceeds the limit.
func (a *attacker) post(now time.Time, limit int, window time.Duration) bool {
	recent := a.posts[:0]
	for _, at := range a.posts {
		if now.Sub(at) < window {
			recent = append(recent, at)
		}
	}
	a.posts = append(recent, now)
	if len(a.posts) < limit {
		return false
	}
	a.bannedUntil = now.Add(banTime)
	return true
}

// LimitPosts bans at so many POSTs within window, for a test with less time.
func (s *Server) LimitPosts(limit int, window time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.postLimit, s.postWindow = limit, window
}

// Ban bans a token for an hour, as after too many POSTs.
func (s *Server) Ban(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posts[token] = &attacker{bannedUntil: s.Now().Add(banTime)}
}

// SetToken gives an account another token: the previous one is no longer valid.
func (s *Server) SetToken(login, token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.accounts {
		if a.Login == login {
			a.Token = token
		}
	}
}

// Pardon lifts all bans.
func (s *Server) Pardon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.posts)
}

// Banned reports whether a token is banned now.
func (s *Server) Banned(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.posts[token]
	return a != nil && s.Now().Before(a.bannedUntil)
}

func text(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(status)
	_, _ = fmt.Fprint(w, body) // the client may be gone
}
