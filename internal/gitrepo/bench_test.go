package gitrepo_test

import (
	"fmt"
	"testing"

	"convox-travis/internal/gitrepo"
)

// BenchmarkOpen measures all that git adds to a start.
func BenchmarkOpen(b *testing.B) {
	dir := clone(b, "remote add origin git@github.com:acme/api.git", "commit --quiet --allow-empty -m first")
	for i := range 5 {
		run(b, dir, "remote", "add", fmt.Sprintf("fork%d", i), fmt.Sprintf("git@github.com:fork%d/api.git", i))
	}
	for b.Loop() {
		if _, err := gitrepo.Open(b.Context(), dir); err != nil {
			b.Fatal(err)
		}
	}
}
