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
// one could not be run or followed is the repository's Err. When it is asked to
// stop it ends with that Error; the build that runs then goes on.
func (a *Audit) Prove(stop Stop, travis ProofTravis, request AuditRequest, prover Prover, hosted bool) error {
	prover.Builder = travis
	for i := range a.Repositories {
		audited := &a.Repositories[i]
		if audited.Err != nil || audited.ID == 0 {
			continue
		}
		err := prove(stop, travis, request, prover, *audited, hosted)
		if stopped := context.Cause(stop.Soft); stopped != nil && err != nil {
			return err
		}
		failed, is := errors.AsType[*Error](err)
		if !is || failed.Code() != CodeProofFailed {
			audited.Err = err
			continue
		}
		f := &findings{of: audited.Target}
		f.add(SeverityError, FoundProof, failed.Error(), strings.Join(failed.Hints(), "\n"))
		a.Findings = append(a.Findings, f.all...)
	}
	return nil
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
