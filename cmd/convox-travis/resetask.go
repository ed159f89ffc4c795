package main

import (
	"cmp"
	"context"
	"errors"

	"convox-travis/cfn"
	"convox-travis/internal/problem"
	"convox-travis/internal/reset"
	"convox-travis/internal/setup"
	"convox-travis/tui"
	"convox-travis/tui/flow"
)

// askReset resets step by step, as the wizard does.
func (p *program) askReset(stop setup.Stop, show *resetPresenter, finder *cfn.Finder) result {
	o := &show.o.options
	outside := p.outside(o, &wizardAWS{reach: p.reach, finder: finder}, p.repositoriesOnce(stop.Soft, o))
	outside.Clone, outside.Token, outside.Racks = nil, nil, nil // nothing of Travis is needed
	if p.form == jsonLines && p.isPlain(o) {
		outside.ResetEvent = show.event
	}
	f := flow.New(outside, flow.Given{Reset: &show.found.Rack, Fingerprint: o.fingerprint, DryRun: o.dryRun, AllowRefresh: show.o.allowRefresh})
	err := p.drive(stop, o, f)
	show.plan = f.Reset().Plan
	report := f.Reset().Report()
	switch {
	case report == nil && err == nil && o.dryRun && show.plan != nil:
		return show.dryRun(show.plan.Err())
	case report == nil:
		report = &reset.Report{Rack: show.found.Rack, Phase: reset.PhaseNothing, Err: notReset(err), Stopped: err}
	case err != nil && report.Stopped == nil:
		report.Stopped = err // it was left where it could be continued
	}
	r := show.report(*report, f.Kept()...)
	if err == nil {
		for _, line := range f.ResetNext() {
			r.notes = append(r.notes, "next: "+line)
		}
	}
	return r
}

// notReset is why a reset was not begun.
func notReset(err error) error {
	if !errors.Is(err, tui.ErrNoMoreAnswers) {
		return err
	}
	return &problem.Error{
		Code: codeUsage, Reason: "reset-password has more questions than there were answers",
		Hints: []string{"on a terminal it asks; in a script: --password-stdin --yes"},
	}
}

// guide is the reset by hand. What AWS doesn't say is left open in it.
func (p *program) guide(ctx context.Context, o *resetOptions) result {
	facts := guideFacts{rack: o.rack, profile: cmp.Or(o.profile, p.env("AWS_PROFILE"))}
	if len(o.regions) == 1 {
		facts.region = o.regions[0]
	}
	finder, found, err := p.resetRack(ctx, o)
	if stopped := context.Cause(ctx); stopped != nil {
		return failure(stopped)
	}
	if isWrong(err) {
		return failure(err)
	}
	var r result
	if err == nil {
		facts.region, facts.host = found.Rack.Region, found.Host.String()
		facts.shape, err = finder.Shape(ctx, found.Rack)
		facts.isRead = err == nil
	}
	if err != nil {
		r.leftover, r.standing = err, []string{"the stack could not be read: the commands find out for themselves what it has"}
	}
	r.text = resetGuide(facts)
	return r
}

// isWrong reports whether an error is about what was asked for, which no guide
// makes good.
func isWrong(err error) bool {
	return err != nil && exitCode(err) == exitUsage && !problem.Has(err, cfn.CodeNoCredentials, cfn.CodeMFA)
}
