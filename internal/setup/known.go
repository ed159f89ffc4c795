package setup

import (
	"context"
	"strings"

	"convox-travis/travisapi"
)

// key is the same for two targets that name one repository.
func (t Target) key() Target {
	return Target{Provider: t.provider(), Slug: strings.ToLower(t.Slug)}
}

// listedOf are the repositories of a list of which nothing is left to be asked.
func listedOf(known []travisapi.Repository) map[Target]travisapi.Repository {
	listed := make(map[Target]travisapi.Repository, len(known))
	for _, r := range known {
		if _, said := r.Permissions["create_env_var"]; said {
			listed[Target{Provider: r.Provider, Slug: r.Slug}.key()] = r
		}
	}
	return listed
}

// knowing is a Travis that is not asked for a repository which a list gave, the
// zero one being none.
func knowing(travis Travis, listed travisapi.Repository) Travis {
	if listed.ID == 0 {
		return travis
	}
	return listedTravis{travis, listed}
}

type listedTravis struct {
	Travis
	listed travisapi.Repository
}

func (t listedTravis) Repository(context.Context, travisapi.Ref) (travisapi.Repository, error) {
	return t.listed, nil
}
