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
