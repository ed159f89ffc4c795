package convox

import (
	"context"
	"encoding/json"
	"net/http"

	"convox-travis/internal/secret"
)

// Console checks a key of a Console in the form in which the convox client
// sends it, by GET /racks, which a deploy key may do: GET /auth is refused to
// deploy keys (https://github.com/convox/rack/issues/3073). That is asked too,
// beside it, and when it lets the key in, the key looks like a person's own.
//
// The error has one of the codes of a login, or wraps the cause of ctx when that ended.
func (c *Checker) Console(ctx context.Context, host Host, key secret.String) (Login, error) {
	if host.IsZero() {
		return Login{}, badHost("there is none")
	}
	s := c.open(host, true)
	defer s.close()
	return s.enterConsole(ctx, key)
}

func (s *session) enterConsole(ctx context.Context, key secret.String) (Login, error) {
	form := clientForm(key)
	auth := s.beside(ctx, "/auth", form)
	defer auth.end()

	got, err := s.get(ctx, "/racks", form)
	if err != nil {
		return Login{}, s.ended(ctx, err)
	}
	switch {
	case got.status == http.StatusUnauthorized, got.status == http.StatusForbidden:
		return Login{}, s.explain(ctx, "/racks", key, got)
	case got.status == http.StatusNotFound:
		return Login{}, s.stranger("it has no list of Racks, as a Rack has none", true)
	case got.status != http.StatusOK:
		return Login{}, s.strange(got)
	case got.html:
		return Login{}, s.stranger("a page for people answers there", false)
	}
	login := Login{Host: s.host}
	if login.Racks, err = s.racks(got.body); err != nil {
		return Login{}, err
	}
	person, err := auth.wait()
	if ctx.Err() != nil || isTLS(err) {
		return Login{}, s.ended(ctx, err)
	}
	login.PersonalKey = err == nil && person.status == http.StatusOK && !person.html
	return login, nil
}

// racks reads the answer of GET /racks. Old Racks list themselves there, without
// an organization (https://github.com/convox/rack, api/controllers/racks.go).
func (s *session) racks(body []byte) ([]Rack, error) {
	var list []map[string]any
	if json.Unmarshal(body, &list) != nil || list == nil {
		return nil, s.stranger("its answer is no list of Racks", false)
	}
	racks := make([]Rack, 0, len(list))
	for _, item := range list {
		organization, _ := item["organization"].(map[string]any)
		rack := Rack{
			Organization: word(organization["name"]),
			Name:         word(item["name"]),
			Status:       word(item["status"]),
			Provider:     word(item["provider"]),
			Region:       word(item["region"]),
			Version:      word(item["version"]),
		}
		if rack.Organization != "" && rack.Name != "" {
			racks = append(racks, rack)
		}
	}
	if len(racks) == 0 && len(list) > 0 {
		return nil, s.stranger("its list of Racks names no organization", true)
	}
	return racks, nil
}
