package flow_test

import (
	"context"
	"testing"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/tui/flow"
)

func TestTheOfferedRackDoesNotDependOnWhichRegionAnswersFirst(t *testing.T) {
	east := cfn.Searched{Region: "us-east-1", Of: 2, Racks: []cfn.Rack{{Name: "staging", Region: "us-east-1", Host: "a.example.com"}}}
	west := cfn.Searched{Region: "us-west-2", Of: 2, Racks: []cfn.Rack{{Name: "first", Region: "us-west-2", Host: "b.example.com"}, {Name: "closed", Region: "us-west-2", Host: "c.example.com", Private: true}}}
	for _, arriving := range [][]cfn.Searched{{east, west}, {west, east}} {
		w := newWorld(t)
		w.outside.Saved = func(context.Context, ...convox.Host) ([]convox.SavedLogin, error) { return nil, nil }
		w.outside.Racks = func(_ context.Context, _ string, deliver func(cfn.Searched)) (cfn.Summary, error) {
			for _, searched := range arriving {
				deliver(searched)
			}
			return cfn.Summary{}, nil
		}
		w.begin(flow.Given{Way: flow.ByRack}).step(flow.StepRack)
		q := w.flow.Question()
		if rows := q.Rows; rows[1].Cells[0] != "first" || q.Initial.Key != rows[1].Key {
			t.Errorf("of %v it offers %s", rows, q.Initial.Key)
		}
	}
}
