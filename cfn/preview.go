package cfn

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"

	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
)

// Change is what an update would do to a resource.
type Change struct {
	LogicalID string
	Type      string // such as "AWS::ECS::TaskDefinition"
	Action    string // "Modify", "Add", "Remove", …
	// Replacement is "True", "False", "Conditional", or "" if it doesn't apply.
	Replacement string
}

// Preview is a reset that hasn't started: a change set
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html).
// It ends with Execute or Discard. It contains no password.
type Preview struct {
	Rack    Rack
	Changes []Change // in the order of AWS; the texts are cleaned
	Verdict Verdict
	// Why lists, for Unexpected, the changes that aren't expected and the reason;
	// otherwise notes, mostly none.
	Why []string
	// RestartsItself means that the update also restarts the web service, so
	// that Restart isn't needed.
	RestartsItself bool
	// Since is for Follow: the time of the stack's newest event before the update, by
	// AWS's clock.
	Since time.Time

	id     string // ARN of the change set
	name   string // of the change set, and the token of its calls
	unsure bool   // it isn't known whether AWS created the change set
}

const (
	passwordKey = "Password" // of the parameter, and of the output
	maxPassword = 50         // characters (https://github.com/convox/rack/blob/master/provider/aws/formation/rack.json)
)

// changeSetPrefix starts the names of this program's change sets. AWS reports the one
// that a stack was last updated with
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Stack.html).
const changeSetPrefix = "convox-travis-"

const cleanUpTimeout = 5 * time.Second

// callGrace is how long creating one may take after a stop. It leaves time to delete it
// before a run that was asked to stop is abandoned.
const callGrace = 2 * time.Second

// Preview creates a change set that sets a new password and keeps every other
// parameter, waits for it and judges its changes. It changes nothing of the Rack. If it
// fails or stop.Soft ends, the change set is deleted within 5 seconds.
//
// The errors are those of Search, and CodePassword, CodeBusy if the stack can't be
// updated now, CodeUnchanged if it has this password already, and CodeMissing.
func (f *Finder) Preview(stop transport.Stop, rack Rack, password secret.String) (*Preview, error) {
	what := ofRack("preview the reset", rack)
	if err := checkPassword(what, password); err != nil {
		return nil, err
	}
	ctx := stop.Soft
	f.Redact(password)
	described, err := f.describe(ctx, "preview the reset", rack)
	if err != nil {
		return nil, err
	}
	if state := f.stateOf(rack, described); !state.Updatable {
		return nil, withAction(what, state.Busy())
	}
	keys, err := otherParameters(described, what)
	if err != nil {
		return nil, err
	}
	// Read before anything is created: without permission to read the events, the
	// update couldn't be followed.
	page, err := f.eventPage(ctx, rack, nil)
	if err != nil {
		return nil, err
	}
	p := &Preview{Rack: rack, name: changeSetPrefix + strings.ToLower(rand.Text())}
	if len(page.StackEvents) > 0 {
		p.Since = aws.ToTime(page.StackEvents[0].Timestamp)
	}
	if err := f.makeChangeSet(stop, p, capabilities(described), keys, password); err != nil {
		return nil, f.discardFailed(stop, p, err)
	}
	if err := f.awaitChangeSet(ctx, p); err != nil {
		return nil, f.discardFailed(stop, p, err)
	}
	if p.onlyInstances() {
		return nil, f.discardFailed(stop, p, unchangedError(what))
	}
	p.judge()
	return p, nil
}

// checkPassword checks a password by the limits of the stack's parameter. AWS shows
// four stars instead of a password: sent back, they would become the password.
func checkPassword(what string, password secret.String) error {
	switch length := utf8.RuneCountInString(password.Reveal()); {
	case length == 0:
		return newError(CodePassword, what, "the new password is empty")
	case length > maxPassword:
		return newError(CodePassword, what, "the new password has more than 50 characters, the maximum of a Rack")
	case password.Reveal() == hidden:
		return newError(CodePassword, what, "the new password is the placeholder that AWS shows instead of one")
	}
	return nil
}

// Discard deletes the change set of a preview, if it still exists. The errors are those
// of Search, and CodeStale for one that was executed.
func (f *Finder) Discard(ctx context.Context, p *Preview) error {
	return f.deleteChangeSet(ctx, p)
}

// discardFailed deletes the change set of a preview that failed, even after a stop, and
// returns the failure.
func (f *Finder) discardFailed(stop transport.Stop, p *Preview, failed error) error {
	if p.id == "" && !p.unsure && DidNothing(failed) {
		return failed // it was never created
	}
	limit := cleanUpTimeout
	if stop.Asked() != nil {
		limit -= callGrace // creating it may have used that
	}
	limited, cancel := context.WithTimeout(stop.Hard, limit)
	defer cancel()
	if f.deleteChangeSet(limited, p) == nil {
		return failed
	}
	e := asError(failed)
	if e == nil {
		e = canceledError(ofRack("preview the reset", p.Rack), "it was stopped", failed)
	}
	return f.withDeleteHint(p, e)
}

// reference identifies the change set: by its ID, or its name while the ID isn't known.
func (p *Preview) reference() *string { return aws.String(cmp.Or(p.id, p.name)) }

// Verdict is what a preview's changes amount to.
type Verdict string

const (
	// AsExpected: the password where it is stored and used, and nothing else. An update
	// that lists no resource is this too, since it can do no harm; Why says that it may
	// do nothing.
	AsExpected        Verdict = "as_expected"
	InstancesReplaced Verdict = "instances_replaced" // the same, and every instance is replaced, one by one
	Unexpected        Verdict = "unexpected"         // something else would change: the stack has drifted
)

const ecsService = "AWS::ECS::Service"

// expectation is what a reset may change of one type.
type expectation struct {
	replacements []string
	instances    bool // it changes only with the machine image
	logicalIDs   []string
}

// expected lists, by type, the resources that a new password changes, in the templates of
// all years (https://github.com/convox/rack, provider/aws/formation/rack.json),
// and those that change with it when AWS has a newer machine image: the
// template's image parameters are read again at every update
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html).
// A group or a service that is itself replaced isn't expected: all its instances or
// tasks would stop at once.
func expected() map[string]expectation {
	kept, replaced := []string{"False", "Conditional", ""}, []string{"True", "Conditional", ""}
	either := []string{"True", "False", "Conditional", ""}
	return map[string]expectation{
		"AWS::SSM::Parameter":                   {kept, false, []string{"RackApiSecret"}},
		"AWS::ECS::TaskDefinition":              {replaced, false, []string{"ApiMonitorTasks", "ApiWebTasks", "ApiBuildTasks"}},
		ecsService:                              {kept, false, []string{"ServiceMonitorApi", "ServiceWebApi", "ApiMonitorService", "ApiWebService"}},
		"AWS::EC2::LaunchTemplate":              {kept, true, []string{"InstancesLaunchTemplate", "BuildLaunchTemplate", "SpotInstanceLaunchTemplate", "SpotFleetLT"}},
		"AWS::AutoScaling::LaunchConfiguration": {replaced, true, []string{"LaunchConfiguration", "BuildLaunchConfiguration", "SpotLaunchConfiguration"}},
		"AWS::AutoScaling::AutoScalingGroup":    {kept, true, []string{"Instances", "SpotInstances", "BuildInstances"}},
		"AWS::EC2::SpotFleet":                   {either, true, []string{"SpotFleet"}},
	}
}

// expectation is zero for a change that isn't expected.
func (c Change) expectation() expectation {
	wanted := expected()[c.Type]
	if !slices.Contains(wanted.logicalIDs, c.LogicalID) {
		return expectation{}
	}
	return wanted
}

func (p *Preview) judge() {
	instances := false
	for _, change := range p.Changes {
		if why := change.whyUnexpected(); why != "" {
			p.Why = append(p.Why, why)
		}
		instances = instances || change.expectation().instances
	}
	p.RestartsItself = p.changes("ApiWebTasks") && (p.changes("ServiceWebApi") || p.changes("ApiWebService"))
	switch {
	case len(p.Changes) == 0:
	case !p.changes("RackApiSecret") && !p.changes("ApiWebTasks"):
		p.Why = append(p.Why, "nothing would change where the Rack's web service reads its password: its template is unknown")
	case p.changes("ApiWebTasks") && !p.RestartsItself:
		p.Why = append(p.Why, "ApiWebTasks would change, but no service that runs it: its template is unknown")
	case !p.changes("ApiWebTasks") && (p.changes("ServiceWebApi") || p.changes("ApiWebService")):
		p.Why = append(p.Why, "the web service would change, but not because of its password: the stack has drifted from its template")
	}
	switch {
	case len(p.Why) > 0:
		p.Verdict = Unexpected
	case instances:
		p.Verdict = InstancesReplaced
		p.Why = []string{"there is a newer machine image, which every update uses: every instance is replaced, one by one"}
	case len(p.Changes) == 0:
		p.Verdict = AsExpected
		p.Why = []string{"no resource is listed that would change: only a login will show whether the Rack accepts the new password"}
	default:
		p.Verdict = AsExpected
	}
}

// onlyInstances reports whether the update would only install a newer machine image:
// then the stack has this password already.
func (p *Preview) onlyInstances() bool {
	return len(p.Changes) > 0 && !slices.ContainsFunc(p.Changes, func(c Change) bool { return !c.expectation().instances })
}

func (p *Preview) changes(logicalID string) bool {
	return slices.ContainsFunc(p.Changes, func(c Change) bool { return c.LogicalID == logicalID })
}

func (c Change) whyUnexpected() string {
	wanted := c.expectation()
	switch {
	case c.LogicalID == "":
		return fmt.Sprintf("a change of type %q: only resources should change", c.Type)
	case c.Action == "Remove":
		return fmt.Sprintf("%s (%s) would be removed: a new password removes nothing, so the stack has drifted from its template", c.LogicalID, c.Type)
	case c.Action != "Modify":
		return fmt.Sprintf("%s (%s): %q, but a new password only modifies", c.LogicalID, c.Type, c.Action)
	case wanted.logicalIDs == nil:
		return fmt.Sprintf("%s (%s) would be modified: it has nothing to do with the password, so the stack has drifted from its template", c.LogicalID, c.Type)
	case !slices.Contains(wanted.replacements, c.Replacement):
		return fmt.Sprintf("%s (%s): its replacement is %q, which a new password doesn't cause", c.LogicalID, c.Type, c.Replacement)
	}
	return ""
}
