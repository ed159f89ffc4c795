package main

import (
	"context"
	"fmt"
	"time"

	"convox-travis/internal/setup"
)

// resetPresenter makes the result of a reset, and shows its progress.
type resetPresenter struct {
	*program
	o     *resetOptions
	found setup.Found
	plan  *setup.ResetPlan
	table []string // the preview, where that was asked for
	where string   // the new password is, in words
	last  string   // what a person was told last
	begun time.Time
}

// preview shows what would change.
func (s *resetPresenter) preview(plan setup.ResetPlan) {
	s.plan = &plan
	s.stream(previewOf(plan))
	var lines []string
	for _, row := range plan.Table() {
		lines = append(lines, "  "+row)
	}
	lines = append(lines, plan.Judgement())
	if plan.Preview != nil {
		for _, why := range plan.Preview.Why {
			lines = append(lines, "  "+why)
		}
	}
	if s.o.dryRun {
		s.table = lines // the result
		return
	}
	for _, line := range lines {
		s.note("%s", line)
	}
}

// agreed reports why what would change may not be done.
func (s *resetPresenter) agreed(plan setup.ResetPlan) error {
	if err := plan.Err(); err != nil {
		return err
	}
	if plan.RefreshesInstances() && !s.o.allowRefresh && !s.o.dryRun {
		return usageError("there is a newer machine image, so the update would replace every instance, one by one: that needs a word of its own",
			"if that may happen now: --allow-instance-refresh")
	}
	return nil
}

// discarded ends a run that changes nothing. A change set that is left behind is
// no good end.
func (s *resetPresenter) discarded(stop setup.Stop, resetter setup.Resetter, plan setup.ResetPlan, err error) result {
	ctx, cancel := context.WithTimeout(stop.Hard, setup.Grace)
	defer cancel()
	report := setup.ResetReport{Rack: s.found.Rack, Phase: setup.PhaseNothing, HeldBefore: true, Err: err, Left: resetter.Discard(ctx, plan)}
	if report.Err == nil {
		report.Err, report.Left = report.Left, nil
	}
	if report.Err != nil {
		return s.report(report)
	}
	return s.dryRun(nil)
}

// dryRun ends a dry run, or a run that could not go on.
func (s *resetPresenter) dryRun(err error) result {
	if err != nil {
		return s.fail(err)
	}
	return result{
		document: s.document(setup.ResetReport{Phase: setup.PhaseNothing}), dryRun: true,
		lines: s.table, notes: []string{"nothing was changed: this was a dry run"},
	}
}

// event tells what happens, as it happens.
func (s *resetPresenter) event(e setup.ResetEvent) {
	s.stream(eventOf(e))
	words := e.Words
	if e.Of > 0 {
		words = fmt.Sprintf("%d of %d  %s", e.Done, e.Of, e.Words)
	}
	if s.begun.IsZero() {
		s.begun = time.Now()
	}
	if words != s.last {
		s.last = words
		s.note("  %4.0f s  %s", time.Since(s.begun).Seconds(), words)
	}
}

// fail ends a run before anything was changed.
func (s *resetPresenter) fail(err error) result {
	return s.report(setup.ResetReport{Rack: s.found.Rack, Phase: setup.PhaseNothing, Err: err})
}

// report is the result of a reset. The last line says in what state the Rack is.
func (s *resetPresenter) report(report setup.ResetReport) result {
	s.where = "the one that was piped in"
	if s.o.saved {
		s.where = "the one that is saved for the convox client"
	}
	standing := report.Standing()
	if report.Phase != setup.PhaseNothing && !report.OldHolds() {
		standing += "; the new password is " + s.where
	}
	return s.reportOf(report, []string{standing})
}

func (s *resetPresenter) reportOf(report setup.ResetReport, standing []string) result {
	r := result{document: s.document(report), err: report.Err, leftover: report.Left, stopped: report.Stopped, lines: s.table}
	switch {
	case r.exitCode() == exitDone:
		r.lines = append(r.lines, standing...)
	case s.found.Rack.Name != "":
		r.standing = standing
	}
	return r
}
