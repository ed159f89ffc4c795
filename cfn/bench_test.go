package cfn_test

import (
	"testing"
	"time"

	"convox-travis/cfn"
)

// BenchmarkSearchAllRegions measures a search of all regions, whose latencies
// differ as they do in the world, and reports its time as a multiple of what
// the slowest region takes alone. The budget is 1.1.
func BenchmarkSearchAllRegions(b *testing.B) {
	w := newWorld(b)
	regions := w.finder().Regions()
	slowest := regions[0]
	for i, region := range regions {
		w.addRack(region, "production")
		w.aws.Slow(region, time.Duration(400-15*i)*time.Millisecond)
	}
	search := func(regions []string) time.Duration {
		finder := w.finder() // a new one, so that no connection is there yet
		begun := time.Now()
		var found cfn.Summary
		found, err := finder.Search(b.Context(), regions, nil)
		if err != nil || len(found.Racks) != max(len(regions), 1) && regions != nil {
			b.Fatalf("%d Racks, %v", len(found.Racks), err)
		}
		return time.Since(begun)
	}
	var all, alone time.Duration
	for b.Loop() {
		alone += search([]string{slowest})
		all += search(nil)
	}
	b.ReportMetric(all.Seconds()/alone.Seconds(), "x-slowest")
	b.ReportMetric(alone.Seconds()/float64(b.N), "s-slowest/op")
}
