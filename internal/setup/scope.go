package setup

import (
	"maps"
	"slices"

	"convox-travis/internal/convox"
	"convox-travis/travisapi"
)

// inScope returns the variables called name of one scope: a branch, or all
// branches when branch is "". The last one wins in a build.
func inScope(vars []travisapi.EnvVar, name, branch string) []travisapi.EnvVar {
	var found []travisapi.EnvVar
	for _, v := range vars {
		if v.Name == name && v.Branch == branch {
			found = append(found, v)
		}
	}
	return found
}

// lastInScope returns the one that wins, and the others, which never count.
func lastInScope(vars []travisapi.EnvVar, name, branch string) (last travisapi.EnvVar, others []travisapi.EnvVar, found bool) {
	all := inScope(vars, name, branch)
	if len(all) == 0 {
		return travisapi.EnvVar{}, nil, false
	}
	return all[len(all)-1], all[:len(all)-1], true
}

// branchesOf lists, sorted, the branches that have a variable of the pair of
// their own.
func branchesOf(vars []travisapi.EnvVar) []string {
	branches := map[string]bool{}
	for _, v := range vars {
		if (v.Name == HostName || v.Name == PasswordName) && v.Branch != "" {
			branches[v.Branch] = true
		}
	}
	return slices.Sorted(maps.Keys(branches))
}

// crossing tells how a pair for all branches would meet the variables that
// branches have of their own. In a build of a branch its own variables win
// (https://docs.travis-ci.com/user/environment-variables/).
type crossing struct {
	mixed        []string // own host, no own password: the new password would go to another host
	passwordOnly []string // own password, no own host: that password would go to the new host
}

func crossings(vars []travisapi.EnvVar, branch string, host convox.Host) crossing {
	var c crossing
	if branch != "" {
		return c // a branch's own pair is used by that branch alone
	}
	for _, b := range branchesOf(vars) {
		own, _, hasHost := lastInScope(vars, HostName, b)
		_, _, hasPassword := lastInScope(vars, PasswordName, b)
		switch {
		case hasHost && !hasPassword && !isHost(own, host):
			c.mixed = append(c.mixed, b)
		case hasPassword && !hasHost:
			c.passwordOnly = append(c.passwordOnly, b)
		}
	}
	return c
}

// isHost reports whether v is known to hold host: only a public value can be
// read.
func isHost(v travisapi.EnvVar, host convox.Host) bool {
	if v.Value.IsEmpty() {
		return false
	}
	read, err := convox.ParseHost(v.Value.Reveal())
	return err == nil && read == host
}
