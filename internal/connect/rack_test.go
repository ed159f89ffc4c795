package connect_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"convox-travis/cfn"
	"convox-travis/internal/connect"
	"convox-travis/internal/problem"
)

// finds is a Finder that has an answer.
type finds cfn.Summary

func (f finds) Named(context.Context, []string, string) (cfn.Summary, error) {
	return cfn.Summary(f), nil
}

func (f finds) Search(context.Context, []string, func(cfn.RegionResult)) (cfn.Summary, error) {
	return cfn.Summary{Racks: []cfn.Rack{{Name: "production"}, {Name: "staging"}}}, nil
}

func TestANameThatIsNearlyARacksProposesIt(t *testing.T) {
	for typed, want := range map[string]string{
		"prodution": "did you mean production?", "Production": "did you mean production?", "stagng": "did you mean staging?", "payments": "", "p": "",
	} {
		_, err := connect.FindRack(t.Context(), finds{Regions: 21}, nil, typed)
		if hints := strings.Join(problem.Of(err).Hints, "\n"); codeOf(err) != "no_rack" || hints != want {
			t.Errorf("%s: %v %q", typed, err, hints)
		}
	}
}

func TestARackByNameGivesItsHost(t *testing.T) {
	rack := cfn.Rack{Name: "production", Region: "eu-west-1", Host: "Production-12.eu-west-1.elb.amazonaws.com", Status: "UPDATE_COMPLETE"}
	skipped := []cfn.Skipped{{Region: "me-south-1", Reason: "switched off", Off: true}, {Region: "us-east-1", Reason: "throttled"}}
	found, err := connect.FindRack(t.Context(), finds{Racks: []cfn.Rack{rack}, Regions: 1, Skipped: skipped}, nil, "production")
	if err != nil || found.Host.String() != "production-12.eu-west-1.elb.amazonaws.com" || found.Rack.Region != "eu-west-1" {
		t.Errorf("%+v, %v", found, err)
	}
	if codes(found.Warnings) != "regions_not_searched" || !strings.Contains(found.Warnings[0].Message, "skipped us-east-1: throttled") {
		t.Errorf("%+v", found.Warnings)
	}
}

func TestARackThatCannotBeUsedIsTold(t *testing.T) {
	good := cfn.Rack{Name: "production", Region: "eu-west-1", Host: "h.example.com", Status: "UPDATE_COMPLETE"}
	other := good
	other.Region = "us-east-1"
	bad := good
	bad.Host = "https://user:c4n4ry@h\x1b[2J"
	for name, c := range map[string]struct {
		found cfn.Summary
		code  string
		says  []string
	}{
		"none":                {cfn.Summary{Regions: 22, Skipped: []cfn.Skipped{{Region: "me-south-1", Reason: "access denied"}}}, "no_rack", []string{"22 regions", "skipped me-south-1: access denied"}},
		"none in a region":    {cfn.Summary{Regions: 1}, "no_rack", []string{"in eu-west-1", "leave the region out"}},
		"an app of the name":  {cfn.Summary{Regions: 1, Others: []cfn.Other{{Name: "production", Region: "eu-west-1", What: "an app on Rack main"}}}, "no_rack", []string{"in eu-west-1 is an app on Rack main"}},
		"two":                 {cfn.Summary{Racks: []cfn.Rack{good, other}, Regions: 2}, connect.CodeTwoRacks, []string{"eu-west-1 (UPDATE_COMPLETE, host h.example.com), us-east-1 (UPDATE_COMPLETE"}},
		"a host that is none": {cfn.Summary{Racks: []cfn.Rack{bad}, Regions: 1}, "bad_host", []string{"outputs"}},
	} {
		found, err := connect.FindRack(t.Context(), finds(c.found), map[string][]string{"none in a region": {"eu-west-1"}}[name], "production")
		if codeOf(err) != c.code || !found.Host.IsZero() {
			t.Errorf("%s: %v", name, err)
			continue
		}
		text := err.Error() + strings.Join(problem.Of(err).Hints, "\n")
		for _, word := range append(c.says, "production") {
			if !strings.Contains(text, word) {
				t.Errorf("%s: %q is not in %s", name, word, text)
			}
		}
		if strings.Contains(text, "\x1b") || strings.Contains(text, "c4n4ry") {
			t.Errorf("%s: it quotes the output: %q", name, text)
		}
	}
}

// What helps a Rack without a host depends on the state of its stack.
func TestARackWithoutAHostIsToldByItsState(t *testing.T) {
	for status, want := range map[string][2]string{
		"CREATE_IN_PROGRESS":                           {"is being installed", "wait until its stack is in the state CREATE_COMPLETE"},
		"REVIEW_IN_PROGRESS":                           {"was never installed", "delete its stack, or execute its change set"},
		"ROLLBACK_IN_PROGRESS":                         {"failed to install, and is being rolled back", "wait until its stack is in the state ROLLBACK_COMPLETE"},
		"CREATE_FAILED":                                {"failed to install", "delete its stack"},
		"ROLLBACK_COMPLETE":                            {"failed to install", "delete its stack"},
		"ROLLBACK_FAILED":                              {"failed to install", "delete its stack"},
		"DELETE_IN_PROGRESS":                           {"is being deleted", "use another Rack: this one will be gone soon"},
		"DELETE_FAILED":                                {"was only partly deleted", "use another Rack"},
		"UPDATE_IN_PROGRESS":                           {"is being updated", "wait until it has finished"},
		"UPDATE_COMPLETE_CLEANUP_IN_PROGRESS":          {"is being updated", "wait until it has finished"},
		"IMPORT_IN_PROGRESS":                           {"is being updated", "wait until it has finished"},
		"UPDATE_ROLLBACK_IN_PROGRESS":                  {"is being rolled back", "wait until it has finished"},
		"UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": {"is being rolled back", "wait until it has finished"},
		"UPDATE_ROLLBACK_FAILED":                       {"failed to update", "repair its stack"},
		"UPDATE_COMPLETE":                              {"has no host", "check the outputs of its stack"},
		"IMPORT_COMPLETE":                              {"has no host", "check the outputs of its stack"},
	} {
		rack := cfn.Rack{Name: "production", Region: "eu-west-1", Status: status}
		_, err := connect.FindRack(t.Context(), finds(cfn.Summary{Racks: []cfn.Rack{rack}, Regions: 1}), nil, "production")
		says := "Rack production in eu-west-1 " + want[0] + ": its stack is in the state " + status + " and has no Dashboard output"
		if e := problem.Of(err); codeOf(err) != "no_host" || e.Error() != says || len(e.Hints) != 1 || !strings.HasPrefix(e.Hints[0], want[1]) {
			t.Errorf("%s: %v", status, err)
		}
	}
}

func TestWhatAStackMeansForTravisIsWarnedOf(t *testing.T) {
	for want, rack := range map[string]cfn.Rack{
		"":             {Status: "UPDATE_COMPLETE"},
		"private_api":  {Private: true, Status: "UPDATE_COMPLETE"},
		"white_list":   {WhiteList: []string{"10.0.0.0/8"}, Status: "UPDATE_COMPLETE"},
		"failed_state": {Status: "UPDATE_ROLLBACK_FAILED", Repair: "continue it"},
	} {
		if warnings := connect.RackWarnings(rack); len(warnings) > 0 && rack.Repair != "" && warnings[0].Hint != rack.Repair {
			t.Errorf("%s: %s", want, warnings[0].Hint)
		}
		if got := codes(connect.RackWarnings(rack)); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

func TestADeadStackAloneIsWarnedOf(t *testing.T) {
	for _, state := range dead {
		warnings := connect.RackWarnings(cfn.Rack{Status: state})
		if codes(warnings) != "failed_state" || warnings[0].Hint != "check the stack in the CloudFormation console first" {
			t.Errorf("%s: %+v", state, warnings)
		}
	}
}

// dead are the states in which a stack has no Rack and gets none.
var dead = []string{
	"REVIEW_IN_PROGRESS", "CREATE_FAILED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_FAILED", "ROLLBACK_COMPLETE", "DELETE_IN_PROGRESS", "DELETE_FAILED",
}

func TestADeadStackOfTheNameIsNotTheRack(t *testing.T) {
	good := cfn.Rack{Name: "production", Region: "us-east-1", Host: "h.example.com", Status: "UPDATE_COMPLETE"}
	for _, state := range append([]string{"CREATE_IN_PROGRESS", "UPDATE_COMPLETE"}, dead...) {
		for _, host := range []string{"", "old.example.com"} {
			if host != "" && !slices.Contains(dead, state) {
				continue // a Rack
			}
			other := cfn.Rack{Name: "production", Region: "eu-west-1", Host: host, Status: state}
			found, err := connect.FindRack(t.Context(), finds(ordered(other, good)), nil, "production")
			if err != nil || found.Rack.Region != "us-east-1" || codes(found.Warnings) != "dead_stack" {
				t.Errorf("%s: %+v, %v", state, found, err)
				continue
			}
			if text := found.Warnings[0].Message; !strings.Contains(text, "in eu-west-1, in the state "+state) {
				t.Errorf("%s: %s", state, text)
			}
		}
	}
}

func TestSeveralStacksOfTheNameAreListedThoseThatWorkFirst(t *testing.T) {
	for _, state := range dead {
		gone := cfn.Rack{Name: "production", Region: "ap-south-1", Status: state}
		east := cfn.Rack{Name: "production", Region: "us-east-1", Host: "e.example.com", Status: "UPDATE_COMPLETE"}
		west := cfn.Rack{Name: "production", Region: "us-west-2", Host: "w.example.com", Status: "UPDATE_ROLLBACK_FAILED"}
		_, err := connect.FindRack(t.Context(), finds(ordered(west, gone, east)), nil, "production")
		want := "3 Racks are named production: in us-east-1 (UPDATE_COMPLETE, host e.example.com), us-west-2 (UPDATE_ROLLBACK_FAILED, host w.example.com), ap-south-1 (" + state + ", without a host)"
		if codeOf(err) != connect.CodeTwoRacks || err.Error() != want {
			t.Errorf("%s: %v", state, err)
		}
		// The hint is made of these, so it leads to none that is dead.
		if regions, _ := problem.Detail[connect.Regions](err); !slices.Equal(regions, []string{"us-east-1", "us-west-2"}) {
			t.Errorf("%s: %q", state, regions)
		}
		other := gone
		other.Region, other.Host = "sa-east-1", "gone.example.com"
		if _, err = connect.FindRack(t.Context(), finds(ordered(gone, other)), nil, "production"); codeOf(err) != "no_host" || !strings.Contains(err.Error(), "sa-east-1 ("+state+", host gone.example.com)") {
			t.Errorf("%s: %v", state, err)
		}
	}
}

// ordered is what a search returns.
func ordered(racks ...cfn.Rack) cfn.Summary {
	slices.SortFunc(racks, cfn.CompareRacks)
	return cfn.Summary{Racks: racks, Regions: 21}
}

func TestARegionThatMayHaveTheRackIsTheError(t *testing.T) {
	failure := func(code, reason string) cfn.Skipped {
		return cfn.Skipped{Region: "us-west-2", Reason: reason, Err: &problem.Error{Code: code, Reason: reason, Hints: []string{"wait a minute"}}}
	}
	for want, skipped := range map[string]cfn.Skipped{
		cfn.CodeThrottled:   failure(cfn.CodeThrottled, "throttled"),
		cfn.CodeNoAnswer:    failure(cfn.CodeNoAnswer, "no answer in 10 s"),
		cfn.CodeUnreachable: failure(cfn.CodeUnreachable, "the connection broke"),
		cfn.CodeUnreadable:  failure(cfn.CodeUnreadable, "its list of stacks doesn't end"),
		"no_rack":           failure(cfn.CodeDenied, "access denied"),
	} {
		denied := cfn.Skipped{Region: "af-south-1", Reason: "access denied", Err: &problem.Error{Code: cfn.CodeDenied}}
		off := cfn.Skipped{Region: "me-south-1", Reason: "switched off for this account", Off: true, Err: &problem.Error{Code: cfn.CodeRefused}}
		_, err := connect.FindRack(t.Context(), finds{Regions: 18, Skipped: []cfn.Skipped{denied, off, skipped}}, nil, "production")
		hints := strings.Join(problem.Of(err).Hints, "\n")
		if codeOf(err) != want || !strings.Contains(err.Error(), "18 regions") || strings.Contains(hints, "switched off") || !strings.Contains(hints, "skipped af-south-1: access denied") && !strings.Contains(hints, "skipped 2 regions: access denied (af-south-1, us-west-2)") {
			t.Errorf("%s: %v\n%s", want, err, hints)
		}
		if want != "no_rack" && !strings.HasPrefix(err.Error(), "look for Rack production in us-west-2: "+skipped.Reason) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
