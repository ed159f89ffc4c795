package convox

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
)

// Rack checks a Rack's password in the form in which the convox client sends
// it, by GET /auth, and beside it reads who the Rack is, by GET /system: that
// tells a Rack from a server that says yes to everything. One whose /system is
// out of order has to say no to a caller without a password.
//
// The error has one of the codes of a login, or wraps the cause of ctx when that ended.
func (c *Checker) Rack(ctx context.Context, host Host, password secret.String) (Login, error) {
	if host.IsZero() {
		return Login{}, badHost("there is none")
	}
	s := c.open(host, false)
	defer s.close()
	return s.enterRack(ctx, password)
}

func (s *session) enterRack(ctx context.Context, password secret.String) (Login, error) {
	form := clientForm(password)
	system := s.beside(ctx, "/system", form)
	defer system.end()

	auth, err := s.get(ctx, "/auth", form)
	if err != nil {
		return Login{}, s.ended(ctx, err)
	}
	switch {
	case auth.status == http.StatusUnauthorized, auth.status == http.StatusForbidden:
		return Login{}, s.explain(ctx, "/auth", password, auth)
	case auth.status != http.StatusOK:
		return Login{}, s.strange(auth)
	case auth.html:
		return Login{}, s.stranger("a page for people answers there", false)
	}
	who, err := system.wait()
	switch {
	case ctx.Err() != nil, isTLS(err):
		return Login{}, s.ended(ctx, err)
	case err != nil:
		return s.withoutName(ctx)
	}
	return s.identify(ctx, auth, who)
}

// identify holds the answer of /system beside that of /auth, which was good.
func (s *session) identify(ctx context.Context, auth, who answer) (Login, error) {
	rack, named := parseSystem(who.body)
	switch {
	case who.status == http.StatusOK && named:
		return Login{Host: s.host, Racks: []Rack{rack}}, nil
	case who.status == http.StatusOK:
		return s.withoutName(ctx)
	case who.status == http.StatusUnauthorized, who.status == http.StatusForbidden:
		return Login{}, s.refused(who) // so /auth let everyone in
	case who.status < 400:
		return Login{}, s.strange(who)
	case parseID(auth.body):
		return Login{}, s.stranger("it answers as Console does", true)
	}
	return s.withoutName(ctx)
}

// withoutName is a server that says yes, and not who it is. It is believed when
// it says no to a caller without a password.
func (s *session) withoutName(ctx context.Context) (Login, error) {
	anonymous, err := s.get(ctx, "/auth", secret.String{})
	switch {
	case err != nil:
		return Login{}, s.ended(ctx, err)
	case anonymous.status != http.StatusUnauthorized && anonymous.status != http.StatusForbidden:
		return Login{}, s.stranger("it says yes to everyone, and not which Rack it is", false)
	}
	return Login{Host: s.host}, nil
}

// strange is a status that is none of a Rack's or Console's.
func (s *session) strange(a answer) *problem.Error {
	switch {
	case a.status >= 300 && a.status < 400:
		return s.stranger("it sends callers elsewhere, and the password does not go there", false)
	case a.status == http.StatusNotFound:
		return s.stranger("it knows no login (HTTP 404)", false)
	}
	return s.stranger(fmt.Sprintf("it answers as none does (HTTP %d)", a.status), false)
}

// parseSystem reads the answer of GET /system. A Rack has a name.
func parseSystem(body []byte) (Rack, bool) {
	var system map[string]any
	if json.Unmarshal(body, &system) != nil {
		return Rack{}, false
	}
	rack := Rack{
		Name:     word(system["name"]),
		Status:   word(system["status"]),
		Provider: word(system["provider"]),
		Region:   word(system["region"]),
		Version:  word(system["version"]),
	}
	return rack, rack.Name != ""
}

// parseID reports whether an answer of GET /auth names a person.
func parseID(body []byte) bool {
	var person map[string]any
	return json.Unmarshal(body, &person) == nil && person["id"] != nil
}

// longestWord is in bytes, and far above any name.
const longestWord = 1 << 10

// word is a text from outside, fit to be shown; "" for what is no text, or no
// name.
func word(value any) string {
	text, _ := value.(string)
	if len(text) > longestWord {
		return ""
	}
	return text
}
