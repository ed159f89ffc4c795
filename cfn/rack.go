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

// Rack is a Rack as its stack describes it. The texts are limited in length and not cleaned.
type Rack struct {
	Name   string // of the stack
	Region string
	// Host is the output Dashboard, unchecked, or "" if the stack has none.
	Host    string
	Version string
	// Status is the stack's, such as UPDATE_COMPLETE.
	Status string
	// Repair is a hint for a state that the stack doesn't leave by itself, or "".
	Repair string
	// Private means that the API is inside the VPC.
	Private bool
	// WhiteList is the IP allowlist of the API; empty means that every address is
	// allowed.
	WhiteList []string
}

// Failed reports whether the stack is in the state of a failure. A failed update that
// was rolled back isn't one.
func (r Rack) Failed() bool {
	return r.Status == "ROLLBACK_IN_PROGRESS" || r.Status == "ROLLBACK_COMPLETE" || strings.HasSuffix(r.Status, "_FAILED")
}

// Dead reports whether the stack has no working Rack and won't get one: it was never
// created, or is being deleted
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html).
func (r Rack) Dead() bool {
	return r.Status == "REVIEW_IN_PROGRESS" || r.Status == "CREATE_FAILED" ||
		strings.HasPrefix(r.Status, "ROLLBACK_") || strings.HasPrefix(r.Status, "DELETE_")
}

// Works reports whether the stack has a host where a Rack may answer.
func (r Rack) Works() bool { return r.Host != "" && !r.Dead() }

// CompareRacks is the order in which Racks are shown: by name, working ones before
// others of the name, by region.
func CompareRacks(a, b Rack) int {
	rank := func(r Rack) int {
		if r.Works() {
			return 0
		}
		return 1
	}
	return cmp.Or(strings.Compare(a.Name, b.Name), rank(a)-rank(b), strings.Compare(a.Region, b.Region))
}

type stack struct {
	name, region, status, parent string
	tags, outputs, parameters    map[string]string
}

func readStack(region string, s types.Stack) stack {
	read := stack{
		name: truncate(aws.ToString(s.StackName)), region: region, status: truncate(string(s.StackStatus)),
		parent: truncate(aws.ToString(s.ParentId) + aws.ToString(s.RootId)),
		tags:   make(map[string]string), outputs: make(map[string]string), parameters: make(map[string]string),
	}
	for _, tag := range s.Tags {
		read.tags[aws.ToString(tag.Key)] = truncate(aws.ToString(tag.Value))
	}
	for _, output := range s.Outputs {
		read.outputs[aws.ToString(output.OutputKey)] = truncate(aws.ToString(output.OutputValue))
	}
	for _, parameter := range s.Parameters {
		read.parameters[aws.ToString(parameter.ParameterKey)] = truncate(aws.ToString(parameter.ParameterValue))
	}
	return read
}

func (s stack) deleted() bool { return s.status == string(types.StackStatusDeleteComplete) }

// isRack recognizes a Rack by its tags, or if both are missing by its outputs.
func (s stack) isRack() bool {
	_, hasSystem := s.tags["System"]
	_, hasType := s.tags["Type"]
	switch {
	case s.parent != "" || s.deleted():
		return false
	case hasSystem || hasType:
		return s.tags["System"] == "convox" && s.tags["Type"] == "rack"
	}
	host := strings.ToLower(s.outputs["Dashboard"])
	return rackHost.MatchString(host) || (s.outputs["Rack"] == s.name && anyHost.MatchString(host))
}

// A Rack's host is the load balancer's name, or a name in convox.site. Other products
// have an output Dashboard too, mostly with an address of the form https://….
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

// private also recognizes Racks that are older than the parameter: the load balancer of
// a private API has "-i" after the Rack's name.
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

func (s stack) kind() string {
	switch {
	case s.parent != "":
		return "a part of another stack"
	case s.status == string(types.StackStatusReviewInProgress): // it has no tags yet
		return "a stack that was never created (REVIEW_IN_PROGRESS)"
	case s.tags["System"] != "convox":
		return "a stack that isn't from Convox"
	case s.tags["Type"] == "app" && s.tags["Rack"] != "":
		return "an app on Rack " + abbreviate(s.tags["Rack"])
	case s.tags["Type"] == "app":
		return "an app"
	}
	return "a Convox stack, but not a Rack"
}

// Summary is what a search found.
type Summary struct {
	Racks []Rack // as CompareRacks orders them
	// Others are the stacks of the name that aren't Racks, by region. Only Named sets
	// it.
	Others  []Other
	Stacks  int // read
	Regions int // searched to the end
	Skipped []Skipped
}

// Skipped is a region that couldn't be searched.
type Skipped struct {
	Region string
	Reason string // in plain words, such as "access denied"
	Off    bool   // the account can have no Rack there: it is disabled, or in another partition
	Err    error  // why it was skipped
}

// IsTransient reports whether a search may succeed later: the region was throttled or
// didn't answer, so it isn't known whether a Rack is there.
func (s Skipped) IsTransient() bool { return isTransient(s.Err) }

const maxRegionsNamed = 4

// GroupSkipped lists the skipped regions, one line per reason: "skipped 19 regions:
// access denied (af-south-1, …)" or, for one region, "skipped af-south-1: access
// denied".
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
		if len(of) > maxRegionsNamed {
			of = append(of[:maxRegionsNamed:maxRegionsNamed], "…")
		}
		reasons[i] = fmt.Sprintf("%s (%s)", skipped, strings.Join(of, ", "))
	}
	return reasons
}

// Other is a stack that isn't a Rack.
type Other struct {
	Name   string // limited in length and not cleaned
	Region string
	What   string // in plain words, such as "an app on Rack production"
}

// RegionResult is the result of searching one region.
type RegionResult struct {
	Region string
	Racks  []Rack // in AWS's order
	Stacks int
	// Reason says why the region was skipped, or is "" if it was searched to the end.
	Reason string
	Of     int // how many regions are searched in all

	others []Other
	err    *problem.Error
}

func summarize(outcomes []RegionResult) (Summary, error) {
	slices.SortFunc(outcomes, func(a, b RegionResult) int { return strings.Compare(a.Region, b.Region) })
	var s Summary
	for _, o := range outcomes {
		s.Racks = append(s.Racks, o.Racks...)
		s.Others = append(s.Others, o.others...)
		s.Stacks += o.Stacks
		if o.err == nil {
			s.Regions++
		} else {
			s.Skipped = append(s.Skipped, o.skipped())
		}
	}
	if s.Regions == 0 {
		return Summary{}, searchError(outcomes)
	}
	slices.SortStableFunc(s.Racks, CompareRacks)
	return s, nil
}

func (o RegionResult) skipped() Skipped {
	return Skipped{Region: o.Region, Reason: o.Reason, Off: detailOf(o.err).off != "", Err: withAction("look for Racks in "+o.Region, o.err)}
}

func searchError(outcomes []RegionResult) error {
	weight := func(o RegionResult) int {
		byUsefulness := []string{CodeExpired, CodeThrottled, CodeDenied, CodeRefused, CodeNoAnswer, CodeUnreachable}
		if i := slices.Index(byUsefulness, o.err.Code); i >= 0 {
			if detailOf(o.err).off != "" {
				return 2*i + 1 // a disabled region refuses all credentials
			}
			return 2 * i
		}
		return 2 * len(byUsefulness)
	}
	worst := slices.MinFunc(outcomes, func(a, b RegionResult) int { return weight(a) - weight(b) })
	err := withAction("look for Racks in "+worst.Region, worst.err)
	if len(outcomes) == 1 {
		return err
	}
	var others []Skipped
	for _, o := range outcomes {
		if o.err.Code != worst.err.Code {
			others = append(others, o.skipped())
		}
	}
	if len(others) == 0 {
		return withAction(fmt.Sprintf("look for Racks in %d regions", len(outcomes)), worst.err)
	}
	return withHint(err, "check the others too: "+strings.Join(GroupSkipped(others), "; "))
}
