package cfn_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
	"convox-travis/internal/clock"
	"convox-travis/internal/faults"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
)

// told collects events as "LOGICALID STATUS".
func told(all *[]string) func(cfn.Event) {
	return func(e cfn.Event) { *all = append(*all, e.LogicalID+" "+e.Status) }
}

const aReset = "production UPDATE_IN_PROGRESS, RackApiSecret UPDATE_IN_PROGRESS, RackApiSecret UPDATE_COMPLETE, " +
	"ApiMonitorTasks UPDATE_IN_PROGRESS, ApiMonitorTasks UPDATE_COMPLETE, ServiceMonitorApi UPDATE_IN_PROGRESS, ServiceMonitorApi UPDATE_COMPLETE, " +
	"production UPDATE_COMPLETE_CLEANUP_IN_PROGRESS, ApiMonitorTasks DELETE_IN_PROGRESS, ApiMonitorTasks DELETE_COMPLETE, production UPDATE_COMPLETE"

func TestEachNewEventIsReportedOnceInOrder(t *testing.T) {
	for _, size := range []int{1, 2, 100} {
		w := newRackWorld(t)
		w.aws.PageSize = size
		w.aws.SetPace(cfntest.Pace{Resource: 10 * time.Millisecond, Task: 5 * time.Millisecond})
		w.aws.StartUpdate("eu-west-1", "production", map[string]string{"ApiCpu": "512"})
		for {
			if state, err := w.finder().State(t.Context(), w.rack); err != nil || state.Updatable {
				break
			}
		}
		f := w.finder()
		p := w.preview(f)
		w.execute(f, p)
		var all []string
		var last time.Time
		outcome, err := f.Follow(t.Context(), w.rack, p.Since, func(e cfn.Event) {
			told(&all)(e)
			if e.At.Before(last) || !e.At.After(p.Since) {
				t.Errorf("%s at %s", e.LogicalID, e.At)
			}
			last = e.At
		})
		if err != nil || outcome.End != cfn.Complete || outcome.Status != "UPDATE_COMPLETE" || outcome.Reason != "" {
			t.Errorf("%+v, %v", outcome, err)
		}
		if got := strings.Join(all, ", "); got != aReset {
			t.Errorf("pages of %d: %s", size, got)
		}
	}
}

func TestAnUpdateInProgressIsFollowed(t *testing.T) {
	w := newRackWorld(t)
	w.aws.SetPace(cfntest.Pace{Resource: 100 * time.Millisecond})
	f := w.finder()
	p := w.preview(f)
	w.execute(f, p)
	ctx, leave := context.WithCancel(t.Context())
	_, _ = f.Follow(ctx, w.rack, p.Since, func(e cfn.Event) {
		if e.Status == "UPDATE_COMPLETE" {
			leave() // in its middle
		}
	})
	second := w.finder()
	state, err := second.State(t.Context(), w.rack)
	if err != nil || !state.InProgress || state.Updatable {
		t.Fatalf("%+v, %v", state, err)
	}
	var all []string
	outcome, err := second.Follow(t.Context(), w.rack, time.Time{}, told(&all))
	if err != nil || outcome.End != cfn.Complete || strings.Join(all, ", ") != aReset {
		t.Errorf("%+v, %v: %s", outcome, err, strings.Join(all, ", "))
	}
	all = nil
	if outcome, err = second.Follow(t.Context(), w.rack, time.Time{}, told(&all)); err != nil || outcome.End != cfn.Complete || strings.Join(all, ", ") != aReset {
		t.Errorf("afterwards: %+v, %v: %s", outcome, err, strings.Join(all, ", "))
	}
}

// An update's first event can come after the first look.
func TestTheEndOfAnEarlierUpdateIsNotTheEnd(t *testing.T) {
	w := newRackWorld(t)
	f := w.finder()
	p := w.preview(f)
	time.AfterFunc(50*time.Millisecond, func() { _ = f.Execute(transport.Until(t.Context()), p) })
	var all []string
	if outcome, err := f.Follow(t.Context(), w.rack, p.Since, told(&all)); err != nil || outcome.End != cfn.Complete || len(all) == 0 {
		t.Errorf("%+v, %v: %q", outcome, err, all)
	}
}

func TestARollbackIsReportedWithItsFirstReason(t *testing.T) {
	w := newRackWorld(t)
	before := w.parameters()
	w.aws.FailNextUpdate("eu-west-1", "production", cfntest.Fate{
		Resource: "ServiceMonitorApi",
		Reason: "Resource handler returned message: \"Value '" + secrettest.Canary + "' at 'value'\x1b[31m failed\nto satisfy constraint; " + secrettest.Canary +
			"\" (RequestToken: 3f6c2b1a, HandlerErrorCode: InvalidRequest)" + strings.Repeat(" and so on", 100),
	})
	f := w.finder()
	p := w.preview(f)
	w.execute(f, p)
	outcome, err := f.Follow(t.Context(), w.rack, p.Since, func(e cfn.Event) {
		secrettest.Absent(t, "an event", fmt.Sprintf("%+v", e), oldPassword)
	})
	if err != nil || outcome.End != cfn.RolledBack || outcome.Status != "UPDATE_ROLLBACK_COMPLETE" || !strings.Contains(outcome.Reason, "Resource handler returned message") {
		t.Errorf("%+v, %v", outcome, err)
	}
	if strings.ContainsAny(outcome.Reason, "\x1b\n") || len(outcome.Reason) > 450 {
		t.Errorf("the reason is %q", outcome.Reason)
	}
	secrettest.Absent(t, "the reason", outcome.Reason, oldPassword)
	w.wantOthersKept(before, oldPassword)
	if found, err := f.Recover(t.Context(), w.rack, nil); err != nil || found.Password.Reveal() != oldPassword {
		t.Errorf("%v, %v", found, err)
	}
}

// Another program's Finder was given no password, so the value is told by its
// place in the sentence.
func TestAValueIsCutFromAReasonByItsPlace(t *testing.T) {
	for _, reason := range []string{
		"1 validation error detected: Value '%s' at 'value' failed to satisfy constraint: Member must have length less than 50",
		"Parameter validation failed: parameter value %s for parameter name Password does not exist",
		`Invalid value "%s"`, "Value (%s) for parameter x is invalid", "Invalid values [%s, x]",
	} {
		w := newRackWorld(t)
		w.aws.FailNextUpdate("eu-west-1", "production", cfntest.Fate{Resource: "RackApiSecret", Reason: fmt.Sprintf(reason, secrettest.Canary)})
		w.aws.StartUpdate("eu-west-1", "production", map[string]string{"Password": "x"})
		outcome, err := w.finder().Follow(t.Context(), w.rack, time.Time{}, nil)
		if err != nil || outcome.Reason == "" {
			t.Errorf("%+v, %v", outcome, err)
		}
		secrettest.Absent(t, reason, outcome.Reason)
	}
}

func TestAStackWithoutProgressIsStuck(t *testing.T) {
	for status, fate := range map[string]cfntest.Fate{
		"UPDATE_IN_PROGRESS":     {Hangs: true},
		"UPDATE_ROLLBACK_FAILED": {Resource: "ApiMonitorTasks", Reason: "no", RollbackFails: true},
	} {
		w := newRackWorld(t)
		w.aws.FailNextUpdate("eu-west-1", "production", fate)
		f := w.finder(func(o *cfn.Options) { o.Patience = 100 * time.Millisecond })
		p := w.preview(f)
		w.execute(f, p)
		outcome, err := f.Follow(t.Context(), w.rack, p.Since, nil)
		if err != nil || outcome.End != cfn.Stuck || outcome.Status != status || outcome.Reason != fate.Reason || (outcome.Repair != "") != fate.RollbackFails {
			t.Errorf("%+v, %v", outcome, err)
		}
	}
}

func TestPassingFailuresAreWaitedOut(t *testing.T) {
	for _, kind := range faults.Kinds() {
		if kind == faults.Hang {
			continue // the deadline of a call, which is tested elsewhere
		}
		w := newRackWorld(t)
		w.aws.SetPace(cfntest.Pace{Resource: 10 * time.Millisecond})
		f := w.finder(func(o *cfn.Options) { o.Patience = time.Minute })
		p := w.preview(f)
		w.execute(f, p)
		w.aws.Faults.Add(faults.Rule{Kind: kind, Times: 4}) // more than one read tries
		var all []string
		outcome, err := f.Follow(t.Context(), w.rack, p.Since, told(&all))
		if err != nil || outcome.End != cfn.Complete || strings.Join(all, ", ") != aReset {
			t.Errorf("%s: %+v, %v: %q", kind, outcome, err, all)
		}
	}
}

func TestALastingFailureEndsFollow(t *testing.T) {
	w := newRackWorld(t)
	f := w.finder(func(o *cfn.Options) { o.Patience = 50 * time.Millisecond })
	w.aws.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1})
	_, err := f.Follow(t.Context(), w.rack, time.Time{}, nil)
	w.wantCode(w.failed(err), cfn.CodeFailed, "continues in AWS")
}

func TestASessionThatExpiresDuringFollowIsAnError(t *testing.T) {
	w := newRackWorld(t)
	role := cfntest.Role{Account: account, Name: "admin"}
	w.aws.AddRole(role)
	w.files("[profile work]\nrole_arn = "+role.ARN()+"\nsource_profile = base\nregion = eu-west-1\n", userFile("base"))
	w.aws.SetPace(cfntest.Pace{Resource: 30 * time.Millisecond})
	f := w.finder(profile("work"))
	p := w.preview(f)
	w.execute(f, p)
	_, err := f.Follow(t.Context(), w.rack, p.Since, func(cfn.Event) { w.aws.ExpireSessions() })
	w.wantCode(w.failed(err), cfn.CodeExpired, "follow the update of Rack production in eu-west-1", "sign in to AWS again", "continues in AWS")
	if outcome, err := w.finder(profile("work")).Follow(t.Context(), w.rack, time.Time{}, nil); err != nil || outcome.End != cfn.Complete {
		t.Errorf("picked up: %+v, %v", outcome, err)
	}
}

func TestFollowStopsAtOnce(t *testing.T) {
	w := newRackWorld(t)
	w.aws.SetPace(cfntest.Pace{Resource: time.Minute})
	f := w.finder(func(o *cfn.Options) { o.Poll = time.Minute })
	p := w.preview(f)
	w.execute(f, p)
	stop := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cancel(stop) })
	begun := time.Now()
	if _, err := f.Follow(ctx, w.rack, p.Since, nil); err != stop || time.Since(begun) > time.Second {
		t.Errorf("ended with %v after %v", err, time.Since(begun))
	}
}

// skipping is a clock that passes at once whatever is waited for.
type skipping struct {
	clock.System
	skipped time.Duration
	pauses  []time.Duration
}

func (c *skipping) Now() time.Time { return c.System.Now().Add(c.skipped) }

func (c *skipping) Sleep(_ context.Context, d time.Duration) error {
	c.skipped += d
	c.pauses = append(c.pauses, d)
	return nil
}

func TestAnAWSThatDoesNotAnswerIsAskedLessAndLess(t *testing.T) {
	w := newRackWorld(t)
	var told []string
	c := &skipping{}
	f := w.finder(func(o *cfn.Options) {
		o.Poll, o.Patience = time.Second, 80*time.Second
		o.Retry.Clock, o.Retry.Tell = c, func(a transport.RetryNotice) { told = append(told, a.String()) }
	})
	w.aws.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1})
	_, err := f.Follow(t.Context(), w.rack, time.Time{}, nil)
	w.wantCode(w.failed(err), cfn.CodeFailed)
	if got := fmt.Sprint(c.pauses); got != "[2s 4s 8s 16s 16s 16s 16s 16s]" && got != "[2s 4s 8s 16s 16s 16s 16s]" {
		t.Errorf("the pauses are %s", got)
	}
	if len(told) != len(c.pauses) || told[1] != "retrying in 4 s (attempt 3): follow the update of Rack production in eu-west-1" {
		t.Errorf("told %q", told)
	}
}

const noRoom = "no container instance met all of its requirements. The closest matching container-instance 0a1b2c3d has insufficient memory available. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."

// CloudFormation waits for a service for hours, and says nothing meanwhile.
func TestAServiceThatDoesNotStartIsExplainedByECS(t *testing.T) {
	const says = "was unable to place a task because no container instance met all of its requirements. The closest matching container-instance 0a1b2c3d has insufficient memory available"
	for _, template := range []cfntest.RackTemplate{cfntest.Template2022, cfntest.Template2016} {
		w := newRackWorld(t, func(r *cfntest.Rack) { r.Template = template })
		w.aws.FailPlacement("eu-west-1", noRoom)
		f := w.finder(func(o *cfn.Options) { o.Poll, o.Patience, o.Retry.Clock = time.Second, time.Minute, &skipping{} })
		p := w.preview(f)
		w.execute(f, p)
		var heard []string
		outcome, err := f.Follow(t.Context(), w.rack, p.Since, func(e cfn.Event) {
			if e.Reason == says {
				heard = append(heard, e.LogicalID+" "+e.Status+" "+e.Type)
			}
		})
		if err != nil || outcome.End != cfn.Stuck || !strings.HasSuffix(outcome.Reason, ": "+says) || !strings.HasPrefix(outcome.Reason, "ECS says of ") {
			t.Errorf("%q: %+v, %v", template, outcome, err)
		}
		if len(heard) != 1 || !strings.HasSuffix(heard[0], " UPDATE_IN_PROGRESS AWS::ECS::Service") { // once, though it is asked often
			t.Errorf("%q: it tells %q", template, heard)
		}
	}
}

func TestOnlyAFailedRollbackIsRepairedByContinuingIt(t *testing.T) {
	const command = "aws --profile work cloudformation continue-update-rollback --stack-name production --region eu-west-1"
	for status, want := range map[string]bool{
		"UPDATE_ROLLBACK_FAILED": true, "UPDATE_FAILED": false, "ROLLBACK_FAILED": false, "ROLLBACK_COMPLETE": false,
		"DELETE_FAILED": false, "UPDATE_ROLLBACK_IN_PROGRESS": false, "UPDATE_COMPLETE": false,
	} {
		w := newRackWorld(t, func(r *cfntest.Rack) { r.Status = status })
		w.files("[profile work]\nregion = eu-west-1\n", userFile("work"))
		f := w.finder(profile("work"))
		found, err := f.Named(t.Context(), nil, "production")
		state, stateErr := f.State(t.Context(), w.rack)
		if err != nil || stateErr != nil || len(found.Racks) != 1 {
			t.Fatalf("%v, %v, %v", found, err, stateErr)
		}
		_, busy := f.Preview(transport.Until(t.Context()), w.rack, secret.New(secrettest.Canary))
		for place, text := range map[string]string{"the Rack": found.Racks[0].Repair, "the state": state.Repair, "the preview": fmt.Sprint(problem.Hints{}.Of(busy))} {
			if strings.Contains(text, command) != want {
				t.Errorf("%s: %s says %q", status, place, text)
			}
		}
	}
}

func TestOnlyStartingServicesArePolled(t *testing.T) {
	w := newRackWorld(t, func(r *cfntest.Rack) { r.Template = cfntest.Template2022 })
	clock := &skipping{}
	f := w.finder(func(o *cfn.Options) { o.Poll, o.Patience, o.Retry.Clock = time.Second, 24*time.Hour, clock })
	p := w.preview(f)
	w.aws.SetPace(cfntest.Pace{Resource: 100 * time.Millisecond})
	w.execute(f, p)
	up := make(map[string]bool)
	outcome, err := f.Follow(t.Context(), w.rack, p.Since, func(e cfn.Event) {
		ofECS := e.Type == "AWS::ECS::Service" && e.Reason != ""
		if e.At.IsZero() || ofECS && (up[e.LogicalID] || e.Status != "UPDATE_IN_PROGRESS") {
			t.Errorf("it tells %+v", e)
		}
		up[e.LogicalID] = e.Status == "UPDATE_COMPLETE"
	})
	if err != nil || outcome.End != cfn.Complete || outcome.Reason != "" {
		t.Errorf("%+v, %v", outcome, err)
	}
}

func TestAServiceThatFailedIsExplainedByECS(t *testing.T) {
	const gaveUp = "Service arn:aws:ecs:eu-west-1:123456789012:service/production-ApiWebService did not stabilize."
	w := newRackWorld(t, func(r *cfntest.Rack) { r.Template = cfntest.Template2022 })
	w.aws.FailPlacement("eu-west-1", noRoom)
	w.aws.FailNextUpdate("eu-west-1", "production", cfntest.Fate{Resource: "ServiceMonitorApi", Reason: gaveUp})
	f := w.finder(func(o *cfn.Options) { o.Poll, o.Patience, o.Retry.Clock = time.Second, 24*time.Hour, &skipping{} })
	p := w.preview(f)
	w.aws.SetPace(cfntest.Pace{Resource: 100 * time.Millisecond})
	w.execute(f, p)
	outcome, err := f.Follow(t.Context(), w.rack, p.Since, nil)
	if err != nil || outcome.End != cfn.RolledBack || !strings.HasPrefix(outcome.Reason, gaveUp+"; ECS says of ServiceMonitorApi: was unable to place a task because") {
		t.Errorf("%+v, %v", outcome, err)
	}
}
