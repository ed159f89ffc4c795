package cfn_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
)

func TestRacksAreFoundInAllRegionsAndOnAllPages(t *testing.T) {
	w := newWorld(t)
	w.aws.PageSize = 3
	w.addRack("us-east-1", "staging")
	w.addRack("eu-west-1", "production")
	for i := range 10 {
		w.aws.AddStack(cfntest.Stack{Region: "eu-west-1", Name: fmt.Sprintf("other-%d", i)})
	}
	w.addRack("ap-south-1", "production")
	found := w.search()
	w.wantNames(found, "production@ap-south-1 production@eu-west-1 staging@us-east-1")
	if found.Regions != 21 || found.Stacks != 13 || len(found.Skipped) != 0 {
		t.Errorf("%d stacks in %d regions, skipped %s", found.Stacks, found.Regions, skipped(found))
	}
	if rack := found.Racks[1]; rack.Host != host("production", "eu-west-1") || rack.Version != "20220101000000" || rack.Status != "UPDATE_COMPLETE" {
		t.Errorf("the Rack is %+v", rack)
	}
	for _, call := range w.aws.Calls() {
		if call.Action != "cloudformation:DescribeStacks" {
			t.Errorf("asked %s", call.Action)
		}
	}
}

func TestRegionsAreDeliveredAsTheyCome(t *testing.T) {
	w := newWorld(t)
	w.addRack("us-east-1", "late")
	w.addRack("us-west-2", "early")
	w.aws.Slow("us-east-1", 200*time.Millisecond)
	w.aws.SwitchOff("eu-west-1")
	var order []string
	_, err := w.finder().Search(t.Context(), []string{"us-east-1", "us-west-2", "eu-west-1"}, func(s cfn.RegionResult) {
		order = append(order, s.Region) // the race detector sees that the calls are serialized
		if (s.Reason != "") != (s.Region == "eu-west-1") || s.Of != 3 || len(s.Racks) != s.Stacks {
			t.Errorf("delivered %+v", s)
		}
	})
	if err != nil || len(order) != 3 || order[2] != "us-east-1" {
		t.Errorf("%q, %v", order, err)
	}
}

func TestARegionThatFailsIsSkippedAndNamed(t *testing.T) {
	w := newWorld(t)
	w.addRack("us-east-1", "production")
	w.aws.SwitchOff("af-south-1")
	w.aws.SwitchOffWith("UnrecognizedClientException", "me-south-1")
	w.aws.SwitchOffWith("AuthFailure", "ap-east-1")
	w.aws.Deny("cloudformation:DescribeStacks", "eu-west-1")
	w.aws.Throttle("eu-west-2", 1000)
	w.aws.Slow("eu-west-3", time.Minute)
	found, err := w.finder(func(o *cfn.Options) { o.Retry.Deadline = 500 * time.Millisecond }).Search(t.Context(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.wantNames(found, "production@us-east-1")
	const off = "switched off for this account"
	want := "af-south-1: " + off + "; ap-east-1: " + off + "; eu-west-1: access denied; eu-west-2: throttled; eu-west-3: no answer in 0.5 s; me-south-1: " + off
	if got := skipped(found); got != want || found.Regions != 15 {
		t.Errorf("%d regions, skipped %s", found.Regions, got)
	}
}

func TestThrottlingAndSlownessAreWaitedOut(t *testing.T) {
	w := newWorld(t)
	w.addRack("us-east-1", "production")
	w.addRack("us-west-2", "staging")
	w.aws.Throttle("us-east-1", 2)
	w.aws.Slow("us-west-2", 100*time.Millisecond)
	w.wantNames(w.search("us-east-1", "us-west-2"), "production@us-east-1 staging@us-west-2")
}

func TestAFailureEverywhereIsTheError(t *testing.T) {
	for name, c := range map[string]struct {
		play  func(*world)
		kind  string
		words []string
	}{
		"an unknown access key": {
			func(w *world) { w.set("AWS_ACCESS_KEY_ID", "AKIAUNKNOWNUNKNOWN00") }, cfn.CodeRefused, []string{"aws sts get-caller-identity"},
		},
		"a wrong secret key": {
			func(w *world) { w.set("AWS_SECRET_ACCESS_KEY", secrettest.Canary+"x") }, cfn.CodeRefused, []string{"signature", "clock"},
		},
		"access denied": {
			func(w *world) { w.aws.Deny("cloudformation:DescribeStacks", w.finder().Regions()...) }, cfn.CodeDenied, []string{"cloudformation:DescribeStacks"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.play(w)
			w.wantCode(w.searchError(), c.kind, append(c.words, "21 regions")...)
			w.wantCode(w.searchError("us-east-1"), c.kind, append(c.words, "look for Racks in us-east-1")...)
			_, err := w.finder().Named(t.Context(), []string{"us-east-1"}, "production")
			w.wantCode(w.failed(err), c.kind)
		})
	}
}

func TestAllDifferentFailuresAreReported(t *testing.T) {
	w := newWorld(t)
	w.aws.SwitchOff("af-south-1")
	w.aws.Deny("cloudformation:DescribeStacks", "us-east-1")
	w.wantCode(w.searchError("af-south-1", "us-east-1"), cfn.CodeDenied, "look for Racks in us-east-1 with the credentials of the environment (AWS_ACCESS_KEY_ID): access denied", "skipped af-south-1: switched off for this account")
	w.aws.Throttle("us-west-2", 1000)
	w.wantCode(w.searchError("us-east-1", "us-west-2"), cfn.CodeThrottled, "us-west-2: throttled", "skipped us-east-1: access denied")
}

func TestANameTakesOneCallARegion(t *testing.T) {
	w := newWorld(t)
	w.aws.PageSize = 1
	w.addRack("us-east-1", "production")
	w.addRack("us-east-1", "staging")
	w.addRack("eu-west-1", "production")
	finder := w.finder()
	found, err := finder.Named(t.Context(), []string{"us-east-1"}, "production")
	if err != nil || len(w.aws.Calls()) != 1 {
		t.Fatalf("%d calls, %v", len(w.aws.Calls()), err)
	}
	w.wantNames(found, "production@us-east-1")
	if body := w.aws.Faults.Requests()[0].Body; !strings.Contains(body, "StackName=production") {
		t.Errorf("asked %s", body)
	}
	found, err = finder.Named(t.Context(), nil, "production")
	if err != nil || len(w.aws.Calls()) != 1+21 || found.Regions != 21 {
		t.Fatalf("%d calls, %d regions, %v", len(w.aws.Calls()), found.Regions, err)
	}
	w.wantNames(found, "production@eu-west-1 production@us-east-1")
}

func TestAStackThatIsNotARackIsDescribed(t *testing.T) {
	w := newWorld(t)
	w.aws.AddStack(cfntest.Stack{Region: "us-east-1", Name: "web", Tags: map[string]string{"System": "convox", "Type": "app", "Rack": "production"}})
	w.aws.AddStack(cfntest.Stack{Region: "eu-west-1", Name: "web"})
	found, err := w.finder().Named(t.Context(), nil, "web")
	if err != nil || len(found.Racks) != 0 {
		t.Fatalf("%v, %v", found.Racks, err)
	}
	want := []cfn.Other{
		{Name: "web", Region: "eu-west-1", What: "a stack that isn't from Convox"},
		{Name: "web", Region: "us-east-1", What: "an app on Rack production"},
	}
	if !slices.Equal(found.Others, want) {
		t.Errorf("%+v", found.Others)
	}
	if found, err = w.finder().Named(t.Context(), nil, "none"); err != nil || len(found.Racks)+len(found.Others) != 0 || found.Regions != 21 {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestAnImpossibleNameIsNotRequested(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"", "a b", "-x", "1x", "acme/production", "arn:aws:cloudformation:us-east-1:1:stack/x/y", strings.Repeat("a", 129), "a\x1b[31m"} {
		_, err := w.finder().Named(t.Context(), nil, name)
		w.wantCode(w.failed(err), cfn.CodeName)
		if strings.Contains(err.Error(), "\x1b") {
			t.Errorf("the error is %q", err)
		}
	}
	if n := len(w.aws.Calls()); n != 0 {
		t.Errorf("%d calls", n)
	}
}

func TestASearchStopsAtOnce(t *testing.T) {
	w := newWorld(t)
	for _, region := range w.finder().Regions() {
		w.aws.Slow(region, time.Minute)
	}
	stop := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cancel(stop) })
	begun := time.Now()
	if _, err := w.finder().Search(ctx, nil, nil); err != stop {
		t.Errorf("ended with %v", err)
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("after %v", took)
	}
}

func TestManyStacksAreRead(t *testing.T) {
	w := newWorld(t)
	for i := range 2000 {
		w.aws.AddStack(cfntest.Stack{Region: "us-east-1", Name: fmt.Sprintf("other-%d", i)})
	}
	w.addRack("us-east-1", "production")
	found := w.search("us-east-1")
	if found.Stacks != 2001 || names(found) != "production@us-east-1" {
		t.Errorf("%d stacks, %s", found.Stacks, names(found))
	}
}

func TestAWaitIsAnnouncedOnceForAllRegions(t *testing.T) {
	w := newWorld(t)
	w.addRack("us-east-1", "production")
	var told atomic.Int32
	for _, region := range w.finder().Regions() {
		w.aws.Throttle(region, 1)
	}
	finder := w.finder(func(o *cfn.Options) {
		o.Retry.Deadline, o.Retry.Pause = 10*time.Second, 2*time.Second // with jitter 1 s at the least
		o.Retry.Tell = func(a transport.RetryNotice) {
			if told.Add(1); !strings.HasSuffix(a.String(), " s (attempt 2): ask AWS") {
				t.Error(a)
			}
		}
	})
	found, err := finder.Search(t.Context(), nil, nil)
	if err != nil || told.Load() == 0 || told.Load() > 3 {
		t.Errorf("%v; told %d times for 21 regions", err, told.Load())
	}
	w.wantNames(found, "production@us-east-1")
}

func TestSkippedRegionsAreGroupedByReason(t *testing.T) {
	w := newWorld(t)
	w.addRack("us-east-1", "production")
	for _, region := range w.finder().Regions() {
		if region != "us-east-1" && region != "us-west-2" {
			w.aws.Deny("cloudformation:DescribeStacks", region)
		}
	}
	w.aws.Throttle("us-west-2", 1000)
	want := []string{"skipped 19 regions: access denied (af-south-1, ap-east-1, ap-northeast-1, ap-northeast-2, …)", "skipped us-west-2: throttled"}
	if got := cfn.GroupSkipped(w.search().Skipped); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// Only a region that may answer later leaves open whether a Rack is there.
func TestARegionThatMayAnswerLaterIsTransient(t *testing.T) {
	refuse := func(code string) func(*world) {
		return func(w *world) { w.aws.SwitchOffWith(code, "us-west-2") }
	}
	for name, c := range map[string]struct {
		play   func(*world)
		passes bool
	}{
		"Throttling":                  {refuse("Throttling"), true},
		"ThrottlingException":         {refuse("ThrottlingException"), true},
		"RequestLimitExceeded":        {refuse("RequestLimitExceeded"), true},
		"TooManyRequestsException":    {refuse("TooManyRequestsException"), true},
		"no answer":                   {func(w *world) { w.aws.Slow("us-west-2", time.Minute) }, true},
		"AccessDenied":                {refuse("AccessDenied"), false},
		"InvalidClientTokenId":        {refuse("InvalidClientTokenId"), false},
		"OptInRequired":               {refuse("OptInRequired"), false},
		"UnrecognizedClientException": {refuse("UnrecognizedClientException"), false},
	} {
		w := newWorld(t)
		c.play(w)
		f := w.finder(func(o *cfn.Options) { o.Retry.Deadline = 500 * time.Millisecond })
		found, err := f.Named(t.Context(), []string{"us-east-1", "us-west-2"}, "production")
		if err != nil || len(found.Skipped) != 1 || found.Skipped[0].IsTransient() != c.passes {
			t.Errorf("%s: %+v, %v", name, found.Skipped, err)
			continue
		}
		w.wantCode(w.failed(found.Skipped[0].Err), w.failed(found.Skipped[0].Err).Code, "look for Racks in us-west-2")
	}
}

func TestAStackThatWasNeverCreatedIsDescribed(t *testing.T) {
	w := newWorld(t)
	w.aws.AddStack(cfntest.Stack{Region: "us-east-1", Name: "production", Status: "REVIEW_IN_PROGRESS"})
	found, err := w.finder().Named(t.Context(), nil, "production")
	if err != nil || len(found.Others) != 1 || found.Others[0].What != "a stack that was never created (REVIEW_IN_PROGRESS)" {
		t.Errorf("%+v, %v", found.Others, err)
	}
}

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
