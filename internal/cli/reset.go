package cli

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"convox-travis/cfn"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/crash"
	"convox-travis/internal/progress"
	"convox-travis/internal/reset"
	"convox-travis/internal/secret"
	"convox-travis/tui"
	"convox-travis/tui/flow"
)

func newResetPassword(p *program, stop *connect.Stop) *cobra.Command {
	var o resetOptions
	var cmd *cobra.Command
	cmd = p.newCommand(&cobra.Command{
		Use:   "reset-password RACK",
		Short: "Set a new password for a Rack in CloudFormation",
		Long: `Set a new password for a Rack with a lost password. Every other parameter of the
stack keeps its value. Then the web service restarts, and the reset is done when
only the new password logs in. It asks first, and offers safer options. Run it
again with the same password to continue.`,
		Example: `  convox-travis reset-password production
  convox-travis reset-password production --guide
  convox-travis reset-password production --password-stdin --yes < new.txt`,
		Annotations: map[string]string{helpExits: "0 done, 1 failed, 2 wrong usage, 3 update unfinished, 4 refused"},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			return usageError("reset-password takes one argument, the Rack's name", "run convox-travis racks to list the Racks")
		},
	}, func() document {
		d := &resetDocument{Phase: string(reset.PhaseNothing)}
		if p.hasWritten.Load() { // the run was abandoned
			d.Phase = string(reset.PhaseUnknown)
		}
		if args := cmd.Flags().Args(); len(args) == 1 {
			d.Rack = args[0]
		}
		return d
	}, o.check, func(_ context.Context, args []string) result {
		o.rack = args[0]
		return p.resetPassword(*stop, &o)
	})
	flags := cmd.Flags()
	o.awsFlags(flags)
	flags.BoolVar(&o.guide, "guide", false, "print the steps to do by hand, and do nothing")
	flags.BoolVar(&o.passwordStdin, "password-stdin", false, "read the new password from standard input")
	flags.BoolVar(&o.saved, "saved", false, "continue with the new password that was saved")
	flags.BoolVar(&o.allowRefresh, "allow-instance-refresh", false, "let the update replace every instance, one by one")
	o.fingerprintFlag(flags)
	flags.BoolVar(&o.dryRun, "dry-run", false, "show what would change, but change nothing")
	o.runFlags(flags)
	flags.Lookup("yes").Usage = "don't ask"
	flags.Lookup("json").Usage = "print JSON: one document, or `lines`, one per event"
	return cmd
}

// resetOptions is what the flags of a reset say.
type resetOptions struct {
	options
	guide        bool
	allowRefresh bool
}

func (p *program) resetPassword(stop connect.Stop, o *resetOptions) result {
	if o.guide {
		return p.guide(stop.Soft, o)
	}
	show := &resetReporter{program: p, o: o}
	if o.saved && o.passwordStdin {
		return show.fail(usageError("--saved and --password-stdin exclude each other: each is a new password", "pass one of them"))
	}
	asks := !o.yes && !o.passwordStdin && !o.saved && (p.isPlain(&o.options) || p.inIsTerminal && p.errIsTerminal)
	if !asks {
		if err := p.resetAnswers(o); err != nil {
			return show.fail(err)
		}
	}
	finder, found, err := p.resetRack(stop.Soft, o)
	if err != nil {
		return show.fail(err)
	}
	show.found = found
	if asks {
		return p.askReset(stop, show, finder)
	}
	return p.reset(stop, show, finder)
}

// resetAnswers lists what a reset without questions lacks.
func (p *program) resetAnswers(o *resetOptions) error {
	var m missing
	if !o.passwordStdin && !o.saved && !o.dryRun {
		m.add("the new password", "pipe the new password in with --password-stdin")
	}
	if !o.yes && !o.dryRun {
		m.add("your confirmation", "pass --yes, or run it on a terminal without --password-stdin and --saved")
	}
	return m.err("reset-password")
}

// resetRack finds the Rack's stack.
func (p *program) resetRack(ctx context.Context, o *resetOptions) (*cfn.Finder, connect.Found, error) {
	finder, err := p.connections.finder(o.profile, p.mfaCode())
	if err != nil {
		return nil, connect.Found{}, err
	}
	if p.errIsTerminal && !o.guide {
		p.note("looking for Rack %s …", o.rack)
	}
	found, err := connect.FindRack(ctx, finder, o.regions, o.rack)
	if stopped := context.Cause(ctx); stopped != nil {
		return nil, found, stopped
	}
	return finder, found, err
}

// reset resets the password without questions.
func (p *program) reset(stop connect.Stop, show *resetReporter, finder *cfn.Finder) result {
	o := show.o
	r := &reset.Reset{Rack: show.found.Rack, Host: show.found.Host, Logins: p.logins(), Clock: p.connections.retry.Clock}
	request, err := p.resetRequest(stop.Soft, o, r)
	if err != nil {
		return show.fail(err)
	}
	if request.Checker, err = p.connections.checker(o.fingerprint); err != nil {
		return show.fail(err)
	}
	if err := r.Look(stop.Soft, finder); err != nil {
		return show.report(reset.Report{Rack: r.Rack, Phase: reset.PhaseNothing, Err: err, Stopped: stop.Asked()})
	}
	// Don't wait for another update: whoever started it may not want a new password
	// after it.
	if stack := r.Stack; stack.InProgress && stack.Reset {
		show.note("an earlier reset is still updating Rack %s: waiting until it ends", r.Rack.Name)
		done := show.waiting("waiting for the update to end")
		report := r.Await(stop, request, show.event)
		if done(); report.Err != nil {
			return show.report(report)
		}
	}
	done := show.waiting("previewing the changes")
	err = r.Prepare(stop, request)
	if done(); err != nil {
		return show.fail(err)
	}
	plan := *r.Plan
	show.preview(plan)
	err = plan.Err()
	if err == nil && plan.RefreshesInstances() && !o.allowRefresh && !o.dryRun {
		err = usageError("AWS has a newer machine image, so the update would replace every instance, one by one",
			"pass --allow-instance-refresh to allow that now")
	}
	if err != nil || o.dryRun {
		return show.discard(stop, r, err)
	}
	done = show.waiting("starting the update")
	report := r.Run(stop, show.event)
	done()
	end := show.report(report)
	if r.IsDone() {
		end.next(flow.Affected(r.Rack.Name, r.Host))
	}
	return end
}

// resetRequest is the new password of a reset without questions.
func (p *program) resetRequest(ctx context.Context, o *resetOptions, r *reset.Reset) (request reset.Request, err error) {
	switch {
	case o.passwordStdin:
		text, err := p.standardInput(ctx, resetInput)
		return reset.Request{New: secret.New(convox.CutLineEnding(text)), Where: "the one you piped in"}, err
	case !o.saved: // a dry run needs any password
		return reset.Request{New: convox.NewPassword()}, nil
	}
	if request = r.ReadSaved(); request.New.IsEmpty() {
		err = usageError(fmt.Sprintf("no reset of %s was started here with a saved new password", r.Host),
			"pipe the new password in with --password-stdin",
			"or run this without --saved, on a terminal")
	}
	return request, err
}

func (p *program) logins() convox.Logins { return convox.NewLogins(p.env, p.home, p.goos) }

var resetInput = input{
	flag: "--password-stdin", longest: secretInput.longest, what: secretInput.what,
	terminal: secretInput.terminal, example: "convox-travis reset-password RACK --password-stdin --yes < FILE",
}

// askReset resets the password step by step, with the wizard's questions.
func (p *program) askReset(stop connect.Stop, show *resetReporter, finder *cfn.Finder) result {
	o := &show.o.options
	outside := p.outside(o, &wizardAWS{options: o, connections: p.connections, finder: finder}, p.repositoriesOnce(stop.Soft, o))
	outside.Clone, outside.Token, outside.Racks = nil, nil, nil // a reset doesn't need Travis
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
		report.Stopped = err // it can be continued
	}
	r := show.report(*report, f.Kept()...)
	if title, _ := f.Ending(); title != "" {
		r.shown = true
	} else if err == nil {
		r.next(f.ResetNext())
	}
	return r
}

// notReset is why a reset wasn't started.
func notReset(err error) error {
	if !errors.Is(err, tui.ErrNoMoreAnswers) {
		return err
	}
	return usageError("the input of reset-password ended before its questions did",
		"run it on a terminal, or in a script with --password-stdin --yes")
}

// resetReporter shows the progress of a reset, and makes its result.
type resetReporter struct {
	*program
	o     *resetOptions
	found connect.Found
	plan  *reset.Plan
	table []string // the preview, for a dry run
	begun time.Time

	mu      sync.Mutex
	last    string // the last message, whose end the user may be waiting for; or ""
	shownAt time.Time
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
		s.showLast()
	}
}

// showLast shows the last message, and for how long it has been waiting.
func (s *resetReporter) showLast() {
	s.shownAt = time.Now()
	s.note("  %4.0f s  %s", time.Since(s.begun).Seconds(), s.last)
}

// waiting repeats the last message after each while of silence, until done is called.
func (s *resetReporter) waiting(words string) (done func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun, s.shownAt, s.last = time.Now(), time.Now(), words
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
			if s.last != "" && time.Since(s.shownAt) >= progress.Silence {
				s.showLast()
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
func (s *resetReporter) report(report reset.Report, saved ...string) result {
	r := result{document: s.document(report), err: report.Err, leftover: report.Left, stopped: report.Stopped, lines: s.table}
	lines := append(saved, report.State())
	switch {
	case r.exitCode() == exitDone:
		r.lines = append(r.lines, lines...)
	case s.found.Rack.Name != "":
		r.lasting = lines
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
