package cfn_test

import (
	"fmt"
	"strings"
	"testing"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
	"convox-travis/internal/faults"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret/secrettest"
)

// recovery is a Rack whose password is the canary, with places taken away.
func recovery(t *testing.T, template cfntest.RackTemplate, development bool, denied ...string) *rackWorld {
	t.Helper()
	w := newRackWorld(t, func(r *cfntest.Rack) {
		r.Password, r.Template = secrettest.Canary, template
		if development {
			r.Parameters = map[string]string{"Development": "Yes"}
		}
	})
	for _, action := range denied {
		w.aws.Deny(action, "eu-west-1")
	}
	return w
}

func TestThePasswordIsReadWhereItIsFoundFirst(t *testing.T) {
	const tasks, store, resource = "ecs:DescribeTaskDefinition", "ssm:GetParameter", "cloudformation:DescribeStackResource"
	for _, c := range []struct {
		template    cfntest.RackTemplate
		development bool
		denied      []string
		from        cfn.Source
		nothing     int // places before
	}{
		{cfntest.Template2023, true, nil, cfn.FromTaskDefinition, 0},
		{cfntest.Template2022, true, nil, cfn.FromTaskDefinition, 0},
		{cfntest.Template2016, true, nil, cfn.FromTaskDefinition, 0},
		{cfntest.Template2023, true, []string{tasks}, cfn.FromParameterStore, 1},
		{cfntest.Template2023, true, []string{resource}, cfn.FromParameterStore, 1},
		{cfntest.Template2016, true, []string{tasks}, cfn.FromParameter, 2},
		{cfntest.Template2016, true, []string{tasks, store}, cfn.FromParameter, 2},
		{cfntest.Template2022, true, []string{tasks}, cfn.FromOutput, 3},
		{cfntest.Template2023, true, []string{tasks, store}, cfn.FromOutput, 3},
	} {
		w := recovery(t, c.template, c.development, c.denied...)
		var nothing []cfn.Source
		found, err := w.finder().Recover(t.Context(), w.rack, func(s cfn.Source, err error) {
			nothing = append(nothing, s)
			w.failed(err)
		})
		if err != nil || found.From != c.from || found.Password.Reveal() != secrettest.Canary || len(nothing) != c.nothing {
			t.Errorf("%+v: from %q after %q, %v", c, found.From, nothing, err)
		}
		secrettest.Absent(t, "what was recovered", fmt.Sprintf("%v %+v %#v", found, found, found))
	}
}

func TestOnlyWhatIsNeededIsRead(t *testing.T) {
	w := recovery(t, cfntest.Template2023, false)
	if _, err := w.finder().Recover(t.Context(), w.rack, nil); err != nil {
		t.Fatal(err)
	}
	var asked []string
	for _, call := range w.aws.Calls() {
		asked = append(asked, call.Action)
	}
	if got := strings.Join(asked, " "); got != "cloudformation:DescribeStackResource ecs:DescribeTaskDefinition" {
		t.Errorf("asked %s", got)
	}
}

func TestThePlacesAreTheOnesThatAreRead(t *testing.T) {
	w := recovery(t, cfntest.Template2023, false, "ecs:DescribeTaskDefinition", "ssm:GetParameter", "cloudformation:DescribeStacks")
	var order []cfn.Source
	_, err := w.finder().Recover(t.Context(), w.rack, func(s cfn.Source, err error) {
		order = append(order, s)
		for _, place := range cfn.Sources() {
			if place.Source == s {
				w.wantSource(w.failed(err))
				w.wantCode(w.failed(err), cfn.CodeDenied, place.Permission)
			}
		}
	})
	e := w.failed(err)
	w.wantSource(e)
	w.wantCode(e, cfn.CodeDenied, "ecs:DescribeTaskDefinition", "ssm:GetParameter", `"Resource": "arn:aws:ssm:eu-west-1:123456789012:parameter/productionRackApiSecret"`, "cloudformation:DescribeStacks")
	if !problem.Has(err, cfn.CodeNoPassword) {
		t.Error("it isn't said that AWS has no password to show")
	}
	if len(missingError(e)) != 3 || len(order) != len(cfn.Sources()) {
		t.Errorf("missing %q, told %q", missingError(e), order)
	}
	for i, place := range cfn.Sources() {
		if order[i] != place.Source || place.Reads == "" {
			t.Errorf("%d: %+v", i, place)
		}
	}
}

func TestAPasswordThatIsShownNowhereHasItsOwnError(t *testing.T) {
	w := newRackWorld(t)
	w.addRack("us-east-1", "bare")
	_, err := w.finder().Recover(t.Context(), cfn.Rack{Name: "bare", Region: "us-east-1"}, nil)
	w.wantCode(w.failed(err), cfn.CodeNoPassword)
	if detail, _ := problem.Detail[cfn.Detail](err); detail.Rack.Name != "bare" {
		t.Errorf("the Rack whose password is shown nowhere is %+v", detail.Rack)
	}
	_, err = w.finder().Recover(t.Context(), cfn.Rack{Name: "none", Region: "us-east-1"}, nil)
	w.wantCode(w.failed(err), cfn.CodeMissing)
}

func TestStarsAreNotAPassword(t *testing.T) {
	w := newRackWorld(t)
	w.addRack("us-east-1", "stars", func(s *cfntest.Stack) {
		s.NoEcho = nil
		s.Parameters["Password"], s.Outputs["Password"] = "****", "****"
	})
	_, err := w.finder().Recover(t.Context(), cfn.Rack{Name: "stars", Region: "us-east-1"}, nil)
	w.wantCode(w.failed(err), cfn.CodeNoPassword)
}

func TestAMalformedAnswerIsNotAPassword(t *testing.T) {
	for _, kind := range []faults.Kind{faults.MalformedJSON, faults.TruncatedBody, faults.WrongContentType, faults.Status502HTML, faults.EndlessBody, faults.RedirectAway} {
		w := recovery(t, cfntest.Template2023, false)
		inJSON := func(r faults.Request) bool { return strings.HasPrefix(r.Body, "{") }
		w.aws.Faults.Add(faults.Rule{Kind: kind, Times: -1, Match: inJSON})
		_, err := w.finder().Recover(t.Context(), w.rack, nil)
		if e := w.failed(err); e.Code != cfn.CodeUnreadable && e.Code != cfn.CodeFailed {
			t.Errorf("%s: %s %v", kind, e.Code, e)
		}
		w.aws.Faults.Clear()
		w.aws.Faults.Add(faults.Rule{Kind: kind, Match: inJSON})
		if found, err := w.finder().Recover(t.Context(), w.rack, nil); err != nil || found.Password.Reveal() != secrettest.Canary {
			t.Errorf("%s: %v, %v", kind, found, err)
		}
	}
}

func TestCredentialsThatAreRefusedEndTheRecovery(t *testing.T) {
	w := recovery(t, cfntest.Template2023, false)
	w.set("AWS_SECRET_ACCESS_KEY", "another")
	told := 0
	_, err := w.finder().Recover(t.Context(), w.rack, func(cfn.Source, error) { told++ })
	w.wantCode(w.failed(err), cfn.CodeRefused)
	if told != 0 || len(w.aws.Calls()) != 1 {
		t.Errorf("%d places, %d calls", told, len(w.aws.Calls()))
	}
}
