package reset

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
)

// Plan is what a reset would do.
type Plan struct {
	Rack cfn.Rack
	// Preview is what the update would change. It is nil if the stack has the new
	// password already: then only the web service is restarted.
	Preview *cfn.Preview

	old        secret.String // the current one; empty if unknown
	deployment string        // the ID of the web service's deployment before the reset
	progress   *progress
}

// RefreshesInstances reports whether every instance would be replaced, which requires
// separate confirmation.
func (p Plan) RefreshesInstances() bool {
	return p.Preview != nil && p.Preview.Verdict == cfn.InstancesReplaced
}

// Err says why the plan must not be carried out, or is nil.
func (p Plan) Err() error {
	if p.Preview == nil || p.Preview.Verdict != cfn.Unexpected {
		return nil
	}
	return failed(p.Rack, CodeUnexpectedUpdate, "the update would change more than the password: "+p.Preview.Why[0], nil,
		"find out why the stack differs from its template and fix that before you update anything", "the old password still works")
}

// Table lists what the update would change, with a heading.
func (p Plan) Table() []string {
	if p.Preview == nil {
		return nil
	}
	rows := [][3]string{{"resource", "action", "replaced"}}
	widest := len(rows[0][0])
	for _, change := range p.Preview.Changes {
		replaced := map[string]string{"True": "yes", "False": "no", "Conditional": "perhaps"}[change.Replacement]
		rows = append(rows, [3]string{change.LogicalID, strings.ToLower(change.Action), replaced})
		widest = max(widest, len(change.LogicalID))
	}
	var table []string
	for _, row := range rows {
		table = append(table, strings.TrimRight(fmt.Sprintf("%-*s  %-6s  %s", widest, row[0], row[1], row[2]), " "))
	}
	return table
}

// Judgment says in plain words what the changes mean.
func (p Plan) Judgment() string {
	switch {
	case p.Preview == nil:
		return "The stack has this password already: nothing is updated, and the web service is restarted if it still accepts the old one."
	case p.Preview.Verdict == cfn.Unexpected:
		return "Not as expected: first find out why the stack differs from its template."
	case p.Preview.Verdict == cfn.InstancesReplaced:
		return "As expected, and every instance is replaced, one by one."
	}
	return "As expected: only the password changes, where it is stored and used."
}

// makePlan finds out whether the result of the reset can be verified, and then requests
// the preview from AWS.
func (r *Reset) makePlan(stop transport.Stop, request Request) (Plan, error) {
	ctx := stop.Soft
	for _, old := range request.OldPasswords {
		r.stacks.Redact(old)
	}
	plan := Plan{Rack: r.Rack, progress: newProgress(nil)}
	if err := convox.CheckNewPassword(request.New); err != nil {
		return plan, err
	}
	if err := r.checkReachable(ctx, request); err != nil {
		return plan, err
	}
	var err error
	if plan.old, err = r.findOld(ctx, request); err != nil {
		return plan, err
	}
	before, err := r.stacks.Deployment(ctx, r.Rack)
	if err != nil && ctx.Err() == nil {
		return plan, failed(r.Rack, CodeUnverifiable, "nothing is changed, because the restart of the web service couldn't be followed", err)
	}
	if err != nil {
		return plan, err
	}
	plan.deployment = before.ID
	plan.Preview, err = r.stacks.Preview(stop, r.Rack, request.New)
	plan.progress = newProgress(plan.Preview)
	if problem.Has(err, cfn.CodeUnchanged) {
		return plan, nil
	}
	return plan, err
}

// checkReachable makes sure that the Rack answers. It sends the new password, so it
// doesn't need the old one; a rejection is the expected answer.
func (r *Reset) checkReachable(ctx context.Context, request Request) error {
	_, err := request.Checker.Rack(ctx, r.Host, request.New)
	switch {
	case problem.Has(err, convox.CodeRefused):
		return nil
	case problem.Has(err, convox.CodeUnreachable): // the cause's hints are for writing to Travis
		return failed(r.Rack, CodeUnverifiable, "nothing is changed, because the new password couldn't be verified from here: "+err.Error(), nil,
			"run this where the Rack is reachable, such as in its VPN")
	}
	return err
}

// findOld finds the current password among candidates, each tried once.
func (r *Reset) findOld(ctx context.Context, request Request) (secret.String, error) {
	for i, old := range request.OldPasswords {
		if old.IsEmpty() || old.Equal(request.New) || slices.ContainsFunc(request.OldPasswords[:i], old.Equal) {
			continue
		}
		_, err := request.Checker.Rack(ctx, r.Host, old)
		switch {
		case err == nil, problem.Has(err, convox.CodeOnlyRawForm):
			return old, nil
		case ctx.Err() != nil:
			return secret.String{}, context.Cause(ctx)
		}
	}
	return secret.String{}, nil
}
