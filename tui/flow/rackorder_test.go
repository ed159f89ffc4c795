package flow_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/tui/flow"
)

func TestTheOfferedRackDoesNotDependOnWhichRegionAnswersFirst(t *testing.T) {
	east := cfn.RegionResult{Region: "us-east-1", Of: 2, Racks: []cfn.Rack{{Name: "staging", Region: "us-east-1", Host: "a.example.com"}}}
	west := cfn.RegionResult{Region: "us-west-2", Of: 2, Racks: []cfn.Rack{{Name: "first", Region: "us-west-2", Host: "b.example.com"}, {Name: "closed", Region: "us-west-2", Host: "c.example.com", Private: true}}}
	for _, arriving := range [][]cfn.RegionResult{{east, west}, {west, east}} {
		w := newWorld(t)
		w.outside.Saved = func(context.Context, ...convox.Host) ([]convox.SavedLogin, error) { return nil, nil }
		w.outside.Racks = func(_ context.Context, _ string, deliver func(cfn.RegionResult)) (cfn.Summary, error) {
			for _, searched := range arriving {
				deliver(searched)
			}
			return cfn.Summary{}, nil
		}
		w.begin(flow.Given{SignIn: flow.ByRack}).step(flow.StepRack)
		q := w.flow.Question()
		if rows := q.Rows; rows[1].Cells[0] != "first" || q.Initial.Key != rows[1].Key {
			t.Errorf("of %v it offers %s", rows, q.Initial.Key)
		}
	}
}

// Of several stacks of the name that was given, the one that works is meant.
func TestADeadStackOfTheNameIsNotOffered(t *testing.T) {
	for _, state := range []string{"REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "CREATE_FAILED", "DELETE_IN_PROGRESS", "DELETE_FAILED"} {
		for _, host := range []string{"", "old.example.com"} {
			w := newWorld(t)
			w.outside.Saved = func(context.Context, ...convox.Host) ([]convox.SavedLogin, error) { return nil, nil }
			w.outside.Racks = func(_ context.Context, _ string, deliver func(cfn.RegionResult)) (cfn.Summary, error) {
				deliver(cfn.RegionResult{Region: "eu-west-1", Of: 2, Racks: []cfn.Rack{{Name: "production", Region: "eu-west-1", Host: host, Status: state}}})
				deliver(cfn.RegionResult{Region: "us-east-1", Of: 2, Racks: []cfn.Rack{{Name: "production", Region: "us-east-1", Host: "new.example.com", Status: "UPDATE_COMPLETE"}}})
				return cfn.Summary{}, nil
			}
			w.begin(flow.Given{SignIn: flow.ByRack}).step(flow.StepRack)
			q := w.flow.Question()
			first, second := q.Rows[0], q.Rows[1]
			if first.Cells[1] != "us-east-1" || q.Initial.Key != first.Key || second.Cells[1] != "eu-west-1" {
				t.Errorf("%s: it offers %s of %+v", state, q.Initial.Key, q.Rows)
			}
			is, _ := (cfn.Rack{Status: state}).Meaning()
			wantNote, wantDisabled := is, ""
			if host == "" {
				wantNote, wantDisabled = "", is+" ("+state+")"
			}
			if second.Note != wantNote || second.Warn != (host != "") || second.Disabled != wantDisabled || !slices.Contains(second.Detail, flow.Detail{Label: "status", Text: state}) {
				t.Errorf("%s: %+v", state, second)
			}
			w.begin(flow.Given{SignIn: flow.ByRack, Rack: "production"}).step(flow.StepPassword)
		}
	}
}

func TestADeadStackIsNeverTheFirstOffer(t *testing.T) {
	for name, c := range map[string]struct {
		given, other string // names
		state        string // of the other one, and of both where the other has the given name
		want         string // the first cell of the row, "" for none of them
	}{
		"of another name":          {other: "archive", state: "DELETE_IN_PROGRESS", want: "production"},
		"that was never installed": {other: "archive", state: "REVIEW_IN_PROGRESS", want: "production"},
		"two of the name":          {given: "production", other: "production", state: "ROLLBACK_COMPLETE"},
	} {
		w := newWorld(t)
		w.outside.Saved = func(context.Context, ...convox.Host) ([]convox.SavedLogin, error) { return nil, nil }
		w.outside.Racks = func(_ context.Context, _ string, deliver func(cfn.RegionResult)) (cfn.Summary, error) {
			state := "UPDATE_COMPLETE"
			if c.given != "" {
				state = c.state
			}
			deliver(cfn.RegionResult{Region: "eu-west-1", Of: 2, Racks: []cfn.Rack{{Name: c.other, Region: "eu-west-1", Host: "old.example.com", Status: c.state}}})
			deliver(cfn.RegionResult{Region: "us-east-1", Of: 2, Racks: []cfn.Rack{{Name: "production", Region: "us-east-1", Host: "new.example.com", Status: state}}})
			return cfn.Summary{}, nil
		}
		w.begin(flow.Given{SignIn: flow.ByRack, Rack: c.given}).step(flow.StepRack)
		q, offer := w.flow.Question(), ""
		for _, row := range q.Rows {
			if row.Key == q.Initial.Key && strings.HasPrefix(row.Key, "host ") {
				offer = row.Cells[0]
			}
		}
		if offer != c.want {
			t.Errorf("%s: it offers %q of %+v", name, offer, q.Rows)
		}
	}
}

func TestANamedRackMayBeInARegionThatWasThrottled(t *testing.T) {
	w := newWorld(t)
	w.outside.Racks = func(context.Context, string, func(cfn.RegionResult)) (cfn.Summary, error) {
		throttled := &problem.Error{Code: cfn.CodeThrottled, Action: "look for Racks in us-west-2", Reason: "throttled"}
		return cfn.Summary{Skipped: []cfn.Skipped{{Region: "me-south-1", Reason: "switched off for this account", Off: true}, {Region: "eu-west-1", Reason: "access denied"}, {Region: "us-west-2", Reason: "throttled", Err: throttled}}}, nil
	}
	w.begin(flow.Given{SignIn: flow.ByRack, Rack: "production"}).step(flow.StepRack).wantProblem("look for Racks in us-west-2: throttled")
	if more := w.flow.Question().More; more != "skipped eu-west-1: access denied; skipped us-west-2: throttled" {
		t.Error(more)
	}
}
