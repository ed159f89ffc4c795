package build_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/build"
)

// mostWork is the work of a script's plays: that of the last may go beyond the limit.
const mostWork = 60_000

// FuzzPlay plays any text: as a file, and as the phases of a job. It ends, and soon:
// its work is limited. The time is for what isn't counted.
func FuzzPlay(f *testing.F) {
	for _, text := range append(deep(), hostile...) {
		if len(text) < 2000 {
			f.Add(text)
			f.Add("script: |\n  " + strings.ReplaceAll(text, "\n", "\n  ") + "\ndeploy:\n  provider: script\n  script: convox deploy\n  on: main\n")
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 8<<10 {
			return
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if config, err := build.Parse(ctx, []byte(text)); err == nil {
			_, _ = build.Player{}.Outcomes(ctx, config, build.EventsOf("acme/api", "main")[:1])
		}
		job := build.Job{Language: "go", OS: "linux", Env: []string{"X=" + text}, Config: mapping(1, "script", text, "deploy", provider(text, "on", mapping(7, "all_branches", "true")))}
		work := build.Work(build.ScriptOf(job, pushMain))
		job.Config = mapping(1, "script", "true", "deploy", provider("true", "on", mapping(7, "condition", text)))
		if work = max(work, build.Work(build.ScriptOf(job, pushMain))); work > mostWork {
			t.Errorf("it did the work of %d commands", work)
		}
		if passed := time.Since(start); passed > 30*time.Second {
			t.Errorf("it took %v", passed)
		}
	})
}
