package main

import (
	"context"
	"fmt"
	"time"

	"convox-travis/internal/problem"
	"convox-travis/internal/reset"
	"convox-travis/internal/setup"
)

// resetPresenter makes the result of a reset, and shows its progress.
type resetPresenter struct {
	*program
	o     *resetOptions
	found setup.Found
	plan  *reset.Plan
	table []string // the preview, where that was asked for
	last  string   // what a person was told last
	begun time.Time
}

// preview shows what would change.
func (s *resetPresenter) preview(plan reset.Plan) {
	s.plan = &plan
	s.stream(previewOf(plan))
	var lines []string
	for _, row := range plan.Table() {
		lines = append(lines, "  "+row)
	}
	lines = append(lines, plan.Judgment())
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
func (s *resetPresenter) agreed(plan reset.Plan) error {
	if err := plan.Err(); err != nil {
		return err
	}
	if plan.RefreshesInstances() && !s.o.allowRefresh && !s.o.dryRun {
		return &problem.Error{
			Code: codeUsage, Reason: "there is a newer machine image, so the update would replace every instance, one by one: that needs a word of its own",
			Hints: []string{"if that may happen now: --allow-instance-refresh"},
		}
	}
	return nil
}

// discarded ends a run that changes nothing. A change set that is left behind is
// no good end.
func (s *resetPresenter) discarded(stop setup.Stop, r *reset.Reset, err error) result {
	ctx, cancel := context.WithTimeout(stop.Hard, setup.Grace)
	defer cancel()
	report := reset.Report{Rack: s.found.Rack, Phase: reset.PhaseNothing, Err: err, Left: r.Close(ctx)}
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
		document: s.document(reset.Report{Phase: reset.PhaseNothing}), dryRun: true,
		lines: s.table, notes: []string{"nothing was changed: this was a dry run"},
	}
}

// event tells what happens, as it happens.
func (s *resetPresenter) event(e reset.Event) {
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
	return s.report(reset.Report{Rack: s.found.Rack, Phase: reset.PhaseNothing, Err: err})
}

// report is the result of a reset. The last line says in what state the Rack is.
func (s *resetPresenter) report(report reset.Report, kept ...string) result {
	r := result{document: s.document(report), err: report.Err, leftover: report.Left, stopped: report.Stopped, lines: s.table}
	standing := append(kept, report.Standing())
	switch {
	case r.exitCode() == exitDone:
		r.lines = append(r.lines, standing...)
	case s.found.Rack.Name != "":
		r.standing = standing
	}
	return r
}
