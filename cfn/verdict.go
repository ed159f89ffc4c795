package cfn

import (
	"fmt"
	"slices"
)

// Verdict is what a preview's changes amount to.
type Verdict string

// The verdicts.
const (
	// AsExpected: the password where it is stored and used, and nothing else. An update
	// that lists no resource is this too, since it can do no harm; Why says that it may
	// do nothing.
	AsExpected        Verdict = "as_expected"
	InstancesReplaced Verdict = "instances_replaced" // the same, and every instance is replaced, one by one
	Unexpected        Verdict = "unexpected"         // something else would change: the stack has drifted
)

// The types of what a new password changes.
const (
	taskDefinition = "AWS::ECS::TaskDefinition"
	ecsService     = "AWS::ECS::Service"
	ssmParameter   = "AWS::SSM::Parameter"
	template       = "AWS::EC2::LaunchTemplate"
	configuration  = "AWS::AutoScaling::LaunchConfiguration"
	group          = "AWS::AutoScaling::AutoScalingGroup"
	fleet          = "AWS::EC2::SpotFleet"
)

// expectation is a resource that a reset may change: its type and the kinds of
// replacement that are expected.
type expectation struct {
	kind         string
	replacements []string
	instances    bool // it changes only with the machine image
}

// expected lists the resources that a new password changes, in the templates of
// all years (https://github.com/convox/rack, provider/aws/formation/rack.json),
// and those that change with it when AWS has a newer machine image: the
// template's image parameters are read again at every update
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html).
// A group or a service that is itself replaced isn't expected: all its instances or
// tasks would stop at once.
func expected() map[string]expectation {
	stays, goes := []string{"False", "Conditional", ""}, []string{"True", "Conditional", ""}
	either := []string{"True", "False", "Conditional", ""}
	return map[string]expectation{
		"RackApiSecret":              {ssmParameter, stays, false},
		"ApiMonitorTasks":            {taskDefinition, goes, false},
		"ApiWebTasks":                {taskDefinition, goes, false},
		"ApiBuildTasks":              {taskDefinition, goes, false},
		"ServiceMonitorApi":          {ecsService, stays, false},
		"ServiceWebApi":              {ecsService, stays, false},
		"ApiMonitorService":          {ecsService, stays, false},
		"ApiWebService":              {ecsService, stays, false},
		"InstancesLaunchTemplate":    {template, stays, true},
		"BuildLaunchTemplate":        {template, stays, true},
		"SpotInstanceLaunchTemplate": {template, stays, true},
		"SpotFleetLT":                {template, stays, true},
		"LaunchConfiguration":        {configuration, goes, true},
		"BuildLaunchConfiguration":   {configuration, goes, true},
		"SpotLaunchConfiguration":    {configuration, goes, true},
		"Instances":                  {group, stays, true},
		"SpotInstances":              {group, stays, true},
		"BuildInstances":             {group, stays, true},
		"SpotFleet":                  {fleet, either, true},
	}
}

// judge sets the verdict.
func (p *Preview) judge() {
	may := expected()
	instances := false
	for _, change := range p.Changes {
		wanted, known := may[change.LogicalID]
		if why := change.surprise(wanted, known); why != "" {
			p.Why = append(p.Why, why)
		}
		instances = instances || wanted.instances
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
	may := expected()
	return len(p.Changes) > 0 && !slices.ContainsFunc(p.Changes, func(c Change) bool { return !may[c.LogicalID].instances })
}

func (p *Preview) changes(logicalID string) bool {
	return slices.ContainsFunc(p.Changes, func(c Change) bool { return c.LogicalID == logicalID })
}

// surprise says why a change isn't one of a new password, or is "".
func (c Change) surprise(wanted expectation, known bool) string {
	switch {
	case c.LogicalID == "":
		return fmt.Sprintf("a change of type %q: only resources should change", c.Type)
	case c.Action == "Remove":
		return fmt.Sprintf("%s (%s) would be removed: a new password removes nothing, so the stack has drifted from its template", c.LogicalID, c.Type)
	case c.Action != "Modify":
		return fmt.Sprintf("%s (%s): %q, but a new password only modifies", c.LogicalID, c.Type, c.Action)
	case !known || c.Type != wanted.kind:
		return fmt.Sprintf("%s (%s) would be modified: it has nothing to do with the password, so the stack has drifted from its template", c.LogicalID, c.Type)
	case !slices.Contains(wanted.replacements, c.Replacement):
		return fmt.Sprintf("%s (%s): its replacement is %q, which a new password doesn't cause", c.LogicalID, c.Type, c.Replacement)
	}
	return ""
}
