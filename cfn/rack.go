package cfn

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// Rack is a Rack as its stack tells it. The texts are bounded, and not cleaned.
type Rack struct {
	Name   string // of the stack
	Region string
	// Host is the output Dashboard as it is, or "" while the stack has none.
	Host    string
	Version string
	// Status is the stack's, such as UPDATE_COMPLETE.
	Status string
	// Repair says how to bring the stack out of a state that it doesn't leave by
	// itself, or is "".
	Repair string
	// Private means that the API is inside the VPC.
	Private bool
	// WhiteList holds the address ranges from which alone the API can be
	// reached; empty means from everywhere.
	WhiteList []string
}

// Failed reports whether the stack stands in a state that a failure left or is
// leaving. A failed update that was rolled back has left no trace.
func (r Rack) Failed() bool {
	switch r.Status {
	case "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE":
		return true
	}
	return strings.HasSuffix(r.Status, "_FAILED")
}

// Dead reports whether no Rack works behind the stack and none will: it was never
// made, or is being deleted
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html).
func (r Rack) Dead() bool {
	switch r.Status {
	case "REVIEW_IN_PROGRESS", "CREATE_FAILED":
		return true
	}
	return strings.HasPrefix(r.Status, "ROLLBACK_") || strings.HasPrefix(r.Status, "DELETE_")
}

// Works reports whether the stack has a host behind which a Rack may answer.
func (r Rack) Works() bool { return r.Host != "" && !r.Dead() }

// CompareRacks puts Racks in the order in which they are shown: by name, those that
// work before the others of their name, by region.
func CompareRacks(a, b Rack) int {
	rank := func(r Rack) int {
		if r.Works() {
			return 0
		}
		return 1
	}
	return cmp.Or(strings.Compare(a.Name, b.Name), rank(a)-rank(b), strings.Compare(a.Region, b.Region))
}

// stack is what is read of a stack.
type stack struct {
	name, region, status         string
	parent                       string
	tags, outputs, parameters    map[string]string
	systemIsTagged, typeIsTagged bool
}

func readStack(region string, s types.Stack) stack {
	read := stack{
		name: bounded(aws.ToString(s.StackName)), region: region, status: bounded(string(s.StackStatus)),
		parent: bounded(aws.ToString(s.ParentId) + aws.ToString(s.RootId)),
		tags:   make(map[string]string), outputs: make(map[string]string), parameters: make(map[string]string),
	}
	for _, tag := range s.Tags {
		read.tags[aws.ToString(tag.Key)] = bounded(aws.ToString(tag.Value))
	}
	for _, output := range s.Outputs {
		read.outputs[aws.ToString(output.OutputKey)] = bounded(aws.ToString(output.OutputValue))
	}
	for _, parameter := range s.Parameters {
		read.parameters[aws.ToString(parameter.ParameterKey)] = bounded(aws.ToString(parameter.ParameterValue))
	}
	_, read.systemIsTagged = read.tags["System"]
	_, read.typeIsTagged = read.tags["Type"]
	return read
}

func (s stack) deleted() bool { return s.status == string(types.StackStatusDeleteComplete) }

// isRack tells a Rack by its tags, or where both are missing by its outputs.
func (s stack) isRack() bool {
	switch {
	case s.parent != "" || s.deleted():
		return false
	case s.systemIsTagged || s.typeIsTagged:
		return s.tags["System"] == "convox" && s.tags["Type"] == "rack"
	}
	host := strings.ToLower(s.outputs["Dashboard"])
	return rackHost.MatchString(host) || (s.outputs["Rack"] == s.name && anyHost.MatchString(host))
}

// The shapes of a Rack's host: the load balancer's own name, or one under
// convox.site. Other products have an output called Dashboard too, mostly with
// an address of the form https://…, which is neither.
var (
	rackHost = regexp.MustCompile(`^(?:[a-z0-9-]+-[a-z0-9]+\.[a-z0-9-]+\.elb\.amazonaws\.com(?:\.cn)?|rack\.[a-z0-9-]+\.[a-z0-9-]+\.convox\.site)$`)
	anyHost  = regexp.MustCompile(`^[a-z0-9-]+(?:\.[a-z0-9-]+)+$`)
)

func (s stack) rack() Rack {
	return Rack{
		Name: s.name, Region: s.region, Status: s.status,
		Host: s.outputs["Dashboard"], Version: s.outputs["Version"],
		Private: s.private(), WhiteList: s.whiteList(),
	}
}

// private: the load balancer of a private API has "-i" after the Rack's name,
// also in Racks that are older than the parameter.
func (s stack) private() bool {
	if s.parameters["PrivateApi"] == "Yes" {
		return true
	}
	host, name := strings.ToLower(s.outputs["Dashboard"]), strings.ToLower(s.name)
	return strings.Contains(host, ".elb.") && strings.HasPrefix(strings.TrimPrefix(host, "internal-"), name+"-i-")
}

func (s stack) whiteList() []string {
	var list []string
	for _, entry := range strings.Split(s.parameters["WhiteList"], ",") {
		if entry = strings.TrimSpace(entry); entry != "" {
			list = append(list, entry)
		}
	}
	if slices.Equal(list, []string{"0.0.0.0/0"}) {
		return nil
	}
	return list
}

// kind says in plain words what a stack is that is no Rack.
func (s stack) kind() string {
	switch {
	case s.parent != "":
		return "a part of another stack"
	case s.status == string(types.StackStatusReviewInProgress): // it has no tags yet
		return "a stack that was never made (REVIEW_IN_PROGRESS)"
	case s.tags["System"] != "convox":
		return "a stack that is not of Convox"
	case s.tags["Type"] == "app" && s.tags["Rack"] != "":
		return "an app on Rack " + shown(s.tags["Rack"])
	case s.tags["Type"] == "app":
		return "an app"
	}
	return "a stack of Convox, but no Rack"
}
