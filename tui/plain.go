package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"convox-travis/internal/connect"
	"convox-travis/internal/crash"
	"convox-travis/internal/progress"
	"convox-travis/internal/text"
	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

// ErrNoMoreAnswers means that the answers ended before the questions.
var ErrNoMoreAnswers = errors.New("there are no more answers")

// What a person can want in the place of an answer: the question before, or the longer
// explanation.
var (
	errBack = errors.New("back")
	errHelp = errors.New("help")
)

// shownRows is how many rows of a long list are written at a time.
const shownRows = 20

type plain struct {
	flow         *flow.Flow
	stop         connect.Stop
	in           *lineReader
	out          io.Writer
	copies       bool
	updates      chan flow.Update
	opened       bool
	reported     string    // what is being waited for, so that it is said once
	reportedWait time.Time // until when the call that was reported last waits

	// With the lock of in.
	asked string // the prompt; "" while none is read
}

// Plain runs the flow as plain questions and answers, for screen readers, dumb
// terminals and pipes. in may be a terminal: then secrets are read without an
// echo. It returns the cause of stop when that ended it, and ErrNoMoreAnswers
// when in ended early.
func Plain(stop connect.Stop, in Input, out io.Writer, f *flow.Flow) error {
	reader := newLineReader(in)
	defer reader.close()
	defer reader.restore()
	p := &plain{flow: f, stop: stop, in: reader, out: out, copies: in.Copies, updates: make(chan flow.Update)}
	defer func() {
		if title, _ := f.Ending(); title != "" {
			theme := field.NewTheme(true, field.GlyphsFor(in.Env))
			p.say("")
			printTranscript(out, in.Env, theme, widest, f)
		}
	}()
	ctx, cancel := context.WithCancel(stop.Soft)
	defer cancel()
	life, end := context.WithCancel(context.Background()) // beyond a first Ctrl-C
	defer end()
	p.watchContinued(life)
	p.search(ctx, f.Searches())
	p.awaitSearches(500 * time.Millisecond) // what is found at once is what is offered
	for {
		p.search(ctx, f.Searches())
		var err error
		switch f.State() {
		case flow.Over:
			return nil
		case flow.Waiting:
			if busy := f.Busy(); p.reported != busy {
				p.reported = busy
				p.say("%s …", busy)
			}
			err = p.wait()
		case flow.Working:
			err = p.run(p.flow.Work())
		case flow.Asking:
			err = p.ask()
		}
		if errors.Is(err, ErrNoMoreAnswers) {
			p.awaitSearches(3 * time.Second)
		}
		if err != nil {
			return err
		}
	}
}

func (p *plain) search(ctx context.Context, searches []flow.Search) {
	startSearches(ctx, searches, func(u flow.Update) { send(p.updates, u, ctx.Done()) })
}

// send sends a value, unless the listener is gone.
func send[T any](to chan<- T, value T, gone <-chan struct{}) {
	select {
	case to <- value:
	case <-gone:
	}
}

// awaitSearches lets the short searches end, so that what they find isn't reported as missing.
func (p *plain) awaitSearches(atMost time.Duration) {
	patience := time.After(atMost)
	for p.flow.Looking() {
		select {
		case u := <-p.updates:
			p.flow.Found(u)
		case <-patience:
			return
		case <-p.stop.Soft.Done():
			return
		}
	}
}

func (p *plain) wait() error {
	select {
	case u := <-p.updates:
		p.flow.Found(u)
		p.sayWait()
		return nil
	case <-p.stop.Soft.Done():
		return context.Cause(p.stop.Soft)
	}
}

// sayWait says what a call waits for, once.
func (p *plain) sayWait() {
	wait := p.flow.Wait()
	if words := wait.Text(time.Now()); words != "" && !wait.Until.Equal(p.reportedWait) {
		p.say("  %s", words)
		p.reportedWait = wait.Until
	}
}

func (p *plain) run(work *flow.Work) error {
	p.say("%s …", work.Words)
	begun := time.Now()
	said := begun // a progress, last
	lines, advances := make(chan flow.Line), make(chan flow.Progress)
	done := make(chan flow.Outcome, 1)
	over := make(chan struct{}) // nobody listens any more
	defer close(over)
	go func() {
		defer crash.Catch()
		done <- work.Run(p.stop, flow.Tell{
			Line:     func(l flow.Line) { send(lines, l, over) },
			Progress: func(at flow.Progress) { send(advances, at, over) },
		})
	}()
	stopped := p.stop.Soft.Done()
	if work.Writes {
		stopped = nil // it ends by itself, and reports what was written
	}
	for last := (flow.Progress{Words: work.Words}); ; {
		select {
		case l := <-lines:
			said = time.Now()
			p.line(l)
		case <-time.After(time.Until(said.Add(progress.Silence))):
			said = time.Now()
			p.progress(last, time.Since(begun))
		case at := <-advances:
			if at.IsNews(last, time.Since(said)) {
				last, said = at, time.Now()
				p.progress(at, time.Since(begun))
			}
		case u := <-p.updates:
			p.flow.Found(u)
			p.sayWait()
		case outcome := <-done:
			p.flow.Finish(outcome)
			return nil
		case <-stopped:
			return context.Cause(p.stop.Soft)
		}
	}
}

// ask asks the current question once, and again where the answer will not do.
func (p *plain) ask() error {
	q := p.flow.Question()
	if q.Growing {
		p.say("%s …", q.More)
		for ; q.Growing; q = p.flow.Question() {
			if err := p.wait(); err != nil {
				return err
			}
		}
	}
	if step, _ := p.flow.Step(); step == flow.StepDone || step == flow.StepResetDone {
		return p.flow.Answer(flow.Value{}) // the summary that follows says it all
	}
	if !p.opened {
		p.opened = true
		p.say("Enter takes the answer in brackets, < goes back, ? explains, Ctrl-C quits. %s", p.flow.Promise())
	}
	p.in.drop() // before it is shown, so that no answer to it is lost
	p.say("")
	p.problem(q.Problem)
	p.say("%s", q.Title)
	for _, reason := range q.Reason {
		p.say("  %s", reason)
	}
	value, err := p.answer(q)
	switch {
	case errors.Is(err, errHelp):
		for _, paragraph := range q.Help {
			p.say("  %s", paragraph)
		}
		if len(q.Help) == 0 {
			p.say("  There is no more to say about this question.")
		}
		return nil
	case errors.Is(err, errBack):
		if !p.flow.Back() {
			p.say("You can't go back from here.")
		}
		return nil
	case err != nil:
		return err
	}
	if err := p.flow.Answer(value); err != nil {
		p.problem(flow.ProblemOf(err))
	}
	return nil
}

func (p *plain) answer(q flow.Question) (flow.Value, error) {
	switch q.Kind {
	case flow.Choice:
		return p.choose(q)
	case flow.Pick:
		return p.pick(q)
	case flow.Text:
		return p.text(q)
	case flow.Secret:
		return p.secret(q)
	case flow.Shown:
		return p.shown(q)
	case flow.Confirm:
		return p.confirm(q)
	}
	for _, l := range q.Lines {
		p.line(l)
	}
	if q.Kind == flow.Review {
		return p.review(q)
	}
	return flow.Value{}, nil
}

// read reads a line behind a prompt. A lone < goes back.
func (p *plain) read(prompt string) (string, error) {
	p.prompt(prompt)
	defer p.endPrompt()
	text, err := p.in.line(p.stop.Soft)
	if err != nil {
		p.say("")
		return "", err
	}
	switch text = strings.TrimSpace(text); text {
	case "<":
		return "", errBack
	case "?":
		return "", errHelp
	}
	return text, nil
}

// say writes a line. What came from outside in it is cleaned.
func (p *plain) say(format string, args ...any) {
	fmt.Fprintln(p.out, text.Clean(fmt.Sprintf(format, args...)))
}

func (p *plain) problem(problem *flow.Problem) {
	if problem == nil {
		return
	}
	p.say("error: %s", problem.Message)
	for _, hint := range problem.Do {
		p.say("hint: %s", hint)
	}
}

func (p *plain) line(l flow.Line) {
	begin := "  "
	switch l.Tone {
	case flow.Heading:
		begin = ""
	case flow.Warning:
		begin += "warning: "
	case flow.Bad:
		begin += "error: "
	case flow.Added, flow.Replaced, flow.Removed, flow.FileAdded, flow.FileRemoved, flow.FileContext, flow.Command:
		begin = signs[l.Tone]
	}
	if l.Text == "" && !isOfFile(l.Tone) {
		begin = ""
	}
	p.say("%s%s", begin, l.Text)
}

func (p *plain) progress(at flow.Progress, since time.Duration) {
	part := ""
	if at.Of > 0 {
		part = fmt.Sprintf("%d of %d  ", at.Done, at.Of)
	}
	p.say("  %v  %s%s", since.Truncate(time.Second), part, at.Text(time.Now()))
}

func brackets(text string) string {
	if text == "" {
		return ""
	}
	return "[" + text + "]"
}

func withNote(text, note string) string {
	if note == "" {
		return text
	}
	return text + " (" + note + ")"
}

// watchContinued sets the terminal up again each time the process continues after a stop.
func (p *plain) watchContinued(ctx context.Context) {
	if p.in.terminal == nil {
		return
	}
	continued := make(chan os.Signal, 1)
	notifyContinued(continued)
	go func() {
		defer signal.Stop(continued)
		defer crash.Catch()
		for {
			select {
			case <-ctx.Done():
				return
			case <-continued:
				p.locked(func() {
					p.in.retakeTerminal()
					if p.asked != "" {
						fmt.Fprint(p.out, "\n"+p.asked)
					}
				})
			}
		}
	}()
}

// locked keeps what the process does after a stop from coming in between.
func (p *plain) locked(do func()) {
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	do()
}

func (p *plain) prompt(words string) {
	if words != "" {
		words += " "
	}
	p.locked(func() {
		p.asked = text.Clean(words) + "> "
		fmt.Fprint(p.out, p.asked)
	})
}

func (p *plain) endPrompt() { p.locked(func() { p.asked = "" }) }
