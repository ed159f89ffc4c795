package setup_test

import (
	"context"
	"strings"
	"testing"

	"convox-travis/cfn"
	"convox-travis/internal/problem"
	"convox-travis/internal/setup"
)

// finds is a Finder that has an answer.
type finds cfn.Summary

func (f finds) Named(context.Context, []string, string) (cfn.Summary, error) {
	return cfn.Summary(f), nil
}

func TestARackByNameGivesItsHost(t *testing.T) {
	rack := cfn.Rack{Name: "production", Region: "eu-west-1", Host: "Production-12.eu-west-1.elb.amazonaws.com", Status: "UPDATE_COMPLETE"}
	skipped := []cfn.Skipped{{Region: "me-south-1", Reason: "switched off", Off: true}, {Region: "us-east-1", Reason: "throttled"}}
	found, err := setup.FindRack(t.Context(), finds{Racks: []cfn.Rack{rack}, Regions: 1, Skipped: skipped}, nil, "production")
	if err != nil || found.Host.String() != "production-12.eu-west-1.elb.amazonaws.com" || found.Rack.Region != "eu-west-1" {
		t.Errorf("%+v, %v", found, err)
	}
	if codes(found.Warnings) != "regions_not_searched" || !strings.Contains(found.Warnings[0].Message, "in us-east-1 (throttled)") {
		t.Errorf("%+v", found.Warnings)
	}
}

func TestARackThatCannotBeUsedIsTold(t *testing.T) {
	good := cfn.Rack{Name: "production", Region: "eu-west-1", Host: "h.example.com"}
	other := good
	other.Region = "us-east-1"
	bad := good
	bad.Host = "https://user:c4n4ry@h\x1b[2J"
	for name, c := range map[string]struct {
		found cfn.Summary
		code  string
		says  []string
	}{
		"none":                {cfn.Summary{Regions: 22, Skipped: []cfn.Skipped{{Region: "me-south-1", Reason: "switched off"}}}, "no_rack", []string{"22 regions", "me-south-1 (switched off)"}},
		"none in a region":    {cfn.Summary{Regions: 1}, "no_rack", []string{"the region"}},
		"an app of the name":  {cfn.Summary{Regions: 1, Others: []cfn.Other{{Name: "production", Region: "eu-west-1", What: "an app on Rack main"}}}, "no_rack", []string{"in eu-west-1 is an app on Rack main"}},
		"two":                 {cfn.Summary{Racks: []cfn.Rack{good, other}, Regions: 2}, setup.CodeTwoRacks, []string{"eu-west-1, us-east-1"}},
		"a host that is none": {cfn.Summary{Racks: []cfn.Rack{bad}, Regions: 1}, "bad_host", []string{"outputs"}},
	} {
		found, err := setup.FindRack(t.Context(), finds(c.found), nil, "production")
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
		"REVIEW_IN_PROGRESS":                           {"was never installed", "delete its stack, or execute the change set"},
		"ROLLBACK_IN_PROGRESS":                         {"failed to install, and is being rolled back", "wait until its stack is in the state ROLLBACK_COMPLETE"},
		"CREATE_FAILED":                                {"failed to install", "delete its stack"},
		"ROLLBACK_COMPLETE":                            {"failed to install", "delete its stack"},
		"ROLLBACK_FAILED":                              {"failed to install", "delete its stack"},
		"DELETE_IN_PROGRESS":                           {"is being deleted", "use another Rack: this one is gone soon"},
		"DELETE_FAILED":                                {"was deleted in part", "use another Rack"},
		"UPDATE_IN_PROGRESS":                           {"is being updated", "wait until that has ended"},
		"UPDATE_COMPLETE_CLEANUP_IN_PROGRESS":          {"is being updated", "wait until that has ended"},
		"IMPORT_IN_PROGRESS":                           {"is being updated", "wait until that has ended"},
		"UPDATE_ROLLBACK_IN_PROGRESS":                  {"is being rolled back", "wait until that has ended"},
		"UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": {"is being rolled back", "wait until that has ended"},
		"UPDATE_ROLLBACK_FAILED":                       {"failed to update", "repair its stack"},
		"UPDATE_COMPLETE":                              {"has no host", "look at the outputs of its stack"},
		"IMPORT_COMPLETE":                              {"has no host", "look at the outputs of its stack"},
	} {
		rack := cfn.Rack{Name: "production", Region: "eu-west-1", Status: status}
		_, err := setup.FindRack(t.Context(), finds(cfn.Summary{Racks: []cfn.Rack{rack}, Regions: 1}), nil, "production")
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
		"failed_state": {Status: "UPDATE_ROLLBACK_FAILED"},
	} {
		if got := codes(setup.RackWarnings(rack)); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
