package cfn

import (
	"context"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Identity is the user or role of the credentials
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html).
type Identity struct {
	Account string // twelve digits
	ARN     string
	Name    string // short, to be shown: "ann", "Admin/ann@example.com", "root"
}

// Identity asks AWS whose credentials these are, which needs no permission. The errors
// are those of Search.
func (f *Finder) Identity(ctx context.Context) (Identity, error) {
	if err := f.signIn(ctx); err != nil {
		return Identity{}, err
	}
	limited, cancel := context.WithTimeoutCause(ctx, f.retry.Deadline, errNoAnswer)
	defer cancel()
	answer, err := f.calls.getCallerIdentity(limited, &sts.GetCallerIdentityInput{})
	if ctx.Err() != nil {
		return Identity{}, context.Cause(ctx)
	}
	if err != nil {
		return Identity{}, withAction("ask AWS whose credentials these are", f.callError(err, f.region))
	}
	arn := truncate(aws.ToString(answer.Arn))
	return Identity{Account: truncate(aws.ToString(answer.Account)), ARN: arn, Name: shortName(arn)}, nil
}

// ssoRole is the name of an SSO permission set's role
// (https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html).
var ssoRole = regexp.MustCompile(`^AWSReservedSSO_(.+)_[0-9a-f]+$`)

// shortName is the part of an ARN that a person knows: the user's name, or the role's
// and the session's.
func shortName(arn string) string {
	fields := strings.SplitN(arn, ":", 6)
	resource := strings.Split(fields[len(fields)-1], "/")
	if resource[0] == "assumed-role" && len(resource) == 3 {
		role := resource[1]
		if parts := ssoRole.FindStringSubmatch(role); parts != nil {
			role = parts[1]
		}
		return abbreviate(role + "/" + resource[2])
	}
	return abbreviate(resource[len(resource)-1])
}
