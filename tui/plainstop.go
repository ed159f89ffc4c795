package tui

import (
	"context"
	"fmt"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/crash"
	"convox-travis/tui/flow"
)

// obey lets the shell stop this process and go on with it, until ctx ends. Where
// no person is at the other end there is nothing to be put back and asked anew.
func (p *plain) obey(ctx context.Context) {
	if p.in.terminal == nil {
		return
	}
	j := newJob()
	go func() {
		defer j.close()
		defer crash.Catch()
		for {
			select {
			case <-ctx.Done():
				return
			case <-j.stops:
				p.suspend(j)
			case <-j.continues:
				p.goOn()
			}
		}
	}()
}

func (p *plain) suspend(j *job) {
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	if p.bound {
		p.line(flow.Line{Tone: flow.Warning, Text: notNow})
		return
	}
	p.in.away(func() { j.stop(false) })
	p.askAgain()
}

// goOn makes good what a stop brought that nobody was told of.
func (p *plain) goOn() {
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	p.in.away(func() {})
	p.askAgain()
}

// askAgain puts what is asked below what the shell wrote. What was typed of the
// answer is gone, and has not been shown by then. The lock is held.
func (p *plain) askAgain() {
	if p.asked != "" {
		p.say("")
		p.say("%s (type the answer anew)", p.title)
		fmt.Fprint(p.out, p.asked)
	}
}

// bind says whether a stop has to wait.
func (p *plain) bind(bound bool) {
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	p.bound = bound
}

// entitle begins a question.
func (p *plain) entitle(title string) {
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	p.title = title
	p.say("%s", title)
}

// prompt asks for an answer.
func (p *plain) prompt(words string) {
	if words != "" {
		words += " "
	}
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	p.asked = shellescape.StripUnsafe(words) + "> "
	fmt.Fprint(p.out, p.asked)
}

// answered ends what prompt began.
func (p *plain) answered() {
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	p.asked = ""
}
