//go:build unix

package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/faults"
	"convox-travis/internal/secret/secrettest"
)

// sampled are the answers' faults that a reset meets from a place on; once, it
// meets each. The others end as these do, and each costs seconds.
var sampled = []faults.Kind{faults.AnswerLost, faults.Hang, faults.Status503, faults.Throttled, faults.MalformedJSON}

// TestMatrixFactsOfReset makes every request of a reset fail in every way, once, and
// from then on in a sample of them.
func TestMatrixFactsOfReset(t *testing.T) {
	shareAWS(t)
	good := newInside(t)
	good.want(good.reset(brandNew), 0)
	places := good.places()
	if len(places) < 15 {
		t.Fatalf("only %d requests were recorded", len(places))
	}
	var parts []resetPart
	for _, at := range places {
		all := blows(at)
		if at.server == "Rack" {
			all = append(all, otherCertificate(at))
		}
		all = slices.DeleteFunc(all, func(b blow) bool { return b.lasting && b.kind != "" && !slices.Contains(sampled, b.kind) })
		some := make([][]blow, (len(all)+3)/4)
		for i, b := range all { // those that last are the last ones, and can take 5 s: each goes to another part
			some[i%len(some)] = append(some[i%len(some)], b)
		}
		for _, blows := range some {
			parts = append(parts, resetPart{at, blows})
		}
	}
	var cases tally
	var held matrixFacts
	sideBySide(t, parts, func(t *testing.T, p resetPart) { p.play(t, &cases, &held) })
	held.compare(t, "matrix-reset")
	t.Logf("reset: %s, at %d requests, in %d ways", &cases, len(places), len(blows(places[0])))
	cases.want(t, exitDone, exitFailed, exitPartial, exitRefused)
}

func (w *inside) reset(password string) ending {
	w.Helper()
	return w.run(password+"\n", "reset-password", "production", "--region", "us-east-1", "--password-stdin", "--yes", "--json",
		"--fingerprint", w.Rack.Fingerprint())
}

// resetPart is some of what can happen at a request of a reset.
type resetPart struct {
	at    place
	blows []blow
}

func (p resetPart) String() string { return fmt.Sprintf("%s, from %s on", p.at, p.blows[0]) }

// play plays the blows one after the other in one world: each reset begins with
// the password that the one before has left.
func (p resetPart) play(t *testing.T, cases *tally, ended *matrixFacts) {
	w := newInside(t)
	secrets := w.secrets
	held := secrettest.Canary
	for i, b := range p.blows {
		password := fmt.Sprintf("%s%02d", brandNew, i)
		w.secrets = append(slices.Clone(secrets), held, password)
		for _, s := range w.servers() {
			s.layer.Forget()
		}
		heal := w.suffer(p.at, b)
		if b.lasting {
			w.clock.times = 1000 // nobody has to see the whole patience
		}
		e := w.reset(password)
		w.clock.times = 0
		fell := heal()
		cases.count(e.code, fell)
		ended.note("reset", p.at, b, fell, e, nil)
		w.judgeReset(b, e, held, password)
		if e.code != exitDone {
			w.want(w.reset(password), 0, `"result":"done"`, `"phase":"settled"`)
		}
		if !w.takes(password) || w.stackPassword() != password {
			t.Error("it did not end well, or not when it was run again")
		}
		if t.Failed() {
			t.Fatalf("that was: %s\n%s%s", b, e.err, e.out)
		}
		held = password
	}
	w.wantNoWrite()
}

// judgeReset holds a reset that met a blow against what AWS and the Rack have.
func (w *inside) judgeReset(b blow, e ending, held, password string) {
	w.Helper()
	var document resetDocument
	if err := json.Unmarshal([]byte(e.out), &document); err != nil {
		w.Fatalf("%v in %q", err, e.out)
	}
	stack := w.stackPassword()
	if stack != held && stack != password {
		w.Fatal("the stack has a password that nobody has")
	}
	switch e.code {
	case exitDone:
		if document.Phase != "settled" || !w.takes(password) {
			w.Errorf("it ended well in phase %q, and the Rack takes the new password: %t", document.Phase, w.takes(password))
		}
	case exitPartial:
		begun := []string{"unknown", "updating", "updated"}
		if !slices.Contains(begun, document.Phase) || document.Where == nil || document.Phase == "updated" && stack != password {
			w.Errorf("phase %q, and the stack has the new password: %t", document.Phase, stack == password)
		}
	case cmp.Or(b.exit, exitFailed):
		if document.Phase != "nothing" || stack != held || !w.takes(held) {
			w.Errorf("phase %q, and the stack has the new password: %t", document.Phase, stack == password)
		}
		left := w.AWS.ChangeSets("us-east-1", "production")
		told := func(name string) bool { return strings.Contains(e.err, name) }
		if len(left) > 1 && !slices.ContainsFunc(left, told) { // the last one that was executed stays
			w.Errorf("left behind without a word: %q", left)
		}
	default:
		w.Errorf("exit %d", e.code)
	}
	word := map[int]string{exitDone: "done", exitFailed: "failed", exitUsage: "failed", exitPartial: "partial", exitRefused: "refused"}[e.code]
	failed := e.code != exitDone
	if document.Result != word || failed != (document.Error != nil) || failed != strings.Contains(e.err, "error: ") {
		w.Errorf("exit %d, result %q, and it says %q", e.code, document.Result, e.err)
	}
	if ahead := w.clock.reset(); b.kind == faults.ThrottledUntil && !b.lasting && ahead > maxPauses {
		w.Errorf("it wanted to wait for %v", ahead)
	}
}
