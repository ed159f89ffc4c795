package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/reset"
	"convox-travis/internal/setup"
)

// resetPresenter tells how a reset goes: the result to standard output, as a
// line for a person or as JSON; everything else to standard error.
type resetPresenter struct {
	*program
	o     *resetOptions
	found setup.Found
	plan  *reset.Plan
	last  string // what a person was told last
	begun time.Time
}

func (s *resetPresenter) note(format string, args ...any) {
	if s.o.json == "" {
		fmt.Fprintln(s.err, shellescape.StripUnsafe(fmt.Sprintf(format, args...)))
	}
}

// result tells a person what was asked for.
func (s *resetPresenter) result(format string, args ...any) {
	if s.o.json == "" {
		fmt.Fprintln(s.out, shellescape.StripUnsafe(fmt.Sprintf(format, args...)))
	}
}

// preview shows what would change.
func (s *resetPresenter) preview(plan reset.Plan) {
	s.plan = &plan
	if s.o.json == jsonLines {
		_ = printJSON(s.out, previewOf(plan)) // what cannot be written is told at the end
	}
	tell := s.note
	if s.o.dryRun {
		tell = s.result // that is what was asked for
	}
	for _, row := range plan.Table() {
		tell("  %s", row)
	}
	tell("%s", plan.Judgment())
	if plan.Preview != nil {
		for _, why := range plan.Preview.Why {
			tell("  %s", why)
		}
	}
}

// agreed reports why what would change may not be done.
func (s *resetPresenter) agreed(plan reset.Plan) error {
	if err := plan.Err(); err != nil {
		return err
	}
	if plan.RefreshesInstances() && !s.o.allowRefresh && !s.o.dryRun {
		return &usageError{
			what:  "there is a newer machine image, so the update would replace every instance, one by one: that needs a word of its own",
			hints: []string{"if that may happen now: --allow-instance-refresh"},
		}
	}
	return nil
}

// discarded ends a run that changes nothing. A change set that is left behind is
// no good end.
func (s *resetPresenter) discarded(stop setup.Stop, r *reset.Reset, err error) error {
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
func (s *resetPresenter) dryRun(err error) error {
	if err != nil {
		return s.fail(err)
	}
	s.note("nothing was changed: this was a dry run")
	s.document("dry-run", reset.Report{Phase: reset.PhaseNothing}, nil)
	return nil
}

// event tells what happens, as it happens.
func (s *resetPresenter) event(e reset.Event) {
	if s.o.json == jsonLines {
		_ = printJSON(s.out, eventOf(e)) // what cannot be written is told at the end
	}
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
func (s *resetPresenter) fail(err error) error {
	return s.report(reset.Report{Rack: s.found.Rack, Phase: reset.PhaseNothing, Err: err})
}

// report says how a reset ended. The last line says in what state the Rack is.
func (s *resetPresenter) report(report reset.Report, kept ...string) error {
	code := resetExit(report)
	s.document(results[code], report, report.Err)
	printErrors(s.err, report.Left)
	standing := append(kept, report.Standing())
	if code == exitDone {
		for _, line := range standing {
			s.result("%s", line)
		}
		return nil
	}
	if report.Err != nil {
		printError(s.err, report.Err)
	}
	if s.found.Rack.Name != "" {
		for _, line := range standing {
			fmt.Fprintln(s.err, shellescape.StripUnsafe(line))
		}
	}
	return &reportedError{code: code}
}

// resetExit is the exit code of a reset.
func resetExit(report reset.Report) int {
	switch {
	case errors.Is(report.Stopped, errInterrupted):
		return exitInterrupted
	case report.Err == nil:
		return exitDone
	}
	return exitCode(report.Err)
}
