package cfn

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"convox-travis/internal/problem"
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

// Summary is what a search found.
type Summary struct {
	Racks []Rack // as CompareRacks orders them
	// Others are the stacks of the name that was asked for that are no Racks,
	// by region. Only Named fills it.
	Others  []Other
	Stacks  int // looked at
	Regions int // searched to the end
	Skipped []Skipped
}

// Skipped is a region that was passed over.
type Skipped struct {
	Region string
	Reason string // in plain words, such as "access denied"
	Off    bool   // no Rack of the account can be there: it is switched off, or in another partition
	Err    error  // why it was skipped
}

// Passes reports whether a search may reach the region later: it was throttled, or
// gave no answer. Then it isn't known whether a Rack is there.
func (s Skipped) Passes() bool { return isPassing(s.Err) }

// namedRegions is how many regions stand behind a reason.
const namedRegions = 4

// GroupSkipped says which regions were skipped, a line for each reason: "skipped
// 19 regions: access denied (af-south-1, …)", or with one region "skipped
// af-south-1: access denied".
func GroupSkipped(skipped []Skipped) []string {
	var reasons []string
	regions := make(map[string][]string)
	for _, s := range skipped {
		if regions[s.Reason] == nil {
			reasons = append(reasons, s.Reason)
		}
		regions[s.Reason] = append(regions[s.Reason], s.Region)
	}
	for i, reason := range reasons {
		of := regions[reason]
		if len(of) == 1 {
			reasons[i] = "skipped " + of[0] + ": " + reason
			continue
		}
		skipped := fmt.Sprintf("skipped %d regions: %s", len(of), reason)
		if len(of) > namedRegions {
			of = append(of[:namedRegions:namedRegions], "…")
		}
		reasons[i] = fmt.Sprintf("%s (%s)", skipped, strings.Join(of, ", "))
	}
	return reasons
}

// Other is a stack that is no Rack.
type Other struct {
	Name   string // bounded, and not cleaned
	Region string
	What   string // in plain words, such as "an app on Rack production"
}

// Searched is what came of one region.
type Searched struct {
	Region string
	Racks  []Rack // in the order of AWS
	Stacks int
	// Reason says why the region was passed over, or is "" when it was searched
	// to the end.
	Reason string
	Of     int // how many regions are searched in all
}

// outcome is Searched with what only the summary needs.
type outcome struct {
	Searched
	others []Other
	failed *problem.Error
}

// summarize puts the regions together. When none was searched to the end, the
// failure that says the most is the error.
func summarize(outcomes []outcome) (Summary, error) {
	slices.SortFunc(outcomes, func(a, b outcome) int { return strings.Compare(a.Region, b.Region) })
	var s Summary
	for _, o := range outcomes {
		s.Racks = append(s.Racks, o.Racks...)
		s.Others = append(s.Others, o.others...)
		s.Stacks += o.Stacks
		if o.failed == nil {
			s.Regions++
		} else {
			s.Skipped = append(s.Skipped, o.skipped())
		}
	}
	if s.Regions == 0 {
		return Summary{}, nowhere(outcomes)
	}
	slices.SortStableFunc(s.Racks, CompareRacks)
	return s, nil
}

func (o outcome) skipped() Skipped {
	return Skipped{Region: o.Region, Reason: o.Reason, Off: detailOf(o.failed).off, Err: attempting("look for Racks in "+o.Region, o.failed)}
}

// nowhere is the error of a search that no region answered.
func nowhere(outcomes []outcome) error {
	weight := func(o outcome) int {
		telling := []string{CodeExpired, CodeThrottled, CodeDenied, CodeRefused, CodeNoAnswer, CodeUnreachable}
		if i := slices.Index(telling, o.failed.Code); i >= 0 {
			if detailOf(o.failed).off {
				return 2*i + 1 // a region that is switched off knows no credentials
			}
			return 2 * i
		}
		return 2 * len(telling)
	}
	worst := slices.MinFunc(outcomes, func(a, b outcome) int { return weight(a) - weight(b) })
	err := attempting("look for Racks in "+worst.Region, worst.failed)
	if len(outcomes) == 1 {
		return err
	}
	var others []Skipped
	for _, o := range outcomes {
		if o.failed.Code != worst.failed.Code {
			others = append(others, o.skipped())
		}
	}
	if len(others) == 0 {
		return attempting(fmt.Sprintf("look for Racks in %d regions", len(outcomes)), worst.failed)
	}
	return hinting(err, "look at the others too: "+strings.Join(GroupSkipped(others), "; "))
}
