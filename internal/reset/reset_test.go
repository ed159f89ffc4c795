package reset_test

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
	"convox-travis/internal/convox"
	"convox-travis/internal/faults"
	"convox-travis/internal/problem"
	"convox-travis/internal/reset"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
)

func TestAResetEndsWhenOnlyTheNewPasswordLogsIn(t *testing.T) {
	for template, restarts := range map[cfntest.RackTemplate]int{cfntest.Template2023: 1, cfntest.Template2022: 0, cfntest.Template2016: 0} {
		w := newRackWorld(t, func(r *cfntest.Rack) { r.Template = template })
		w.aws.SetPace(cfntest.Pace{ChangeSet: time.Millisecond, Resource: 2 * time.Millisecond, Task: 5 * time.Millisecond})
		before := w.aws.ParametersOf(region, "production")
		report := w.run()
		w.want(report, reset.PhaseDone, "only the new password")
		w.wantHolds(secrettest.Canary)
		if n := w.asked("ecs:UpdateService"); n != restarts {
			t.Errorf("%q: restarted %d times", template, n)
		}
		after := w.aws.ParametersOf(region, "production")
		before["Password"] = secrettest.Canary
		if !maps.Equal(before, after) || len(after) < 50 {
			t.Errorf("%q: the %d parameters became other ones", template, len(after))
		}
		for _, words := range []string{"Words:ApiMonitorTasks", "Done:5 Of:5 Words:fresh logins"} {
			if !strings.Contains(w.said.String(), words) {
				t.Errorf("%q: it does not say %q:\n%s", template, words, w.said.String())
			}
		}
	}
}

func TestProgressCountsTheResourcesOfThePreview(t *testing.T) {
	w := newRackWorld(t)
	most := 0
	w.at = func(e reset.Event) {
		if e.Stack == nil {
			return
		}
		if e.Of != 3 || e.Done < most {
			t.Errorf("%d of %d after %d", e.Done, e.Of, most)
		}
		most = e.Done
	}
	w.run()
	if most != 3 {
		t.Errorf("%d of 3 at the end", most)
	}
}

// lazy is an AWS whose web service is not restarted, whatever it says.
type lazy struct{ *cfn.Finder }

func (l lazy) Restart(stop transport.Stop, rack cfn.Rack) (cfn.Deployment, error) {
	return l.Deployment(stop.Soft, rack)
}

func TestAWebServiceThatIsNotRestartedIsNoSuccess(t *testing.T) {
	w := newRackWorld(t)
	w.stacks, w.clock = lazy{w.finder}, &hasty{}
	report := w.run()
	w.want(report, reset.PhaseUpdated, "not every web task accepts it", "may still accept the old one")
	w.wantHolds(oldPassword)
}

func TestOneTaskWithTheOldPasswordIsNoSuccess(t *testing.T) {
	for name, olds := range map[string][]secret.String{"known": {secret.New(oldPassword)}, "unknown": nil} {
		w := newRackWorld(t)
		w.clock = &hasty{}
		w.at = func(e reset.Event) {
			if e.Phase == reset.PhaseUpdated {
				w.door.SetTask(1, oldPassword)
			}
		}
		request := w.request()
		request.OldPasswords = olds
		err := w.prepare(request)
		if err != nil {
			t.Fatal(err)
		}
		report := w.ends(w.reset.Run(running(t.Context()), w.hear))
		w.want(report, reset.PhaseUpdated, "a task still doesn't accept it")
		if n := w.asked("ecs:UpdateService"); n != 1 {
			t.Errorf("%s: restarted %d times", name, n)
		}
	}
}

func TestARestartThatSomebodyBeganIsNotBegunAgain(t *testing.T) {
	w := newRackWorld(t)
	w.aws.SetPace(cfntest.Pace{Task: 30 * time.Millisecond})
	begun := false
	w.at = func(e reset.Event) {
		if e.Stack != nil && e.Stack.Status == "UPDATE_COMPLETE" && e.Stack.LogicalID == "production" && !begun {
			begun = true
			if _, err := w.finder.Restart(transport.Until(t.Context()), w.rack()); err != nil {
				t.Error(err)
			}
		}
	}
	w.want(w.run(), reset.PhaseDone)
	if n := w.asked("ecs:UpdateService"); n != 1 {
		t.Errorf("restarted %d times", n)
	}
}

func TestTheSamePasswordAgainOnlyRestarts(t *testing.T) {
	w := newRackWorld(t)
	w.stacks, w.clock = lazy{w.finder}, &hasty{}
	w.want(w.run(), reset.PhaseUpdated)
	w.stacks, w.clock = w.finder, nil
	if w.plan().Preview != nil {
		t.Fatal("it would be updated again")
	}
	w.want(w.ends(w.reset.Run(running(t.Context()), w.hear)), reset.PhaseDone)
	w.wantHolds(secrettest.Canary)
	w.want(w.run(), reset.PhaseDone)
	if n := w.asked("ecs:UpdateService"); n != 1 {
		t.Errorf("restarted %d times", n)
	}
}

func TestARollBackLeavesTheOldPassword(t *testing.T) {
	w := newRackWorld(t)
	w.aws.FailNextUpdate(region, "production", cfntest.Fate{Resource: "ServiceMonitorApi", Reason: "The value " + secrettest.Canary + " is not good (Service: ecs)"})
	report := w.run()
	w.want(report, reset.PhaseRolledBack, "rolled the update back", "is not good", "the old password still works")
	if !report.OldPasswordWorks() || !report.HasStarted() {
		t.Errorf("%+v", report)
	}
	w.wantHolds(oldPassword)
	w.want(w.run(), reset.PhaseDone) // the next one goes well
}

func TestARollBackForWantOfAPermissionNamesIt(t *testing.T) {
	w := newRackWorld(t)
	w.aws.FailNextUpdate(region, "production", cfntest.Fate{Resource: "ApiMonitorTasks", Reason: "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: iam:PassRole on resource: arn:aws:iam::123456789012:role/convox/production-MonitorRole"})
	w.want(w.run(), reset.PhaseRolledBack, `"Action": "iam:PassRole", "Resource": "arn:aws:iam::123456789012:role/convox/production-MonitorRole"`)
}

func TestAStuckUpdateIsTold(t *testing.T) {
	w := newRackWorld(t)
	w.aws.FailNextUpdate(region, "production", cfntest.Fate{Resource: "ServiceMonitorApi", Reason: "no room", RollbackFails: true})
	report := w.run()
	w.want(report, reset.PhaseStuck, "UPDATE_ROLLBACK_FAILED", "no room", "either password may work",
		"aws cloudformation continue-update-rollback --stack-name production --region "+region)
	if report.OldPasswordWorks() {
		t.Error("it says that the old one holds")
	}
	err := w.prepare(w.request())
	if !problem.Has(err, cfn.CodeBusy) {
		t.Errorf("%v", err)
	}
}

func TestAnUpdateThatRunsIsNotDisturbed(t *testing.T) {
	w := newRackWorld(t)
	w.aws.SetPace(cfntest.Pace{Resource: 300 * time.Millisecond})
	w.aws.StartUpdate(region, "production", map[string]string{"ApiCount": "3"})
	err := w.prepare(w.request())
	if !problem.Has(err, cfn.CodeBusy) {
		t.Errorf("%v", err)
	}
	if report := w.await(w.request()); report.Err != nil || w.reset.Stack.InProgress {
		t.Fatal(report.Err)
	}
	w.want(w.run(), reset.PhaseDone)
	if count := w.aws.ParametersOf(region, "production")["ApiCount"]; count != "3" {
		t.Errorf("the other update's value became %s", count)
	}
}

func TestADriftedStackIsNotUpdated(t *testing.T) {
	w := newRackWorld(t)
	w.stacks = drifted{w.finder}
	if err := w.plan().Err(); err == nil || !strings.Contains(err.Error(), "Vpc would be removed") {
		t.Errorf("%v", err)
	}
	w.want(w.ends(w.reset.Run(running(t.Context()), w.hear)), reset.PhaseNothing, "differs from its template", "changed nothing")
	w.wantNoChangeSet()
	w.wantHolds(oldPassword)
}

type drifted struct{ *cfn.Finder }

func (d drifted) Preview(stop transport.Stop, rack cfn.Rack, password secret.String) (*cfn.Preview, error) {
	p, err := d.Finder.Preview(stop, rack, password)
	p.Verdict, p.Why = cfn.Unexpected, []string{"Vpc would be removed"}
	return p, err
}

func TestEveryInstanceBeingReplacedIsSaid(t *testing.T) {
	w := newRackWorld(t)
	if w.plan().RefreshesInstances() {
		t.Error("without a newer image")
	}
	w.aws.PublishImage(region, "/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id", "ami-0123456789abcdef0")
	if !w.plan().RefreshesInstances() {
		t.Error("with a newer image")
	}
}

func TestARackThatCannotBeReachedIsLeftAlone(t *testing.T) {
	w := newRackWorld(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	request := w.request()
	w.door.Host = listener.Addr().String()
	listener.Close()
	err = w.prepare(request)
	if problem.Code(err) != reset.CodeUnverifiable {
		t.Errorf("%v", err)
	}
	if n := len(w.aws.Calls()); n != 1 { // the look at the stack
		t.Errorf("AWS was asked %d times", n)
	}
	for _, password := range []string{"", strings.Repeat("x", 51), "a b"} {
		request.New = secret.New(password)
		if err := w.prepare(request); err == nil {
			t.Errorf("%q is accepted", password)
		}
	}
}

// Whatever becomes of the one request that begins the update, the report is
// true, and a second run ends well.
func TestAnExecutionWithAnOpenFateIsFoundOut(t *testing.T) {
	for _, kind := range faults.Kinds() {
		if kind == faults.Hang {
			continue // a deadline more
		}
		t.Run(string(kind), func(t *testing.T) {
			w := newRackWorld(t)
			w.plan()
			w.aws.Faults.Add(faults.Rule{Kind: kind, Match: func(r faults.Request) bool { return strings.Contains(r.Body, "Action=ExecuteChangeSet") }})
			report := w.ends(w.reset.Run(running(t.Context()), w.hear))
			switch report.Phase {
			case reset.PhaseDone:
				w.wantHolds(secrettest.Canary)
			case reset.PhaseNothing:
				w.wantHolds(oldPassword)
				w.wantNoChangeSet()
			default:
				t.Errorf("it ended at %s: %v", report.Phase, report.Err)
			}
			w.want(w.run(), reset.PhaseDone)
		})
	}
}

func TestAMissingPermissionIsNamed(t *testing.T) {
	for action, phase := range map[string]reset.Phase{
		"cloudformation:DescribeStacks":        reset.PhaseNothing,
		"cloudformation:DescribeStackResource": reset.PhaseNothing,
		"cloudformation:DescribeStackEvents":   reset.PhaseNothing,
		"cloudformation:CreateChangeSet":       reset.PhaseNothing,
		"cloudformation:DescribeChangeSet":     reset.PhaseNothing,
		"cloudformation:ExecuteChangeSet":      reset.PhaseNothing,
		"ecs:DescribeServices":                 reset.PhaseNothing,
		"ssm:GetParameters":                    reset.PhaseNothing,
		"ecs:UpdateService":                    reset.PhaseUpdated,
	} {
		w := newRackWorld(t)
		w.aws.Deny(action, region)
		err := w.prepare(w.request())
		report := reset.Report{Phase: reset.PhaseNothing, Err: err}
		if err == nil {
			report = w.ends(w.reset.Run(running(t.Context()), w.hear))
		}
		w.want(report, phase, action, `"Effect": "Allow"`)
		w.wantHolds(oldPassword)
		w.wantNoUnusedChangeSet(phase)
		w.search(action, fmt.Sprint(report.Err, hintsOf(report.Err)))
	}
}

// What AWS refuses as wrong isn't asked for again.
func TestARestartThatIsRefusedEnds(t *testing.T) {
	w := newRackWorld(t)
	w.aws.Refuse(http.StatusBadRequest, "InvalidParameterException", "Unable to update the service.", "ecs:UpdateService", region)
	w.want(w.run(), reset.PhaseUpdated, "AWS refused it: Unable to update the service.")
	if n := w.asked("ecs:UpdateService"); n != 1 {
		t.Errorf("restarted %d times", n)
	}
}

func (w *rackWorld) wantNoUnusedChangeSet(phase reset.Phase) {
	w.Helper()
	if phase == reset.PhaseNothing {
		w.wantNoChangeSet()
	}
}

func TestAChangeSetThatCannotBeTakenAwayIsTold(t *testing.T) {
	w := newRackWorld(t)
	w.plan()
	w.aws.Deny("cloudformation:ExecuteChangeSet", region)
	w.aws.Deny("cloudformation:DeleteChangeSet", region)
	report := w.ends(w.reset.Run(running(t.Context()), w.hear))
	w.want(report, reset.PhaseNothing)
	if report.Left == nil || !strings.Contains(report.Left.Error(), "discard the preview") {
		t.Errorf("%v", report.Left)
	}
}

func TestThrottlingIsWaitedOut(t *testing.T) {
	w := newRackWorld(t)
	w.plan()
	w.at = func(reset.Event) { w.aws.Throttle(region, 1) }
	w.want(w.ends(w.reset.Run(running(t.Context()), w.hear)), reset.PhaseDone)
}

// An older deployment that does not come to its end has tasks with the old
// password: waiting for it would never end.
func TestADeploymentFromBeforeTheUpdateIsNotWaitedFor(t *testing.T) {
	w := newRackWorld(t)
	w.stacks = &unsteady{Finder: w.finder}
	w.want(w.run(), reset.PhaseDone)
	if n := w.asked("ecs:UpdateService"); n != 1 {
		t.Errorf("restarted %d times", n)
	}
}

// unsteady is an AWS whose web service is being deployed until it is restarted.
type unsteady struct {
	*cfn.Finder
	restarted bool
}

func (u *unsteady) Deployment(ctx context.Context, rack cfn.Rack) (cfn.Deployment, error) {
	d, err := u.Finder.Deployment(ctx, rack)
	d.Completed = d.Completed && u.restarted
	return d, err
}

func (u *unsteady) Restart(stop transport.Stop, rack cfn.Rack) (cfn.Deployment, error) {
	u.restarted = true
	return u.Finder.Restart(stop, rack)
}

func TestEachOldPasswordIsTriedOnceAndTheSavedOneFirst(t *testing.T) {
	w := newRackWorld(t)
	if _, err := w.logins.Save(w.host(), secret.New("saved")); err != nil {
		t.Fatal(err)
	}
	request, door := w.request(), &recordingChecker{LoginChecker: w.check}
	request.OldPasswords, request.Checker = []secret.String{secret.New("typed"), secret.New("saved"), {}, secret.New(oldPassword), secret.New("never")}, door
	if err := w.prepare(request); err != nil {
		t.Fatal(err)
	}
	if want := []string{secrettest.Canary, "saved", "typed", oldPassword}; !slices.Equal(door.tried, want) {
		t.Errorf("it tried %q", door.tried)
	}
}

// recordingChecker remembers the passwords that were tried.
type recordingChecker struct {
	reset.LoginChecker
	tried []string
}

func (k *recordingChecker) Rack(ctx context.Context, host convox.Host, password secret.String) (convox.Login, error) {
	k.tried = append(k.tried, password.Reveal())
	return k.LoginChecker.Rack(ctx, host, password)
}

func TestAServiceThatFindsNoRoomIsExplainedByECS(t *testing.T) {
	const says = "ECS reports: was unable to place a task because no container instance met all of its requirements"
	for template, phase := range map[cfntest.RackTemplate]reset.Phase{cfntest.Template2023: reset.PhaseUpdated, cfntest.Template2022: reset.PhaseStuck} {
		w := newRackWorld(t, func(r *cfntest.Rack) { r.Template = template })
		c := &hastier{}
		w.clock = c
		w.patient(c)
		var words []string
		w.at = func(e reset.Event) {
			words = append(words, e.Words)
			if template == cfntest.Template2022 || e.Words == "restarting the web service" { // before that the monitor restarts
				w.aws.FailPlacement(region, "no container instance met all of its requirements.")
			}
		}
		report := w.run()
		w.want(report, phase, strings.TrimPrefix(says, "ECS reports: "))
		if !strings.Contains(strings.Join(words, "\n"), says) {
			t.Errorf("%q: it says %q", template, words)
		}
	}
}

// Each try of ECS to place a task is an event, and no progress.
func TestAServiceThatFailsAgainAndAgainIsGivenUp(t *testing.T) {
	w := newRackWorld(t)
	c := &hastier{}
	w.clock = c
	w.stacks = &chatty{Finder: w.finder}
	w.at = func(e reset.Event) {
		if e.Words == "restarting the web service" {
			w.aws.FailPlacement(region, "no container instance met all of its requirements.")
		}
	}
	w.want(w.run(), reset.PhaseUpdated, "the new deployment of the web service doesn't finish; ECS reports: has started task ")
	if c.slept > 2*time.Hour {
		t.Errorf("it waited %v", c.slept)
	}
}

// chatty is an AWS whose ECS has something new to say at each look.
type chatty struct {
	*cfn.Finder
	looks int
}

func (c *chatty) Deployment(ctx context.Context, rack cfn.Rack) (cfn.Deployment, error) {
	d, err := c.Finder.Deployment(ctx, rack)
	if c.looks++; !d.Completed {
		d.Event = fmt.Sprintf("has started task %d", c.looks)
	}
	return d, err
}
