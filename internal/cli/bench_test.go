//go:build unix

package cli

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/creack/pty"

	"convox-travis/internal/demo"
	"convox-travis/internal/terminal"
)

// latency is that of every answer of the small servers, where it counts.
const latency = 50 * time.Millisecond

// built gives the world the program as it is released, in place of this test
// binary, which is larger.
func (w *world) built() *world {
	w.Helper()
	w.program = filepath.Join(w.TempDir(), "convox-travis")
	build := exec.Command("go", "build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", w.program, "../../cmd/convox-travis")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		w.Fatalf("%v: %s", err, out)
	}
	return w
}

// inLatencies reports the time of one round as a multiple of latency.
func inLatencies(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(latency), "latencies/op")
}

// BenchmarkSize reports how large the program is; the budget is 25 MiB.
func BenchmarkSize(b *testing.B) {
	w := newWorld(b).built()
	for b.Loop() {
		about, err := os.Stat(w.program)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(about.Size())/(1<<20), "MiB")
	}
}

// BenchmarkStart reports how long the program takes to say something and end,
// on a terminal that answers no questions; the budget is 20 ms.
func BenchmarkStart(b *testing.B) {
	w := newWorld(b).built()
	for _, args := range []string{"--version", "--help", "nonsense"} {
		b.Run(args, func(b *testing.B) {
			for b.Loop() {
				w.onTerminal("", "", args)
			}
		})
	}
	// What starting any process on a terminal costs here.
	b.Run("true", func(b *testing.B) {
		for b.Loop() {
			terminal, err := pty.Start(exec.Command("true"))
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, terminal)
			terminal.Close()
		}
	})
}

// BenchmarkFirstFrame is the start of the wizard to its first question, on a
// terminal that answers no questions; the budget is 60 ms.
func BenchmarkFirstFrame(b *testing.B) {
	w := newWorld(b).built().inClone().saved()
	w.Travis.Faults.SetLatency(time.Second) // which must not hold it up
	for b.Loop() {
		z := w.open(terminal.Options{Silent: true})
		z.sees(askWay)
		b.StopTimer()
		z.Close()
		b.StartTimer()
	}
}

// BenchmarkApply reports how long an apply to one repository takes, from the
// start of the process to its end; the budget is four steps of calls. The script
// beside it is what people write who have no tool.
func BenchmarkApply(b *testing.B) {
	w := newWorldWith(b, demo.Options{Latency: latency}).built()
	repo := w.setting("DEMO_REPO")
	for name, way := range map[string][]string{
		"by host": {"--host", w.setting("DEMO_RACK_HOST")},
		"by name": {"--rack", w.setting("DEMO_RACK")},
	} {
		b.Run(name, func(b *testing.B) {
			args := append([]string{"apply", "--password-stdin", "--repo", repo}, way...)
			for b.Loop() {
				if e := w.run(w.password(), args...); e.code != 0 {
					b.Fatal(e.err)
				}
			}
			inLatencies(b)
		})
	}
	b.Run("by curl", func(b *testing.B) { w.byCurl(b, repo) })
}

// BenchmarkApplyToForty rolls a credential in repositories that have one.
func BenchmarkApplyToForty(b *testing.B) {
	w := newWorldWith(b, demo.Options{Latency: latency, Repositories: 60}).built()
	var names []string
	for i := range 40 {
		names = append(names, fmt.Sprintf("acme/service-%05d", i+13))
	}
	args := append([]string{"apply", "--password-stdin", "--host", w.setting("DEMO_RACK_HOST")}, reposOf(names)...)
	for _, part := range []int{20, 40} { // 40 POSTs, and then 40 more
		if e := w.run(w.password(), append(args[:4:4], reposOf(names[part-20:part])...)...); e.code != 0 {
			b.Fatal(e.err)
		}
		w.Travis.Pardon()
		w.forgetPosts() // there is nothing to wait for
	}
	b.Run("together", func(b *testing.B) {
		for b.Loop() {
			if e := w.run(w.password(), args...); e.code != 0 {
				b.Fatal(e.err)
			}
		}
		inLatencies(b)
	})
	b.Run("by curl", func(b *testing.B) { w.byCurl(b, names...) })
}
