package cfn_test

import (
	"slices"
	"testing"

	"convox-travis/cfn"
)

func TestTheConfiguredRegionPicksThePartition(t *testing.T) {
	for configured, want := range map[string][]string{
		"us-gov-west-1":  {"us-gov-east-1", "us-gov-west-1"},
		"cn-north-1":     {"cn-north-1", "cn-northwest-1"},
		"us-iso-east-1":  {"us-iso-east-1"},
		"eusc-de-east-1": {"eusc-de-east-1"},
	} {
		w := newWorld(t)
		w.set("AWS_REGION", configured)
		if got := w.finder().Regions(); !slices.Equal(got, want) {
			t.Errorf("%s: %q", configured, got)
		}
	}
	w := newWorld(t)
	if got := w.finder().Regions(); len(got) != 21 || slices.Contains(got, "us-gov-west-1") || slices.Contains(got, "cn-north-1") {
		t.Errorf("with none: %q", got)
	}
	w.set("AWS_REGION", "mx-central-1")
	w.addRack("mx-central-1", "new")
	w.wantNames(w.search(), "new@mx-central-1")
}

func TestARegionOfTheProfileCounts(t *testing.T) {
	w := newWorld(t)
	w.files("[profile gov]\nregion = us-gov-east-1\n", userFile("gov"))
	if got := w.finder(profile("gov")).Regions(); len(got) != 2 {
		t.Errorf("%q", got)
	}
}

func TestASlipInARegionIsToldWithoutACall(t *testing.T) {
	w := newWorld(t)
	for typed, hint := range map[string]string{
		"us-esat-1": "did you mean us-east-1?", "su-east-1": "did you mean sa-east-1?", "eu-westt-1": "did you mean eu-west-1?",
		"useast1": "did you mean us-east-1?", "us-east": "did you mean us-east-1?", "us-gov-wset-1": "did you mean us-gov-west-1?",
		"virginia": "us-east-1", "": "us-east-1", "evil.example.com/": "us-east-1", "us-east-1\x1b[31m": "us-east-1",
	} {
		e := w.searchError("us-west-2", typed)
		w.wantCode(e, cfn.CodeRegion, hint)
	}
	if n := len(w.aws.Calls()); n != 0 {
		t.Errorf("%d calls", n)
	}
	w.set("AWS_REGION", "us-esat-1")
	_, err := w.tryFinder()
	w.wantCode(w.failed(err), cfn.CodeRegion, "did you mean us-east-1?")
}

func TestARegionThatIsNewerThanTheProgramIsAsked(t *testing.T) {
	w := newWorld(t)
	for _, region := range []string{"ap-southeast-9", "nz-north-1", "mx-central-1", "eusc-fr-west-1"} {
		w.addRack(region, "new")
		w.wantNames(w.search(region), "new@"+region)
	}
	w.addRack("us-east-1", "old")
	w.wantNames(w.search("US-East-1", " us-east-1 "), "old@us-east-1")
}

func profile(name string) func(*cfn.Options) {
	return func(o *cfn.Options) { o.Profile = name }
}
