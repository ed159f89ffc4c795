package setup

import "strings"

// Again decides anew for another request with the same credential, from what was
// read for this plan: it makes no call. Repositories that the request does not
// name are left out; all that it names must have been read.
func (p Plan) Again(request Request) Plan {
	wanted := make(map[string]bool, len(request.Targets))
	for _, target := range request.Targets {
		wanted[strings.ToLower(target.String())] = true
	}
	again := p
	again.Branch, again.Repositories = request.Branch, make([]RepositoryPlan, 0, len(wanted))
	for _, repository := range p.Repositories {
		if wanted[strings.ToLower(repository.Target.String())] {
			again.Repositories = append(again.Repositories, repository.again(request))
		}
	}
	return again
}

// again decides anew, unless it could not be read.
func (p RepositoryPlan) again(request Request) RepositoryPlan {
	if p.Err != nil && !IsMixed(p.Err) {
		return p
	}
	fresh := newRepositoryPlan(p.Target)
	fresh.Repository, fresh.before = p.Repository, p.before
	fresh.decide(request)
	return fresh
}
