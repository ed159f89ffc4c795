package main

import (
	"strings"
	"testing"
	"time"

	"convox-travis/internal/demo"
)

func TestAnApplyMakesFourStepsOfCalls(t *testing.T) {
	w := newWorld(t)
	w.Travis.Faults.SetLatency(50 * time.Millisecond)
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
	if len(rack) == 0 || rack[0].At.After(requests[0].At.Add(50*time.Millisecond)) {
		t.Errorf("the login check waited for the reads: %d calls", len(rack))
	}
}

// BenchmarkApply reports how long an apply to one repository takes, in
// latencies of 50 ms, from the start of the process to its end.
func BenchmarkApply(b *testing.B) {
	const latency = 50 * time.Millisecond
	for name, way := range map[string]string{"by host": "--host", "by name": "--rack"} {
		b.Run(name, func(b *testing.B) {
			w := newWorldWith(b, demo.Options{Latency: latency})
			args := []string{"apply", "--password-stdin", "--repo", w.setting("DEMO_REPO"), way, w.setting("DEMO_RACK_HOST")}
			if way == "--rack" {
				args[len(args)-1] = w.setting("DEMO_RACK")
			}
			for b.Loop() {
				if e := w.run(w.password(), args...); e.code != 0 {
					b.Fatal(e.err)
				}
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(latency), "latencies/op")
		})
	}
}
