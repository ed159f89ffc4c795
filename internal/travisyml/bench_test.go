package travisyml_test

import (
	"fmt"
	"strings"
	"testing"

	"convox-travis/internal/travisyml"
)

// manyJobs are files whose time must grow as their number of jobs does:
//
//	go test -run '^$' -bench Jobs ./internal/travisyml
//
// 12,000 jobs may take some six times as long as 2,000.
var manyJobs = map[string]func(jobs int) string{
	"a script each": func(jobs int) string { return withJobs(jobs, " - script: x\n") },
	"a deploy each": func(jobs int) string { return withJobs(jobs, " - script: convox deploy\n") },
	"a provider each": func(jobs int) string {
		return withJobs(jobs, " - deploy: {provider: script, script: ls}\n")
	},
	"an alias each": func(jobs int) string {
		return "x: &a {script: convox deploy}\n" + withJobs(jobs, " - *a\n")
	},
	"deploys of all": func(jobs int) string {
		return "script:\n" + strings.Repeat("- convox deploy\n", jobs) + withJobs(jobs, " - {}\n")
	},
	"providers of all": func(jobs int) string {
		return "deploy:\n" + strings.Repeat("- {provider: x}\n", jobs) + withJobs(jobs, " - {}\n")
	},
}

func withJobs(jobs int, job string) string {
	return "jobs:\n include:\n" + strings.Repeat(job, jobs)
}

func BenchmarkJobs(b *testing.B) {
	for name, file := range manyJobs {
		for _, jobs := range []int{2_000, 12_000} {
			text := file(jobs)
			b.Run(fmt.Sprintf("%s/%d", name, jobs), func(b *testing.B) {
				for b.Loop() {
					document, err := travisyml.Parse(text)
					if err != nil {
						b.Fatal(err)
					}
					document.Inspect()
				}
			})
		}
	}
}
