//go:build unix

package cli

import (
	"strings"
	"testing"
	"time"

	"convox-travis/internal/faults"
)

func TestAnApplyMakesFourStepsOfCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const held = 2 * time.Second // longer than a busy machine takes from one call to the next
	w.Travis.Faults.SetLatency(held)
	cmd, out, errs := w.start(w.Context(), w.password(), "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", w.setting("DEMO_REPO"), "--password-stdin")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.awaits(func(faults.Request) bool { return len(w.Rack.Faults.Requests()) > 0 })
	w.Travis.Faults.SetLatency(50 * time.Millisecond)
	w.want(w.ended(cmd.Wait(), out, errs), 0)
	requests := w.Travis.Faults.Requests()
	var calls []string
	for _, r := range requests {
		calls = append(calls, r.Method)
	}
	if got := strings.Join(calls, " "); got != "GET GET POST POST GET" || w.Travis.Faults.MostTogether() != 2 {
		t.Errorf("%s, %d side by side", got, w.Travis.Faults.MostTogether())
	}
	rack := w.Rack.Faults.Requests()
	if len(rack) == 0 || rack[0].At.After(requests[0].At.Add(held)) {
		t.Errorf("the login check waited for the reads: %d calls", len(rack))
	}
}
