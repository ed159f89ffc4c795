package cli

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"convox-travis/internal/reset"
)

func TestAResetThatWaitsIsNeverSilentForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err bytes.Buffer
		s := &resetReporter{program: &program{err: &err}}
		over := s.waiting("starting the update")
		time.Sleep(12 * time.Second)
		s.event(reset.Event{Done: 1, Of: 3, Words: "ServiceWebApi"})
		time.Sleep(25 * time.Second)
		over()
		time.Sleep(time.Minute)
		want := "    10 s  starting the update\n    12 s  1 of 3  ServiceWebApi\n    22 s  1 of 3  ServiceWebApi\n    32 s  1 of 3  ServiceWebApi\n"
		if got := err.String(); got != want {
			t.Errorf("it says\n%s", got)
		}
	})
}
