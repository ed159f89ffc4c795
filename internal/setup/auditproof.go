package setup

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"convox-travis/internal/problem"
	"convox-travis/travisapi"
)

// ProofTravis is what an audit needs to have builds prove what is set.
type ProofTravis interface {
	Builder
	Repository(context.Context, travisapi.Ref) (travisapi.Repository, error)
}

// Prove has a build of each repository that could be read log in with what is
// set, one after the other. A build that does not is a finding, FoundProof; why
// one could not be run or followed is the repository's Err. Where it is known
// that it would not log in, none is asked for. When it is asked to stop it ends
// with that Error; the build that runs then goes on.
func (a *Audit) Prove(stop Stop, travis ProofTravis, request AuditRequest, prover Prover, hosted bool) error {
	tell := prover.Tell
	for i := range a.Repositories {
		audited := &a.Repositories[i]
		if audited.Err != nil || audited.ID == 0 {
			continue
		}
		if audited.Unbuilt = audited.unbuilt; audited.Unbuilt != "" {
			continue
		}
		var last ProofEvent
		prover.Builder, prover.Tell = travis, func(e ProofEvent) {
			last = e
			if tell != nil {
				tell(e)
			}
		}
		err := prove(stop, travis, request, prover, *audited, hosted)
		if stopped := context.Cause(stop.Soft); stopped != nil && err != nil {
			return err
		}
		switch {
		case err == nil:
			audited.Proof = &last
		case problem.Code(err) != CodeProofFailed:
			audited.Err = err
		default:
			f := &findings{of: audited.Target}
			f.add(SeverityError, FoundProof, problem.Of(err).Reason, strings.Join(problem.Of(err).Hints, "\n"))
			a.Findings = append(a.Findings, f.all...)
			a.sort()
		}
	}
	return nil
}

// sort puts the findings in their order again, when one has come late.
func (a *Audit) sort() {
	order := make(map[Target]int)
	for i, audited := range a.Repositories {
		order[audited.Target] = i + 1
	}
	slices.SortStableFunc(a.Findings, func(x, y Finding) int {
		return cmp.Or(cmp.Compare(order[x.Target], order[y.Target]), bySeverity(x, y))
	})
}

// built is the branch that a build proves the pair of.
func (c *auditCase) built() string {
	return cmp.Or(c.request.Branch, c.repository.DefaultBranch, "main")
}

// unbuilt is why a build of a repository would prove nothing, or send a password
// to a host that it may not be for; or "". What such a build runs takes the place
// of the .travis.yml, and what that sets is gone.
func (c *auditCase) unbuilt() string {
	branch := c.built()
	host, password := c.originOf(HostName, branch), c.originOf(PasswordName, branch)
	switch {
	case c.err != nil:
		return "its settings could not be read"
	case host == ofFile || password == ofFile:
		return "the pair is in the file, and such a build does without it: the next build of a push shows whether it logs in"
	case host == nowhere || password == nowhere:
		return "the pair is not set" + c.forBranch(branch)
	case host == ofBranch && password != ofBranch && !c.sameHost(branch):
		return "branch " + showBranch(branch) + " has a " + HostName + " of its own and no password: the build would send that host the password of " + password.name()
	case host != password && !(host == ofBranch && c.sameHost(branch)):
		return HostName + " and " + PasswordName + " are not from one place" + c.forBranch(branch)
	case c.overridden(branch):
		return overrideName + " is set" + ignoresPair
	case !c.repository.Active:
		return "Travis does not build the repository"
	}
	return ""
}

// forBranch says for which branch, where another one's pair is another.
func (c *auditCase) forBranch(branch string) string {
	if len(branchesOf(c.vars)) == 0 {
		return ""
	}
	return " for branch " + showBranch(branch) + ", which would be built"
}

// overridden reports whether builds of a branch get what the convox client takes
// before the pair.
func (c *auditCase) overridden(branch string) bool {
	return len(c.file.sets(overrideName))+len(inScope(c.vars, overrideName, ""))+len(inScope(c.vars, overrideName, branch)) > 0 ||
		slices.ContainsFunc(c.account, func(v travisapi.AccountEnvVar) bool { return v.Name == overrideName })
}

func prove(stop Stop, travis ProofTravis, request AuditRequest, prover Prover, audited Audited, hosted bool) error {
	ref := travisapi.ByID(audited.ID)
	repository, err := travis.Repository(stop.Soft, ref)
	if err != nil {
		return err
	}
	return prover.Prove(stop, ProofRequest{
		Target: audited.Target, Ref: repository.Ref(), Branch: audited.branch,
		Console: request.Credential.Console, Rack: request.Rack, Hosted: hosted,
	})
}
