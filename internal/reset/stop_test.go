package reset_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
	"convox-travis/internal/reset"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
)

// Stopped after each of its events, a reset says how far it came, and the next
// run with the same password ends well.
func TestAResetThatIsStoppedAnywhereIsTakenUp(t *testing.T) {
	stopped := errors.New("stopped by the test")
	phases := map[reset.Phase]int{}
	for at := 1; ; at++ {
		w := newRackWorld(t)
		w.plan()
		ctx, stop := context.WithCancelCause(t.Context())
		defer stop(nil)
		seen := 0
		w.at = func(reset.Event) {
			if seen++; seen == at {
				stop(stopped)
			}
		}
		report := w.ends(w.reset.Run(transport.Stop{Soft: ctx, Hard: t.Context()}, w.hear))
		if seen < at {
			w.want(report, reset.PhaseDone)
			break
		}
		if report.Stopped != stopped || (report.Err != nil && !errors.Is(report.Err, stopped)) {
			t.Errorf("stopped at event %d: %v, %v", at, report.Stopped, report.Err)
		}
		phases[report.Phase]++
		w.at = nil
		if report.Phase == reset.PhaseNothing {
			w.wantNoChangeSet()
			w.wantHolds(oldPassword)
		}
		w.want(w.run(), reset.PhaseDone)
		w.wantHolds(secrettest.Canary)
		if n := w.asked("cloudformation:ExecuteChangeSet"); n != 1 {
			t.Errorf("stopped at event %d: %d updates", at, n)
		}
	}
	if phases[reset.PhaseUpdating] == 0 || phases[reset.PhaseUpdated] == 0 {
		t.Errorf("it was stopped in %v", phases)
	}
}

func TestAResetThatWasAskedToStopDoesNotBegin(t *testing.T) {
	w := newRackWorld(t)
	w.plan()
	ctx, stop := context.WithCancelCause(t.Context())
	stop(context.Canceled)
	w.want(w.ends(w.reset.Run(transport.Stop{Soft: ctx, Hard: t.Context()}, w.hear)), reset.PhaseNothing)
	w.wantNoChangeSet()
}

// A session that expires in the middle is renewed by its owner; AWS goes on
// meanwhile.
func TestASessionThatExpiresIsTakenUp(t *testing.T) {
	w := newRackWorld(t)
	w.enterSession()
	w.plan()
	expired := false
	w.at = func(e reset.Event) {
		if !expired && e.Phase == reset.PhaseNothing {
			w.aws.SetPace(cfntest.Pace{Resource: 20 * time.Millisecond})
			time.AfterFunc(10*time.Millisecond, w.aws.ExpireSessions)
			expired = true
		}
	}
	report := w.ends(w.reset.Run(running(t.Context()), w.hear))
	w.want(report, reset.PhaseUpdating, "its result is unknown", "the session token of the environment (AWS_ACCESS_KEY_ID) has expired")
	w.enterSession()
	if err := w.reset.Look(t.Context(), w.stacks); err != nil {
		t.Fatal(err)
	}
	w.want(w.ends(w.reset.Run(running(t.Context()), w.hear)), reset.PhaseDone)
	w.wantHolds(secrettest.Canary)
}

// enterSession makes the finder with a session of a role.
func (w *rackWorld) enterSession() {
	w.Helper()
	role := cfntest.Role{Account: "123456789012", Name: "operator"}
	w.aws.AddRole(role)
	client := sts.New(sts.Options{Region: region, BaseEndpoint: &w.aws.URL, Credentials: credentials.NewStaticCredentialsProvider(keyID, "aws-secret", "")})
	arn, name := role.ARN(), "ann"
	got, err := client.AssumeRole(w.Context(), &sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: &name})
	if err != nil {
		w.Fatal(err)
	}
	w.enter("AWS_ACCESS_KEY_ID", *got.Credentials.AccessKeyId, "AWS_SECRET_ACCESS_KEY", *got.Credentials.SecretAccessKey, "AWS_SESSION_TOKEN", *got.Credentials.SessionToken)
}

func TestWhatIsLeftToDoIsSaidInWords(t *testing.T) {
	for phase, words := range map[reset.Phase]string{
		reset.PhaseNothing: "changed nothing", reset.PhaseUnknown: "unknown", reset.PhaseUpdating: "is being updated", reset.PhaseRolledBack: "rolled back",
		reset.PhaseStuck: "stuck", reset.PhaseUpdated: "web service", reset.PhaseDone: "only the new password",
	} {
		if said := (reset.Report{Rack: cfn.Rack{Name: "production"}, Phase: phase}).State(); !strings.Contains(said, words) {
			t.Errorf("%s: %q", phase, said)
		}
	}
}
