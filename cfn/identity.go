package cfn

import (
	"context"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Identity is who one is to AWS
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html).
type Identity struct {
	Account string // twelve digits
	ARN     string
	Name    string // short, and fit to be shown: "ann", "Admin/ann@example.com", "root"
}

// Identity asks AWS whose credentials these are. Every credential may ask. The
// errors are those of Search.
func (f *Finder) Identity(ctx context.Context) (Identity, error) {
	if err := f.login(ctx); err != nil {
		return Identity{}, err
	}
	limited, cancel := context.WithTimeoutCause(ctx, f.retry.Deadline, errNoAnswer)
	defer cancel()
	answer, err := f.calls.getCallerIdentity(limited, &sts.GetCallerIdentityInput{})
	if ctx.Err() != nil {
		return Identity{}, context.Cause(ctx)
	}
	if err != nil {
		return Identity{}, attempting("ask AWS whose credentials these are", f.failure(err, f.region))
	}
	arn := bounded(aws.ToString(answer.Arn))
	return Identity{Account: bounded(aws.ToString(answer.Account)), ARN: arn, Name: shortName(arn)}, nil
}

// ssoRole is how the role of an SSO permission set is called
// (https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html).
var ssoRole = regexp.MustCompile(`^AWSReservedSSO_(.+)_[0-9a-f]+$`)

// shortName cuts an ARN to what a person knows: the user's name, or the role's
// and the session's.
func shortName(arn string) string {
	fields := strings.SplitN(arn, ":", 6)
	resource := strings.Split(fields[len(fields)-1], "/")
	if resource[0] == "assumed-role" && len(resource) == 3 {
		role := resource[1]
		if parts := ssoRole.FindStringSubmatch(role); parts != nil {
			role = parts[1]
		}
		return shown(role + "/" + resource[2])
	}
	return shown(resource[len(resource)-1])
}
