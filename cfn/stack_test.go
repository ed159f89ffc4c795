package cfn_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
	"convox-travis/internal/faults"
	"convox-travis/internal/secret/secrettest"
)

func (w *rackWorld) shape() cfn.StackInfo {
	w.Helper()
	shape, err := w.finder().StackInfo(w.Context(), w.rack)
	if err != nil {
		w.Fatal(err)
	}
	secrettest.Absent(w, "the shape", fmt.Sprintf("%+v", shape), oldPassword)
	return shape
}

func TestStackInfoNamesAllParametersButThePassword(t *testing.T) {
	w := newRackWorld(t)
	shape := w.shape()
	wanted := w.parameters()
	delete(wanted, "Password")
	for _, key := range shape.Parameters {
		if _, there := wanted[key]; !there {
			t.Errorf("%s is none, or was named twice", key)
		}
		delete(wanted, key)
	}
	if len(wanted) != 0 || len(shape.Parameters) < 50 {
		t.Errorf("%d named, left out: %v", len(shape.Parameters), wanted)
	}
	if shape.StackID != w.added.StackID {
		t.Errorf("its stack is %q", shape.StackID)
	}
	if n := len(w.aws.Calls()); n != 2 {
		t.Errorf("%d calls", n)
	}
}

func TestStackInfoHasTheStacksCapabilities(t *testing.T) {
	for given, want := range map[string]string{
		"":                     "CAPABILITY_IAM",
		"CAPABILITY_IAM":       "CAPABILITY_IAM",
		"CAPABILITY_NAMED_IAM": "CAPABILITY_IAM CAPABILITY_NAMED_IAM",
	} {
		w := newChangedWorld(t, func(s *cfntest.Stack) { s.Capabilities = strings.Fields(given) })
		if got := strings.Join(w.shape().Capabilities, " "); got != want {
			t.Errorf("%q: %s", given, got)
		}
	}
}

func TestStackInfoNamesTheWebServiceOfEveryTemplate(t *testing.T) {
	for template, want := range map[cfntest.RackTemplate]string{
		cfntest.Template2023: "production-ServiceWebApi-8B7C6D5E4F3A",
		cfntest.Template2022: "production-ServiceWebApi-8B7C6D5E4F3A",
		cfntest.Template2016: "production-ApiWebService-8B7C6D5E4F3A",
	} {
		w := newRackWorld(t, func(r *cfntest.Rack) { r.Template = template })
		if shape := w.shape(); shape.WebService != want || shape.Cluster != w.added.Cluster {
			t.Errorf("%q: %s in %s", template, shape.WebService, shape.Cluster)
		}
	}
}

func TestAWebServiceThatCannotBeLookedUpIsLeftOut(t *testing.T) {
	denied := newRackWorld(t)
	denied.aws.Deny("cloudformation:DescribeStackResource", "eu-west-1")
	none := newChangedWorld(t, func(s *cfntest.Stack) { s.Resources = nil })
	for name, w := range map[string]*rackWorld{"denied": denied, "none": none} {
		shape := w.shape()
		if shape.WebService != "" || shape.Cluster != "" || len(shape.Parameters) < 50 || shape.StackID == "" {
			t.Errorf("%s: %+v", name, shape)
		}
	}
}

func TestAnImpossibleNameGoesIntoNoScript(t *testing.T) {
	for _, key := range []string{"a b", "$(id)", "a\nb", "", strings.Repeat("a", 256), "ä", "a_b"} {
		w := newChangedWorld(t, func(s *cfntest.Stack) {
			s.Declared = append(slices.Clone(s.Declared), cfntest.Parameter{Key: key})
		})
		_, err := w.finder().StackInfo(t.Context(), w.rack)
		w.wantCode(w.failed(err), cfn.CodeUnreadable, "letters and digits")
	}
	w := newChangedWorld(t, func(s *cfntest.Stack) { s.Capabilities = []string{`CAPABILITY_IAM"`} })
	_, err := w.finder().StackInfo(t.Context(), w.rack)
	w.wantCode(w.failed(err), cfn.CodeUnreadable, "capability")
}

func TestStackInfoThatCannotBeReadIsAnError(t *testing.T) {
	w := newRackWorld(t)
	w.aws.Deny("cloudformation:DescribeStacks", "eu-west-1")
	_, err := w.finder().StackInfo(t.Context(), w.rack)
	w.wantCode(w.failed(err), cfn.CodeDenied, "cloudformation:DescribeStacks")

	w = newRackWorld(t)
	w.rack.Name = "other"
	_, err = w.finder().StackInfo(t.Context(), w.rack)
	w.wantCode(w.failed(err), cfn.CodeMissing)

	w = newChangedWorld(t, func(s *cfntest.Stack) {
		s.Declared = slices.DeleteFunc(slices.Clone(s.Declared), func(p cfntest.Parameter) bool { return p.Key == "Password" })
		delete(s.Parameters, "Password")
	})
	_, err = w.finder().StackInfo(t.Context(), w.rack)
	w.wantCode(w.failed(err), cfn.CodeMissing, "no parameter Password")

	// Not known is not the same as not there.
	w = newRackWorld(t)
	w.aws.Faults.Add(faults.Rule{Kind: faults.Status500, Skip: 1, Times: -1})
	_, err = w.finder().StackInfo(t.Context(), w.rack)
	w.wantCode(w.failed(err), cfn.CodeFailed)
}
