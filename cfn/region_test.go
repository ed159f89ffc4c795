package cfn_test

import (
	"slices"
	"strings"
	"testing"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
	"convox-travis/internal/secret/secrettest"
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

func TestATypoInARegionIsAnErrorWithoutACall(t *testing.T) {
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
}

func TestAnInvalidConfiguredRegionNamesItsSetting(t *testing.T) {
	for name, c := range map[string]struct{ variable, region, config, want string }{
		"the variable":         {"AWS_REGION", "us-esat-1", "", "use AWS_REGION: AWS has no region \"us-esat-1\"\nset AWS_REGION to us-east-1"},
		"its other name":       {"AWS_DEFAULT_REGION", "virginia", "", "use AWS_DEFAULT_REGION: AWS has no region \"virginia\"\nset AWS_DEFAULT_REGION to a name such as us-east-1"},
		"the default profile":  {"", "", "[default]\nregion = eu-westt-1\n", "use region of profile default: AWS has no region \"eu-westt-1\"\nset region of profile default to eu-west-1"},
		"the profile in use":   {"AWS_PROFILE", "work", "[profile work]\nregion = Frankfurt\n", "use region of profile work: AWS has no region \"Frankfurt\"\nset region of profile work to a name such as us-east-1"},
		"variable and profile": {"AWS_REGION", "us-esat-1", "[default]\nregion = eu-west-1\n", "use AWS_REGION: AWS has no region \"us-esat-1\"\nset AWS_REGION to us-east-1"},
	} {
		w := newWorld(t)
		w.write("config", c.config)
		w.write("credentials", userFile("work"))
		if c.variable != "" {
			w.set(c.variable, c.region)
		}
		_, err := w.tryFinder()
		e := w.failed(err)
		if got := e.Error() + "\n" + strings.Join(e.Hints, "\n"); e.Code != cfn.CodeRegion || got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestHintsAboutRefusedKeys(t *testing.T) {
	const (
		check   = "check them: aws sts get-caller-identity"
		renew   = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY again, and AWS_SESSION_TOKEN if they are temporary"
		foreign = "set AWS_REGION to us-gov-west-1 or cn-north-1 if the account is in AWS GovCloud (US) or AWS China"
		unset   = "unset AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN to use profile work"
		enable  = "enable me-south-1 for the account if it's disabled: a disabled region refuses all credentials"
	)
	for name, c := range map[string]struct {
		asked   []string
		profile string
		config  string
		want    []string
	}{
		"in all regions":                 {nil, "", "", []string{check, renew, foreign}},
		"in one that is always on":       {[]string{"us-east-1"}, "", "", []string{check, renew, foreign}},
		"in one that may be off":         {[]string{"me-south-1"}, "", "", []string{enable, check, renew}},
		"in several that may be off":     {[]string{"me-south-1", "mx-central-1"}, "", "", []string{enable, check, renew}},
		"in one of each":                 {[]string{"me-south-1", "us-east-1"}, "", "", []string{check, renew, foreign}},
		"beside a profile":               {nil, "work", userFile("work"), []string{unset, check, renew}},
		"beside one, in one region":      {[]string{"me-south-1"}, "work", userFile("work"), []string{enable, unset, check}},
		"beside one without credentials": {nil, "work", "[work]\nregion = us-east-1\n", []string{check, renew, foreign}},
		"beside the profile that counts": {nil, "", userFile("default"), []string{strings.Replace(unset, "work", "default", 1), check, renew}},
	} {
		w := newWorld(t)
		w.write("credentials", c.config)
		w.set("AWS_PROFILE", c.profile)
		w.set("AWS_ACCESS_KEY_ID", "AKIAUNKNOWNUNKNOWN00")
		e := w.searchError(c.asked...)
		if e.Code != cfn.CodeRefused || !slices.Equal(e.Hints, c.want) {
			t.Errorf("%s: %s %q", name, e.Code, e.Hints)
		}
	}
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

func TestARefusalInAnotherPartitionSaysSo(t *testing.T) {
	const foreign = "it's a separate partition with its own accounts"
	for name, c := range map[string]struct {
		partition, configured string
		asked                 []string
		words                 []string
	}{
		"GovCloud from a commercial account":        {"aws", "", []string{"us-gov-west-1"}, []string{"AWS GovCloud (US) doesn't accept the credentials of the environment (AWS_ACCESS_KEY_ID): " + foreign, "use a profile of an account in AWS GovCloud (US)"}},
		"all of GovCloud from a commercial one":     {"aws", "us-gov-west-1", nil, []string{"AWS GovCloud (US) doesn't accept", foreign}},
		"China from a commercial account":           {"aws", "us-east-1", []string{"cn-north-1", "cn-northwest-1"}, []string{"AWS China doesn't accept", foreign}},
		"China from GovCloud":                       {"aws-us-gov", "us-gov-west-1", []string{"cn-north-1"}, []string{"AWS China doesn't accept", foreign}},
		"a commercial region from GovCloud":         {"aws-us-gov", "us-gov-west-1", []string{"eu-west-1"}, []string{"AWS doesn't accept the credentials of", foreign}},
		"GovCloud's credentials without a region":   {"aws-us-gov", "", nil, []string{"set AWS_REGION to us-gov-west-1 or cn-north-1", "us-gov-west-1"}},
		"China's credentials in commercial regions": {"aws-cn", "us-east-1", []string{"us-east-1"}, []string{"set AWS_REGION to us-gov-west-1 or cn-north-1", "cn-north-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.set("AWS_REGION", c.configured)
			w.aws.AddUser(cfntest.User{Account: account, Name: "ann", KeyID: keyID, Secret: secrettest.Canary, Partition: c.partition})
			e := w.searchError(c.asked...)
			w.wantCode(e, cfn.CodeRefused, c.words...)
			if text := e.Error() + strings.Join(e.Hints, "\n"); strings.Contains(text, foreign) && strings.Contains(text, "switched off") {
				t.Errorf("it also speaks of a region that is switched off: %s", text)
			}
		})
	}
}

func TestADenialInAnotherPartitionIsADenial(t *testing.T) {
	w := newWorld(t)
	w.set("AWS_REGION", "us-east-1")
	w.aws.AddUser(cfntest.User{Account: account, Name: "ann", KeyID: keyID, Secret: secrettest.Canary, Partition: "aws-us-gov"})
	w.aws.Deny("cloudformation:DescribeStacks", "us-gov-west-1")
	e := w.searchError("us-gov-west-1")
	w.wantCode(e, cfn.CodeDenied, "access denied")
	if text := e.Error() + strings.Join(e.Hints, "\n"); strings.Contains(text, "partition") || strings.Contains(text, "AWS_REGION") {
		t.Error(text)
	}
}

func TestARegionOfAnotherPartitionIsSkippedWithItsReason(t *testing.T) {
	w := newWorld(t)
	w.addRack("us-east-1", "production")
	w.aws.SwitchOff("me-south-1")
	found := w.search("us-east-1", "us-gov-west-1", "us-gov-east-1", "me-south-1")
	want := []string{"skipped me-south-1: switched off for this account", "skipped 2 regions: another partition (us-gov-east-1, us-gov-west-1)"}
	if got := cfn.GroupSkipped(found.Skipped); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
