package cfn_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"convox-travis/cfn"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
)

// Each call of a reset and of a recovery may be refused. The error names the
// permission, on the resource that AWS named, and nothing has changed.
func TestEachMissingPermissionIsNamed(t *testing.T) {
	reset := func(ctx context.Context, w *rackWorld, f *cfn.Finder) error {
		p, err := f.Preview(transport.Until(ctx), w.rack, secret.New(secrettest.Canary))
		if err != nil {
			return err
		}
		if err := f.Execute(transport.Until(ctx), p); err != nil {
			return errors.Join(err, f.Discard(ctx, p))
		}
		if _, err := f.Follow(ctx, w.rack, p.Since, nil); err != nil {
			return err
		}
		_, err = f.Restart(transport.Until(ctx), w.rack)
		return err
	}
	const stack = "arn:aws:cloudformation:eu-west-1:123456789012:stack/production/*"
	const service = "arn:aws:ecs:eu-west-1:123456789012:service/production-Cluster-1A2B3C4D5E6F7/production-ServiceWebApi-8B7C6D5E4F3A"
	for action, resource := range map[string]string{
		"cloudformation:DescribeStacks":        stack,
		"cloudformation:DescribeStackEvents":   stack,
		"cloudformation:CreateChangeSet":       stack,
		"cloudformation:DescribeChangeSet":     stack,
		"cloudformation:ExecuteChangeSet":      stack,
		"cloudformation:DescribeStackResource": stack,
		"ecs:DescribeServices":                 service,
		"ecs:UpdateService":                    service,
		"ssm:GetParameters":                    "arn:aws:ssm:eu-west-1::parameter/aws/service/*",
	} {
		t.Run(action, func(t *testing.T) {
			w := newRackWorld(t)
			w.aws.Deny(action, "eu-west-1")
			e := w.failed(reset(t.Context(), w, w.finder()))
			w.wantCode(e, cfn.CodeDenied, "access denied", `{"Effect": "Allow", "Action": "`+action+`", "Resource": "`+resource+`"}`)
			w.wantSource(e)
			if missing := missingError(e); len(missing) != 1 || missing[0].Action != action {
				t.Errorf("%q", missing)
			}
			if done := action == "cloudformation:DescribeStackResource" || strings.HasPrefix(action, "ecs:"); (w.parameters()["Password"] == oldPassword) == done {
				t.Error("the password was changed, or was not, against what could be done")
			}
			if action != "cloudformation:DescribeStackResource" && !strings.HasPrefix(action, "ecs:") {
				w.wantNoChangeSet()
			}
		})
	}
}
