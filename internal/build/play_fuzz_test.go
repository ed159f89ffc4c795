package build_test

import (
	"testing"
	"time"

	"convox-travis/internal/build"
)

// FuzzPlay plays any text as the phases of a job. It ends, and soon.
func FuzzPlay(f *testing.F) {
	for _, text := range hostile {
		f.Add(text, deployWeb)
	}
	for _, text := range deep() {
		if len(text) < 2000 {
			f.Add(text, text)
		}
	}
	f.Fuzz(func(t *testing.T, script, after string) {
		if len(script)+len(after) > 8<<10 {
			return
		}
		job := build.Job{Language: "go", OS: "linux", Env: []string{"X=" + after}, Config: mapping(1, "script", script, "after_success", after, "deploy", provider(after, "on", mapping(7, "all_branches", "true")))}
		start := time.Now()
		build.Play(build.ScriptOf(job, pushMain))
		job.Config = mapping(1, "script", "true", "deploy", provider(after, "on", mapping(7, "condition", script)))
		build.Play(build.ScriptOf(job, pushMain))
		if passed := time.Since(start); passed > 3*time.Second {
			t.Errorf("it took %v", passed)
		}
	})
}
