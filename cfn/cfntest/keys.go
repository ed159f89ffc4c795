package cfntest

import (
	"cmp"
	"net/http"
	"strings"
	"time"
)

// User is an IAM user with an access key. The key is made up, so it is no
// secret.
type User struct {
	Account string // twelve digits
	Name    string
	KeyID   string
	Secret  string
	// Partition is the only one in which the key is known, with regions of its own:
	// aws-us-gov or aws-cn; "" is aws.
	Partition string
}

// Role is an IAM role that the users of its account may assume.
type Role struct {
	Account string
	Name    string
	// MFASerial is the device that has to be shown, or "".
	MFASerial string
	// ExternalID has to be sent where it is set.
	ExternalID string
}

// ARN is the role's name to AWS.
func (r Role) ARN() string { return "arn:aws:iam::" + r.Account + ":role/" + r.Name }

// key is an access key, and whose it is.
type key struct {
	secret    string
	account   string
	partition string
	arn       string    // of the user, or of the role's session
	id        string    // the unique identifier of the user or session
	token     string    // of a session; a user's key has none
	expires   time.Time // of a session
}

// AddUser adds a user, or another key of one.
func (s *Server) AddUser(u User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.account == "" {
		s.account = u.Account
	}
	s.keys[u.KeyID] = &key{
		secret: u.Secret, account: u.Account, partition: cmp.Or(u.Partition, "aws"),
		arn: "arn:aws:iam::" + u.Account + ":user/" + u.Name,
		id:  "AIDA" + strings.ToUpper(hash([]byte(u.Account + u.Name)))[:17],
	}
}

// AddRole adds a role.
func (s *Server) AddRole(r Role) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roles[r.ARN()] = r
}

// AddMFACode lets the device of this serial show the code, which is good once.
func (s *Server) AddMFACode(serial, code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.devices[serial] = append(s.devices[serial], code)
}

// ExpireSessions ends all sessions that were given out.
func (s *Server) ExpireSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, k := range s.keys {
		if k.token != "" {
			ended := *k
			ended.expires = time.Now()
			s.keys[id] = &ended
		}
	}
}

// admit checks all of a key but the signature.
func (k *key) admit(r *http.Request) *failure {
	token := r.Header.Get("X-Amz-Security-Token")
	switch {
	case k == nil || k.token != token:
		return refusal(http.StatusForbidden, "InvalidClientTokenId", unknownToken)
	case k.token != "" && !time.Now().Before(k.expires):
		return refusal(http.StatusForbidden, "ExpiredToken", "The security token included in the request is expired")
	}
	return nil
}

const unknownToken = "The security token included in the request is invalid."
