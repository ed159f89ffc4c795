package cfn

import (
	"context"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"convox-travis/internal/problem"
)

// Shape is what a reset by hand has to know of a Rack's stack. It holds no
// parameter's value.
type Shape struct {
	StackID string // ARN
	// Parameters are the keys of all parameters but the password, as AWS lists
	// them: letters and digits.
	Parameters []string
	// Capabilities are those that an update of the stack needs: capital letters
	// and underscores.
	Capabilities []string
	// Cluster and WebService name the service that answers for the Rack's API,
	// for ECS. Both are "" when they are not known.
	Cluster, WebService string
}

// What a template can call a parameter
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html),
// and what capabilities look like. Shape's go into scripts.
var (
	parameterKey   = regexp.MustCompile(`^[A-Za-z0-9]{1,255}$`)
	capabilityName = regexp.MustCompile(`^[A-Z][A-Z_]{0,63}$`)
)

// Shape reads what a reset by hand has to know of a Rack's stack. Where the web
// service may not be looked up (cloudformation:DescribeStackResource), or the
// stack has none, the rest is returned without it, and without an error.
//
// The errors are those of Search, CodeMissing when there is no such stack or it
// has no password, and CodeUnreadable when a parameter or a capability has a
// name that none can have.
func (f *Finder) Shape(ctx context.Context, rack Rack) (Shape, error) {
	const what = "read the shape"
	if err := f.enter(ctx, of(what, rack), rack); err != nil {
		return Shape{}, err
	}
	described, err := f.describe(ctx, what, rack)
	if err != nil {
		return Shape{}, err
	}
	keys, err := otherParameters(described, of(what, rack))
	if err != nil {
		return Shape{}, err
	}
	shape := Shape{StackID: bounded(aws.ToString(described.StackId)), Parameters: keys}
	for _, capability := range capabilities(described) {
		shape.Capabilities = append(shape.Capabilities, string(capability))
	}
	switch {
	case !eachMatches(shape.Parameters, parameterKey):
		return Shape{}, unreadable(of(what, rack), "a parameter of its stack is not named with letters and digits")
	case !eachMatches(shape.Capabilities, capabilityName):
		return Shape{}, unreadable(of(what, rack), "its stack has a capability that none can be called")
	}
	service, err := f.webService(ctx, what, rack)
	switch {
	case err == nil:
		shape.Cluster, shape.WebService = service.cluster, service.name
	case !problem.Has(err, CodeDenied, CodeMissing):
		return Shape{}, err
	}
	return shape, nil
}

// eachMatches reports whether every text matches.
func eachMatches(texts []string, pattern *regexp.Regexp) bool {
	return !slices.ContainsFunc(texts, func(text string) bool { return !pattern.MatchString(text) })
}
