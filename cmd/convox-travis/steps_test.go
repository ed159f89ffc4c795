package main

import (
	"strings"
	"testing"
	"time"
)

func TestAnApplyMakesFourStepsOfCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const latency = 200 * time.Millisecond // a busy machine takes a part of it
	w.Travis.Faults.SetLatency(latency)
	w.want(w.run(w.password(), "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", w.setting("DEMO_REPO"), "--password-stdin"), 0)
	requests := w.Travis.Faults.Requests()
	var calls []string
	for _, r := range requests {
		calls = append(calls, r.Method)
	}
	if got := strings.Join(calls, " "); got != "GET GET POST POST GET" || w.Travis.Faults.MostTogether() != 2 {
		t.Errorf("%s, %d side by side", got, w.Travis.Faults.MostTogether())
	}
	rack := w.Rack.Faults.Requests()
	if len(rack) == 0 || rack[0].At.After(requests[0].At.Add(latency)) {
		t.Errorf("the login check waited for the reads: %d calls", len(rack))
	}
}
