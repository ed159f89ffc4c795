//go:build unix

package cli

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// person answers the wizard's questions in plain lines, one at a time and none
// before it is asked.
type person struct {
	answer func(question string) string

	mu    sync.Mutex
	said  bytes.Buffer
	heard int // of what was said
	more  sync.Cond
}

func newPerson(answer func(question string) string) *person {
	p := &person{answer: answer}
	p.more.L = &p.mu
	return p
}

// Write hears what the wizard says.
func (p *person) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.more.Broadcast()
	return p.said.Write(text)
}

// longestTalk is more than any talk with the wizard has to say.
const longestTalk = 64 << 10

// Read waits for a question and gives its answer.
func (p *person) Read(line []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !bytes.HasSuffix(p.said.Bytes()[p.heard:], []byte("> ")) {
		p.more.Wait()
	}
	if p.said.Len() > longestTalk {
		return 0, io.EOF
	}
	question := string(p.said.Bytes()[p.heard:])
	p.heard = p.said.Len()
	return copy(line, p.answer(question)+"\n"), nil
}

// wizardPart is what can happen at a request that the wizard makes once its
// review was agreed to.
type wizardPart struct {
	before before
	at     place
}

func (p wizardPart) String() string { return p.before.name + ", " + p.at.String() }

// TestMatrixFactsOfTheWizard makes every request of the wizard's Apply fail in every
// way. A failure leads to the question whether to try again, and trying again
// ends well.
func TestMatrixFactsOfTheWizard(t *testing.T) {
	shareAWS(t)
	var parts []wizardPart
	for _, b := range befores {
		good := newInside(t)
		good.found(b)
		e, _ := good.wizard(func() func() { good.Travis.Faults.Forget(); return func() {} }, false)
		good.want(e, 0, "CONVOX_PASSWORD  ")
		for _, at := range good.places() {
			if at.server == "Travis" {
				parts = append(parts, wizardPart{b, at})
			}
		}
	}
	if len(parts) < 6 || parts[0].at.request.Method == http.MethodGet {
		t.Fatalf("%d requests were recorded, the first is %s", len(parts), parts[0])
	}
	var cases tally
	var held matrixFacts
	sideBySide(t, parts, func(t *testing.T, p wizardPart) { p.play(t, &cases, &held) })
	held.compare(t, "matrix-wizard")
	t.Logf("wizard: %s, at %d requests, in %d ways", &cases, len(parts), len(blows(parts[0].at)))
	cases.want(t, exitDone, exitFailed)
}

func (p wizardPart) play(t *testing.T, cases *tally, ended *matrixFacts) {
	w := newInside(t)
	for _, b := range blows(p.at) {
		w.found(p.before)
		w.deadline = 4 * b.deadline() // before the run, which has to begin well
		fell := false
		e, tries := w.wizard(func() func() {
			heal := w.suffer(p.at, b)
			return func() { fell = heal() }
		}, b.lasting && b.strike == nil)
		cases.count(e.code, fell)
		ended.note(p.before.name, p.at, b, fell, ending{code: e.code}, w.allVars(), fmt.Sprintf("tried again %d times", tries))
		if fell && b.name == banned { // which has to be waited for: nothing more is sent
			w.wantBanned(e, tries)
		} else {
			w.want(e, 0)
			w.wantPair(matrixRepo, "CONVOX_HOST="+toRack(w), "CONVOX_PASSWORD="+quotedCanary)
		}
		if fell && b.lasting && b.strike == nil && tries != 2 {
			t.Errorf("it was tried again %d times", tries)
		}
		if t.Failed() {
			t.Fatalf("that was: %s\n%s", b, e.err)
		}
	}
}

// wantBanned checks that a run that was banned was left, and says until when.
func (w *inside) wantBanned(e ending, tries int) {
	w.Helper()
	if e.code != exitFailed && e.code != exitPartial || tries != mostTries || !strings.Contains(e.err, "again after ") {
		w.Errorf("exit %d after %d tries: %s", e.code, tries, e.err)
	}
}

// mostTries is how often someone tries again before they leave it.
const mostTries = 3

// wizard goes through the wizard. When the review is agreed to, begin lets
// something happen, and returns what takes it away: before the first time that
// something is tried again, or where it lasts, before the second.
func (w *inside) wizard(begin func() (heal func()), lasts bool) (e ending, tries int) {
	w.Helper()
	w.env["CONVOX_PASSWORD"] = canary(w)
	var heal func()
	reviewed := false
	someone := newPerson(func(question string) string {
		switch {
		case strings.Contains(question, "write? yes"):
			if !reviewed {
				reviewed, heal = true, begin()
			}
			return "yes"
		case strings.Contains(question, "Not everything was written"):
			if tries++; heal != nil && (tries == 2 || !lasts) {
				heal()
				heal = nil
			}
			if tries == mostTries {
				return "2"
			}
			return "1"
		}
		return ""
	})
	var out bytes.Buffer
	code := w.runOn(someone, &out, someone, "--accessible", "--host", toRack(w), "--repo", matrixRepo)
	if heal != nil {
		heal()
	}
	e = ending{code: code, out: out.String(), err: someone.said.String()}
	w.searchAll(map[string]string{"standard output": e.out, "what was said": e.err})
	return e, tries
}
