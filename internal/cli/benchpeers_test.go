//go:build unix

package cli

import (
	"bytes"
	"os/exec"
	"slices"
	"testing"

	"convox-travis/internal/demo"
)

// needs skips what cannot be compared with here.
func needs(b *testing.B, programs ...string) {
	b.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			b.Skip(err)
		}
	}
}

// peer runs another program in the world.
func (w *world) peer(b *testing.B, name string, args ...string) {
	b.Helper()
	var failed bytes.Buffer
	cmd := exec.CommandContext(b.Context(), name, args...)
	cmd.Stderr = &failed
	for name, value := range w.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if err := cmd.Run(); err != nil {
		b.Fatalf("%v: %s", err, failed.Bytes())
	}
}

// regions are those that the program has searched.
func (w *world) regions() (all []string) {
	for _, call := range w.AWS.Calls() {
		if !slices.Contains(all, call.Region) {
			all = append(all, call.Region)
		}
	}
	return all
}

// byCurl does with a script what apply does.
func (w *world) byCurl(b *testing.B, repos ...string) {
	needs(b, "bash", "curl", "jq")
	w.env["CONVOX_HOST"], w.env["CONVOX_PASSWORD"] = w.setting("DEMO_RACK_HOST"), w.setting("DEMO_RACK_PASSWORD")
	w.env["CURL_CA_BUNDLE"] = w.env["SSL_CERT_FILE"]
	defer func() {
		for _, name := range []string{"CONVOX_HOST", "CONVOX_PASSWORD", "CURL_CA_BUNDLE"} {
			delete(w.env, name)
		}
	}()
	for b.Loop() {
		w.peer(b, "bash", append([]string{"testdata/apply-by-curl"}, repos...)...)
	}
	inLatencies(b)
}

// BenchmarkRacks finds the Racks of all regions; the budget is the slowest
// region and 10 %, which BenchmarkSearchAllRegions of package cfn measures. The
// AWS CLI beside it asks one region after the other, or all side by side.
func BenchmarkRacks(b *testing.B) {
	w := newWorldWith(b, demo.Options{Latency: latency}).built()
	b.Run("racks", func(b *testing.B) {
		for b.Loop() {
			if e := w.run("", "racks"); e.code != 0 {
				b.Fatal(e.err)
			}
		}
		inLatencies(b)
	})
	for name, together := range map[string]string{"by aws": "1", "by aws side by side": "8"} {
		b.Run(name, func(b *testing.B) {
			needs(b, "aws", "xargs")
			for b.Loop() {
				w.peer(b, "bash", append([]string{"testdata/racks-by-aws", together}, w.regions()...)...)
			}
			inLatencies(b)
		})
	}
}
