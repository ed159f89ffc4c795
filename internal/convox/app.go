package convox

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"time"

	"convox-travis/internal/secret"
)

// appTime is how long the answer about an app may take: it decides only a warning.
const appTime = 5 * time.Second

// LacksApp reports whether a Rack says that it has no app with this name. rack is
// ORG/NAME if the host is a Console, otherwise "". The host must have accepted the
// password before. It makes one call, which a deploy key may make too; every answer other
// than "not found", and none, counts as no.
func (c *Checker) LacksApp(ctx context.Context, host Host, password secret.String, rack, app string) bool {
	if host.IsZero() || app == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, appTime)
	defer cancel()
	s := c.open(host, rack != "")
	defer s.close()
	s.rack, s.retry.Tries = rack, 1
	got, err := s.get(ctx, "/apps/"+url.PathEscape(app), clientForm(password))
	// Racks name the app that they don't find, "no such app: NAME" or "app not found: NAME"
	// (https://github.com/convox/rack, provider/aws/apps.go; https://github.com/convox/convox,
	// provider/k8s/app.go). A Rack that isn't found, or a proxy's page, doesn't.
	return err == nil && got.status == http.StatusNotFound && !got.html && bytes.Contains(got.body, []byte(app))
}
