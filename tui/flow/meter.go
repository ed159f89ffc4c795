package flow

import (
	"sync"
	"time"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/crash"
	"convox-travis/internal/problem"
	"convox-travis/internal/setup"
)

// meter tells how far a run over several repositories is.
type meter struct {
	tell  Tell
	known map[setup.Target]bool // those of which the review has said that they cannot be written

	mu    sync.Mutex
	tally *setup.Tally
}

// newMeter counts from now on.
func newMeter(plan setup.Plan, tell Tell) *meter {
	m := &meter{tell: tell, tally: plan.Tally(time.Now()), known: map[setup.Target]bool{}}
	for _, r := range plan.Repositories {
		if r.Err != nil {
			m.known[r.Target] = true
		}
	}
	return m
}

// isNotBegun reports whether nothing was tried, because of another's error or a
// stop.
func isNotBegun(err error) bool { return problem.Code(err) == setup.CodeNotBegun }

// begin tells it at once and then each second, since the time to go changes, until
// end.
func (m *meter) begin() (end func()) {
	m.show()
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		defer crash.Catch()
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-over:
				return
			case <-tick.C:
				m.show()
			}
		}
	}()
	return func() {
		close(over)
		<-ended
	}
}

func (m *meter) show() {
	m.mu.Lock()
	at := Progress{Done: m.tally.Of - m.tally.Left(), Of: m.tally.Of, Words: m.tally.Words(time.Now()), Often: true}
	m.mu.Unlock()
	m.tell.Progress(at)
}

// event counts ends, and tells in a line what does not go as it should.
func (m *meter) event(e setup.Event) {
	name := shellescape.StripUnsafe(e.Target.String()) + ": "
	switch e.Step {
	case setup.StepFinished:
		m.mu.Lock()
		m.tally.Count(*e.Report)
		m.mu.Unlock()
		m.show()
		if e.Report.Err != nil && !isNotBegun(e.Report.Err) && !m.known[e.Target] {
			m.tell.Line(Line{Bad, shellescape.StripUnsafe(e.Report.Err.Error())})
		}
	case setup.StepLookUp, setup.StepUndo:
		line, _ := eventLine(e)
		m.tell.Line(Line{line.Tone, name + line.Text})
	case setup.StepAgain:
		m.tell.Line(Line{Muted, e.Again.String()})
	}
}
