package setup

import (
	"cmp"
	"context"
	"errors"
	"strings"

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
		if audited.Unbuilt = a.unbuilt(*audited); audited.Unbuilt != "" {
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
		failed, is := errors.AsType[*Error](err)
		switch {
		case err == nil:
			audited.Proof = &last
		case !is || failed.Code() != CodeProofFailed:
			audited.Err = err
		default:
			f := &findings{of: audited.Target}
			f.add(SeverityError, FoundProof, failed.Error(), strings.Join(failed.Hints(), "\n"))
			a.Findings = append(a.Findings, f.all...)
		}
	}
	return nil
}

// unbuilt is why a build of a repository would prove nothing, or "". What such a
// build runs takes the place of the .travis.yml, and what that sets is gone.
func (a *Audit) unbuilt(audited Audited) string {
	if audited.pairInFile {
		return "the pair is in the file, and such a build does without it: the next build of a push shows whether it logs in"
	}
	for _, f := range a.Findings {
		if f.Target != audited.Target {
			continue
		}
		switch f.Code {
		case FoundMissingPair, FoundMissingHost, FoundMissingPassword:
			return "the pair is not set"
		case FoundInactive:
			return "Travis does not build the repository"
		}
	}
	return ""
}

func prove(stop Stop, travis ProofTravis, request AuditRequest, prover Prover, audited Audited, hosted bool) error {
	ref := travisapi.ByID(audited.ID)
	repository, err := travis.Repository(stop.Soft, ref)
	if err != nil {
		return err
	}
	return prover.Prove(stop, ProofRequest{
		Target: audited.Target, Ref: repository.Ref(), Branch: cmp.Or(request.Branch, repository.DefaultBranch, "main"),
		Console: request.Credential.Console, Rack: request.Rack, Hosted: hosted,
	})
}
