package setup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/cfn"
	"convox-travis/internal/clock"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
)

// Stacks is what a reset needs of AWS; a cfn.Finder has it.
type Stacks interface {
	State(context.Context, cfn.Rack) (cfn.StackState, error)
	Preview(context.Context, cfn.Rack, secret.String) (*cfn.Preview, error)
	Discard(context.Context, *cfn.Preview) error
	Touched(context.Context, *cfn.Preview) (bool, error)
	Execute(context.Context, *cfn.Preview) error
	Follow(ctx context.Context, rack cfn.Rack, since time.Time, tell func(cfn.Event)) (cfn.Outcome, error)
	Restart(context.Context, cfn.Rack) (cfn.Deployment, error)
	Deployment(ctx context.Context, rack cfn.Rack, id string) (cfn.Deployment, error)
	Redact(secret.String)
}

// Door is a Rack as those see it who log in; a convox.Checker is one.
type Door interface {
	Rack(context.Context, convox.Host, secret.String) (convox.Login, error)
	Settled(ctx context.Context, host convox.Host, old, new secret.String, in int, tell func(convox.Turn)) (bool, error)
}

// Resetter gives a Rack a new password.
type Resetter struct {
	Stacks Stacks
	Door   Door
	Clock  clock.Clock
	Tell   func(ResetEvent) // told of what happens, one at a time; may be nil

	Pause time.Duration // between two looks at the web service; 3 seconds
	// Patience is for a web service that is being started anew: 30 minutes. One
	// that has been, and still takes the old password, gets a tenth of it.
	Patience time.Duration
}

// ResetRequest is a reset that was asked for.
type ResetRequest struct {
	Rack cfn.Rack
	Host convox.Host
	New  secret.String
	// Olds are passwords that may be the one that holds now: then the end is
	// only reached when that one is refused.
	Olds []secret.String
}

// ResetPlan is what a reset would do. Making one changes nothing of the Rack.
type ResetPlan struct {
	Rack cfn.Rack
	Host convox.Host
	// Preview is what the update would change. It is nil where the stack has the
	// new password already: then only the web service is to be restarted.
	Preview *cfn.Preview

	old, new   secret.String
	deployment string // the ID of the web service's, before
	progress   *updating
}

// RefreshesInstances reports whether every instance would be replaced: that has
// to be agreed to by itself.
func (p ResetPlan) RefreshesInstances() bool {
	return p.Preview != nil && p.Preview.Verdict == cfn.InstancesReplaced
}

// Err says why the plan must not be carried out, or is nil.
func (p ResetPlan) Err() error {
	if p.Preview == nil || p.Preview.Verdict != cfn.Unexpected {
		return nil
	}
	return &Error{
		code: CodeUnexpectedUpdate,
		text: fmt.Sprintf("reset the password of Rack %s: the update would change more than the password: %s", shownRack(p.Rack), p.Preview.Why[0]),
		hints: []string{
			"the stack has drifted from its template: find out why, and mend it, before anything is updated",
			"the old password goes on working",
		},
	}
}

// Codes of Errors of a reset that callers tell apart.
const (
	CodeUnexpectedUpdate = "unexpected_update"
	CodeUnprovable       = "unprovable"  // the Rack cannot be reached, so nobody would see the end
	CodeRolledBack       = "rolled_back" // the old password holds
	CodeNotSettled       = "not_settled" // the stack has the new password, and some web task not yet
	CodeNotFollowed      = "not_followed"
	CodeOvertaken        = "overtaken" // a later update has set another password
	CodeStuck            = "stuck"     // either password may hold
	CodeUnknown          = "unknown"
)

// IsBegun reports whether err tells of a reset that was begun and is not over.
func IsBegun(err error) bool {
	decided, is := errors.AsType[*Error](err)
	return is && slices.Contains([]string{CodeNotSettled, CodeOvertaken, CodeNotFollowed, CodeStuck, CodeUnknown}, decided.code)
}

// MakePlan finds out whether the reset could be proved to have worked, before it
// lets AWS work out what would change. A plan that is not carried out has to be
// discarded.
//
// The errors are those of convox and cfn, and an *Error.
func (r Resetter) MakePlan(ctx context.Context, request ResetRequest) (ResetPlan, error) {
	for _, old := range request.Olds {
		r.Stacks.Redact(old)
	}
	plan := ResetPlan{Rack: request.Rack, Host: request.Host, new: request.New, progress: newUpdating(nil)}
	if err := convox.CheckNewPassword(request.New); err != nil {
		return plan, err
	}
	if err := r.reach(ctx, request); err != nil {
		return plan, err
	}
	var err error
	if plan.old, err = r.holding(ctx, request); err != nil {
		return plan, err
	}
	// Whoever may not follow the restart would not see its end.
	before, err := r.Stacks.Deployment(ctx, request.Rack, "")
	if err != nil && ctx.Err() == nil {
		return plan, &Error{code: CodeUnprovable, cause: err, text: "nothing is changed, because the restart of the web service could not be followed"}
	}
	if err != nil {
		return plan, err
	}
	plan.deployment = before.ID
	plan.Preview, err = r.Stacks.Preview(ctx, request.Rack, request.New)
	plan.progress = newUpdating(plan.Preview)
	if problem.Code(err) == cfn.CodeUnchanged {
		return plan, nil
	}
	return plan, err
}

// reach makes sure that the Rack answers, with the new password: nothing of the
// old one is needed for that, and a refusal is what is expected.
func (r Resetter) reach(ctx context.Context, request ResetRequest) error {
	_, err := r.Door.Rack(ctx, request.Host, request.New)
	switch {
	case err == nil, problem.Has(err, convox.CodeRefused):
		return nil
	case problem.Has(err, convox.CodeUnreachable):
		return &Error{ // the cause's hints are for those who write to Travis
			code:  CodeUnprovable,
			text:  "nothing is changed, because nobody here could see whether the Rack takes the new password: " + err.Error(),
			hints: []string{"run this where the Rack can be reached, such as in its VPN"},
		}
	}
	return err
}

// holding finds the password that holds now among those that may.
func (r Resetter) holding(ctx context.Context, request ResetRequest) (secret.String, error) {
	for _, old := range request.Olds {
		if old.IsEmpty() || old.Equal(request.New) {
			continue
		}
		_, err := r.Door.Rack(ctx, request.Host, old)
		switch {
		case err == nil, problem.Has(err, convox.CodeOnlyRawForm):
			return old, nil
		case ctx.Err() != nil:
			return secret.String{}, context.Cause(ctx)
		}
	}
	return secret.String{}, nil
}

// Discard takes away what a plan left with AWS.
func (r Resetter) Discard(ctx context.Context, plan ResetPlan) error {
	if plan.Preview == nil {
		return nil
	}
	return r.Stacks.Discard(ctx, plan.Preview)
}

func shownRack(rack cfn.Rack) string { return shellescape.StripUnsafe(rack.Name) }

func (r Resetter) clock() clock.Clock {
	return cmp.Or[clock.Clock](r.Clock, clock.System{})
}

func (r Resetter) patience() time.Duration {
	return cmp.Or(r.Patience, 30*time.Minute)
}

func (r Resetter) pause() time.Duration {
	return cmp.Or(r.Pause, 3*time.Second)
}
