package connect_test

import (
	"strings"
	"testing"

	"convox-travis/internal/connect"
	"convox-travis/travisapi"
)

// A secret goes to all of them, so a list with another owner's is taken for no
// answer.
func TestTheListOfAnOwnerHoldsNoOtherOnes(t *testing.T) {
	for slug, c := range map[string]struct {
		provider travisapi.Provider
		owned    bool
	}{
		"acme/web":         {travisapi.GitHub, true},
		"ACME/web":         {travisapi.GitHub, true},
		"acme/web.js":      {"", true},
		"acme/group/web":   {travisapi.GitLab, true},
		"evil/r2":          {travisapi.GitHub, false},
		"acme-evil/web":    {travisapi.GitHub, false},
		"acmes/group/web":  {travisapi.GitLab, false},
		"evil/acme/web":    {travisapi.GitLab, false},
		"acme/evil/web":    {travisapi.GitHub, false},
		"web":              {travisapi.GitHub, false},
		"":                 {travisapi.GitHub, false},
		"acme/":            {travisapi.GitHub, false},
		"acme/../evil/web": {travisapi.GitLab, false},
		"acme/w\x1b[2Jeb":  {travisapi.GitHub, false},
	} {
		listed := []travisapi.Repository{{Slug: "acme/api"}, {Slug: slug, Provider: c.provider}}
		targets, err := connect.OwnerTargets("acme", travisapi.GitHub, listed)
		switch {
		case c.owned && (err != nil || len(targets) != 2 || targets[1].Slug != slug):
			t.Errorf("%q: %v, %v", slug, targets, err)
		case !c.owned && (codeOf(err) != "another_owner" || targets != nil || !strings.Contains(err.Error(), slug) || strings.Contains(err.Error(), "acme/api")):
			t.Errorf("%q: %v, %v", slug, targets, err)
		}
	}
}
