package travisyml_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"convox-travis/internal/build"
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

// player plays builds in processes of the test binary.
var player = build.Player{Executable: os.Args[0], Arguments: []string{"__play"}}

// BenchmarkAddStep adds a step to files of one and of many jobs.
func BenchmarkAddStep(b *testing.B) {
	target := build.Target{Repo: "acme/api", Branch: "main", App: ours.App, Rack: ours.Rack}
	for name, text := range map[string]string{
		"one job":  node,
		"ten jobs": "language: node_js\nnode_js: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\nscript: npm test\n",
	} {
		document, err := travisyml.Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := document.AddStep(b.Context(), player, target, ours); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
