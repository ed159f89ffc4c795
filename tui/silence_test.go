package tui

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"convox-travis/internal/connect"
	"convox-travis/tui/flow"
)

// A screen reader and a log show no clock.
func TestAWorkThatTakesItsTimeIsNeverSilentForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := &plain{flow: flow.New(flow.Outside{}, flow.Given{}), out: &out, updates: make(chan flow.Update), in: &lineReader{}}
		p.stop = connect.Stop{Soft: t.Context(), Hard: t.Context()}
		err := p.run(&flow.Work{Words: "waiting", Run: func(_ connect.Stop, tell flow.Tell) flow.Outcome {
			time.Sleep(12 * time.Second)
			tell.Progress(flow.Progress{Done: 1, Of: 3, Words: "ServiceWebApi"})
			time.Sleep(25 * time.Second)
			return flow.Outcome{}
		}})
		want := "waiting …\n  10s  waiting\n  12s  1 of 3  ServiceWebApi\n  22s  1 of 3  ServiceWebApi\n  32s  1 of 3  ServiceWebApi\n"
		if err != nil || out.String() != want {
			t.Errorf("%v\n%s", err, out.String())
		}
	})
}
