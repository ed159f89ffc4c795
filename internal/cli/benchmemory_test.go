//go:build linux

package cli

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"convox-travis/cfn/cfntest"
	"convox-travis/internal/demo"
	"convox-travis/internal/terminal"
)

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// reportMemory reports the most memory that the program has had so far.
func (z *wizard) reportMemory(b *testing.B) {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", z.PID()))
	if err != nil {
		b.Fatal(err)
	}
	found := highWater.FindSubmatch(status)
	if found == nil {
		b.Fatal("the system does not tell how much memory was used")
	}
	kilobytes, err := strconv.Atoi(string(found[1]))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(kilobytes)/(1<<10), "MiB")
}

// BenchmarkMemoryOfTenThousandRepositories reports the most memory of the wizard
// with 10,000 repositories on its screen, filtered and marked; the budget is
// 60 MiB. In the demo its small servers are in the same process.
func BenchmarkMemoryOfTenThousandRepositories(b *testing.B) {
	for _, demoed := range []bool{false, true} {
		b.Run(fmt.Sprintf("demo=%t", demoed), func(b *testing.B) {
			w := newWorldWith(b, demo.Options{Repositories: 10_000}).built()
			for b.Loop() {
				z := w.amongTenThousand(demoed)
				for _, key := range "service-09" {
					z.types(string(key))
				}
				z.sees("service-09")
				z.still()
				z.reportMemory(b)
				z.Close()
			}
		})
	}
}

// amongTenThousand is at the question for the repository.
func (w *world) amongTenThousand(demoed bool) *wizard {
	w.Helper()
	if !demoed {
		z := w.open(terminal.Options{}, "--console="+w.setting("DEMO_CONSOLE_HOST"))
		return z.sees(askKey).types(w.setting("DEMO_DEPLOY_KEY")).enter().sees(askRepository, "10,0")
	}
	w.env["TMPDIR"] = w.dir
	z := w.open(terminal.Options{}, "demo", "--repos", "10000")
	z.sees(askWay).still()
	z.enter().sees(askRack).still()
	z.enter().sees(askSource).enter().sees(atReview)
	for !strings.Contains(z.Screen(), askRepository) {
		z.types(terminal.Escape).still()
	}
	return z.sees("10,0")
}

// BenchmarkTwoThousandStacksInEachRegion reports how long the Racks among them
// take to be found, and the most memory of the wizard meanwhile.
func BenchmarkTwoThousandStacksInEachRegion(b *testing.B) {
	w := newWorld(b).built()
	if e := w.run("", "racks"); e.code != 0 {
		b.Fatal(e.err)
	}
	for _, region := range w.regions() {
		for i := range 2000 {
			w.AWS.AddStack(cfntest.Stack{
				Region: region, Name: fmt.Sprintf("service-%05d", i), Tags: map[string]string{"team": "platform"},
				Outputs: map[string]string{"Url": fmt.Sprintf("https://service-%05d.example.com", i)},
			})
		}
	}
	b.Run("racks", func(b *testing.B) {
		for b.Loop() {
			if e := w.run("", "racks"); e.code != 0 {
				b.Fatal(e.err)
			}
		}
	})
	b.Run("wizard", func(b *testing.B) {
		for b.Loop() {
			z := w.open(terminal.Options{})
			z.toRacks().sees("production")
			z.still()
			z.reportMemory(b)
			z.Close()
		}
	})
}
