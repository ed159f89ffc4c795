package cli

import (
	"context"
	"fmt"
	"sync"
	"time"

	"convox-travis/internal/connect"
	"convox-travis/internal/crash"
	"convox-travis/internal/progress"
	"convox-travis/internal/reset"
	"convox-travis/tui/flow"
)

// resetReporter shows the progress of a reset, and makes its result.
type resetReporter struct {
	*program
	o     *resetOptions
	found connect.Found
	plan  *reset.Plan
	table []string // the preview, for a dry run
	begun time.Time

	mu   sync.Mutex
	last string    // the last message, whose end the user may be waiting for; or ""
	said time.Time // when it was shown
}

// preview shows what would change.
func (s *resetReporter) preview(plan reset.Plan) {
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

// checkPermitted returns an error if the changes aren't allowed.
func (s *resetReporter) checkPermitted(plan reset.Plan) error {
	if err := plan.Err(); err != nil {
		return err
	}
	if plan.RefreshesInstances() && !s.o.allowRefresh && !s.o.dryRun {
		return usageError("AWS has a newer machine image, so the update would replace every instance, one by one",
			"pass --allow-instance-refresh to allow that now")
	}
	return nil
}

// discard ends a run that changes nothing. A change set that can't be deleted is an
// error.
func (s *resetReporter) discard(stop connect.Stop, r *reset.Reset, err error) result {
	ctx, cancel := context.WithTimeout(stop.Hard, connect.Grace)
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

// dryRun ends a dry run, or a run that can't continue.
func (s *resetReporter) dryRun(err error) result {
	if err != nil {
		return s.fail(err)
	}
	return result{
		document: s.document(reset.Report{Phase: reset.PhaseNothing}), dryRun: true,
		lines: s.table, notes: []string{"dry run: nothing was changed"},
	}
}

// event shows what happens, as it happens.
func (s *resetReporter) event(e reset.Event) {
	s.stream(eventOf(e))
	words := e.Words
	if e.Of > 0 {
		words = fmt.Sprintf("%d of %d  %s", e.Done, e.Of, e.Words)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if words != s.last {
		s.last = words
		s.sayLast()
	}
}

// sayLast shows the last message, and for how long it has been waiting.
func (s *resetReporter) sayLast() {
	s.said = time.Now()
	s.note("  %4.0f s  %s", time.Since(s.begun).Seconds(), s.last)
}

// waiting repeats the last message after each while of silence, until done is called.
func (s *resetReporter) waiting(words string) (done func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun, s.said, s.last = time.Now(), time.Now(), words
	ended := make(chan struct{})
	go func() {
		defer crash.Catch()
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				return
			case <-tick.C:
			}
			s.mu.Lock()
			if s.last != "" && time.Since(s.said) >= progress.Silence {
				s.sayLast()
			}
			s.mu.Unlock()
		}
	}()
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.last = ""
		close(ended)
	}
}

// fail ends a run before anything was changed.
func (s *resetReporter) fail(err error) result {
	return s.report(reset.Report{Rack: s.found.Rack, Phase: reset.PhaseNothing, Err: err})
}

// report is the result of a reset. Its last line is the state of the Rack.
func (s *resetReporter) report(report reset.Report, kept ...string) result {
	r := result{document: s.document(report), err: report.Err, leftover: report.Left, stopped: report.Stopped, lines: s.table}
	standing := append(kept, report.State())
	switch {
	case r.exitCode() == exitDone:
		r.lines = append(r.lines, standing...)
	case s.found.Rack.Name != "":
		r.standing = standing
	}
	return r
}

// next notes what is left to do.
func (r *result) next(all []flow.Next) {
	for _, next := range all {
		r.notes = append(r.notes, "next: "+next.String())
	}
}

// The documents of reset-password --json: one at the end; with --json=lines, events
// before it.
type (
	resetDocument struct {
		Version int                  `json:"version"`
		Event   string               `json:"event,omitempty"` // "end", among lines
		Result  string               `json:"result"`
		Rack    string               `json:"rack"`
		Region  string               `json:"region"`
		Host    string               `json:"host"`
		Phase   string               `json:"phase"`  // how far it got
		Status  string               `json:"status"` // of the stack, if known
		Verdict *string              `json:"verdict"`
		Changes list[changeDocument] `json:"changes"`
		Where   *string              `json:"where"` // the new password is, in words, once the update may have started
		Left    *messageDocument     `json:"left"`  // what couldn't be deleted
		Error   *messageDocument     `json:"error"`
	}
	changeDocument struct {
		Resource    string `json:"resource"`
		Type        string `json:"type"`
		Action      string `json:"action"`
		Replacement string `json:"replacement"`
	}
	previewDocument struct {
		Event   string               `json:"event"`
		Verdict *string              `json:"verdict"`
		Why     list[string]         `json:"why"`
		Changes list[changeDocument] `json:"changes"`
	}
	resetEventDocument struct {
		Event    string `json:"event"` // "stack", "restart", "login" or "step"
		Phase    string `json:"phase"`
		Done     int    `json:"done"`
		Of       int    `json:"of"`
		Message  string `json:"message"`
		Resource string `json:"resource,omitempty"`
		Type     string `json:"type,omitempty"`
		Status   string `json:"status,omitempty"`
		Reason   string `json:"reason,omitempty"`
		At       string `json:"at,omitempty"`
	}
)

func changesOf(plan *reset.Plan) (verdict *string, changes []changeDocument) {
	if plan == nil {
		return nil, changes
	}
	word := "unchanged" // the stack already has the password
	if plan.Preview == nil {
		return &word, changes
	}
	for _, c := range plan.Preview.Changes {
		changes = append(changes, changeDocument{c.LogicalID, c.Type, c.Action, c.Replacement})
	}
	word = string(plan.Preview.Verdict)
	return &word, changes
}

func previewOf(plan reset.Plan) previewDocument {
	document := previewDocument{Event: "preview"}
	document.Verdict, document.Changes = changesOf(&plan)
	if plan.Preview != nil {
		document.Why = plan.Preview.Why
	}
	return document
}

func eventOf(e reset.Event) resetEventDocument {
	document := resetEventDocument{Event: "step", Phase: string(e.Phase), Done: e.Done, Of: e.Of, Message: e.Words}
	switch {
	case e.Stack != nil:
		document.Event, document.Resource, document.Type = "stack", e.Stack.LogicalID, e.Stack.Type
		document.Status, document.Reason, document.At = e.Stack.Status, e.Stack.Reason, e.Stack.At.UTC().Format(time.RFC3339)
	case e.Deployment != nil:
		document.Event = "restart"
	case e.Attempt != nil:
		document.Event = "login"
	}
	return document
}

func (d *resetDocument) end(h head, err *messageDocument) {
	d.Version, d.Result, d.Error = h.Version, h.Result, err
}

func (d *resetDocument) items() []any {
	d.Event = "end"
	return []any{d}
}

func (s *resetReporter) document(report reset.Report) *resetDocument {
	d := &resetDocument{
		Rack: s.o.rack, Region: s.found.Rack.Region, Host: s.found.Host.String(),
		Phase: string(report.Phase), Status: report.Status, Left: errorOf(report.Left),
	}
	if report.Where != "" && !report.OldPasswordWorks() {
		d.Where = &report.Where
	}
	d.Verdict, d.Changes = changesOf(s.plan)
	return d
}
