package build

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// manyJobs is a file of jobs with what real ones have.
func manyJobs(count int) []byte {
	var text strings.Builder
	text.WriteString("language: go\nenv: {global: [A=1, B=2]}\ninstall: make deps\nscript: make test\nstages: [test, deploy]\n" +
		"jobs:\n  exclude:\n  - go: 1.0\n  - env: X=1\n  allow_failures:\n  - go: tip\n  include:\n")
	for i := range count {
		fmt.Fprintf(&text, "  - stage: test\n    go: 1.%d\n    env: N=%d\n    script: make test-%d\n", i%30, i, i)
	}
	return []byte(text.String())
}

func buildAll(b *testing.B, text []byte) {
	config, err := Parse(context.Background(), text)
	if err != nil {
		b.Fatal(err)
	}
	for _, event := range oracleEvents {
		if _, err := config.Build(context.Background(), event); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSixBuilds parses a file and makes the jobs of its six builds.
func BenchmarkSixBuilds(b *testing.B) {
	for _, jobs := range []int{5, 200, 2_000, 12_000} {
		text := manyJobs(jobs)
		b.Run(fmt.Sprintf("%d jobs", jobs), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				buildAll(b, text)
			}
		})
	}
}
