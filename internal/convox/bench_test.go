package convox_test

import (
	"testing"
	"time"

	"convox-travis/internal/convox/convoxtest"
	"convox-travis/internal/secret/secrettest"
)

// One check of a Rack whose every answer takes 50 ms: one round trip and TLS.
func BenchmarkALoginCheck(b *testing.B) {
	rack := convoxtest.StartRack(b, secrettest.Canary)
	rack.Faults.SetLatency(50 * time.Millisecond)
	c, where := checker(b), host(b, rack.Host)
	for b.Loop() {
		if _, err := c.Rack(b.Context(), where, canary); err != nil {
			b.Fatal(err)
		}
	}
}
