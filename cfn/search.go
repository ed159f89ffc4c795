package cfn

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"convox-travis/internal/crash"
	"convox-travis/internal/problem"
	"convox-travis/internal/text"
)

// maxPages ends an endless list: an account has at most a few thousand stacks in a
// region, and a page about a hundred.
const maxPages = 1000

var stackName = regexp.MustCompile(`^[a-zA-Z][-a-zA-Z0-9]*$`)

// isStackName reports whether CloudFormation allows a name
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html).
func isStackName(name string) bool { return len(name) <= 128 && stackName.MatchString(name) }

// Search reads all stacks in the regions, by default in all regions of the partition,
// and returns the Racks among them. deliver gets each region's result as it arrives, one
// call at a time and none after Search has returned; it may be nil. A region that fails
// is skipped, with its reason in the summary.
//
// The errors are *problem.Error: about the credentials, about a region's name, or if
// every region failed, the most helpful failure. If ctx ends, its cause.
func (f *Finder) Search(ctx context.Context, regions []string, deliver func(RegionResult)) (Summary, error) {
	return f.searchRegions(ctx, regions, "", deliver)
}

// Named finds the Racks of one name, with one call per region. The name is a stack's
// name, not its ARN. A stack of the name that isn't a Rack is in Others. The errors are
// those of Search, and CodeName.
func (f *Finder) Named(ctx context.Context, regions []string, name string) (Summary, error) {
	if !isStackName(name) {
		return Summary{}, nameError(fmt.Sprintf("look for Rack %q", abbreviate(name)), "it can't be the name of a Rack")
	}
	return f.searchRegions(ctx, regions, name, nil)
}

func (f *Finder) searchRegions(ctx context.Context, regions []string, name string, deliver func(RegionResult)) (Summary, error) {
	asked, err := f.regionsToSearch(regions)
	if err != nil {
		return Summary{}, err
	}
	if err := f.signIn(ctx); err != nil {
		return Summary{}, err
	}
	var mu sync.Mutex
	var outcomes []RegionResult
	var searches sync.WaitGroup
	for _, region := range asked {
		searches.Go(func() {
			defer crash.Catch()
			o := f.searchRegion(ctx, region, name)
			o.Of = len(asked)
			mu.Lock()
			defer mu.Unlock()
			outcomes = append(outcomes, o)
			if deliver != nil && ctx.Err() == nil {
				deliver(o)
			}
		})
	}
	searches.Wait()
	if ctx.Err() != nil {
		return Summary{}, context.Cause(ctx)
	}
	return summarize(outcomes)
}

// searchRegion reads all stacks of a region, or the one called name.
func (f *Finder) searchRegion(ctx context.Context, region, name string) RegionResult {
	o := RegionResult{Region: region}
	request := &cloudformation.DescribeStacksInput{}
	if name != "" {
		request.StackName = &name
	}
	describe := cloudformation.NewFromConfig(f.in(region)).DescribeStacks
	err := f.eachPage("", "stacks", func(token *string) (next *string, err error) {
		request.NextToken = token
		page, err := callAWS(ctx, f, "look for", Rack{Name: name, Region: region}, describe, request)
		if err != nil {
			return nil, err
		}
		for _, described := range page.Stacks {
			s := readStack(region, described)
			switch {
			case s.deleted(), name != "" && s.name != name:
				continue
			case s.isRack():
				rack := s.rack()
				rack.Repair = f.repair(rack, rack.Status)
				o.Racks = append(o.Racks, rack)
			case name != "":
				o.others = append(o.others, Other{Name: s.name, Region: region, What: s.kind()})
			}
			o.Stacks++
		}
		if name != "" {
			return nil, nil
		}
		return page.NextToken, nil
	})
	e := asError(err)
	if e == nil || e.Code == CodeMissing { // or ctx has ended
		return o
	}
	// In all regions, although AWS names the resource in this one.
	describeStacks := Permission{"cloudformation:DescribeStacks", "*"}
	if name != "" {
		describeStacks.Resource = strings.Replace(arnIn(region, "cloudformation", "stack/"+name+"/*"), ":"+region+":", ":*:", 1)
	}
	o.err = withPermission(describeStacks, e)
	o.Reason = cmp.Or(detailOf(e).off, o.err.Reason)
	return o
}

// eachPage calls read with the token of each page of a list, until it returns no next one.
func (f *Finder) eachPage(what, of string, read func(token *string) (next *string, err error)) error {
	var token *string
	for range maxPages {
		next, err := read(token)
		if err != nil || aws.ToString(next) == "" {
			return err
		}
		if aws.ToString(next) == aws.ToString(token) {
			break
		}
		token = next
	}
	return f.unreadableError(what, "its list of "+of+" doesn't end", nil)
}

// regionsToSearch returns all regions of the partition if none is named.
func (f *Finder) regionsToSearch(named []string) ([]string, error) {
	var regions []string
	for _, name := range named {
		name = strings.ToLower(strings.TrimSpace(name))
		// The configured region may be newer than this program.
		if name != f.region && !isPlausibleRegion(name) {
			return nil, regionError("look for Racks", name)
		}
		if !slices.Contains(regions, name) {
			regions = append(regions, name)
		}
	}
	if len(regions) == 0 {
		return f.Regions(), nil
	}
	return regions, nil
}

// isOptIn reports whether an account has to enable a region. Regions from before March
// 2019 are always enabled
// (https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html).
func isOptIn(region string) bool {
	id, _ := partitionOf(region)
	return id == commercialID && !slices.Contains([]string{
		"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1",
		"eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
	}, region)
}

// KnownRegions are the regions that Racks support, in all partitions
// (https://github.com/convox/rack/blob/master/provider/aws/formation/rack.json).
func KnownRegions() []string {
	return []string{
		"af-south-1", "ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1",
		"ap-southeast-2", "ca-central-1", "eu-central-1", "eu-north-1", "eu-south-1", "eu-west-1", "eu-west-2",
		"eu-west-3", "me-south-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
		"us-gov-east-1", "us-gov-west-1", "cn-north-1", "cn-northwest-1",
	}
}

// partitionRegions returns the regions of a region's partition, itself included. Credentials
// work in one partition only.
func partitionRegions(region string) []string {
	partition, _ := partitionOf(region)
	all := append(KnownRegions(), region)
	all = slices.DeleteFunc(all, func(other string) bool { id, _ := partitionOf(other); return id != partition })
	slices.Sort(all)
	return slices.Compact(all)
}

const commercialID = "aws"

// partitionOf returns the partition of a region, its ID in ARNs and its name
// (https://docs.aws.amazon.com/general/latest/gr/rande.html).
func partitionOf(region string) (id, name string) {
	switch {
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov", "AWS GovCloud (US)"
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn", "AWS China"
	case strings.HasPrefix(region, "eusc-"):
		return "aws-eusc", "the AWS European Sovereign Cloud"
	case strings.Contains(region, "-iso"):
		return "aws-iso", "an isolated partition of AWS"
	}
	return commercialID, "AWS"
}

// regionShape matches all names of regions so far
// (https://docs.aws.amazon.com/general/latest/gr/cfn.html): an area, a direction, a
// number.
var regionShape = regexp.MustCompile(`^([a-z]{2}(?:-gov|-iso[a-z]?)?|eusc-[a-z]{2})-(?:north|south|east|west|central|northeast|northwest|southeast|southwest)-[1-9][0-9]?$`)

const areas = " af ap ca cn eu il me mx sa us us-gov us-iso us-isob us-isof eu-isoe eusc-de "

// isPlausibleRegion reports whether name is or may become the name of a region: its
// area is known, or isn't a typo of a known one.
func isPlausibleRegion(name string) bool {
	parts := regionShape.FindStringSubmatch(name)
	if parts == nil {
		return false
	}
	if strings.Contains(areas, " "+parts[1]+" ") {
		return true
	}
	near := text.Nearest(name, KnownRegions())
	return near == "" || text.Distance(name, near) > 1
}

func regionError(what, name string) *problem.Error {
	e := newError(CodeRegion, what, fmt.Sprintf("AWS has no region %q", abbreviate(name)))
	if near := text.Nearest(name, KnownRegions()); near != "" {
		e.Hints = append(e.Hints, "did you mean "+near+"?")
	}
	e.Hints = append(e.Hints, "use a name such as us-east-1, or leave the region out to search all")
	return e
}
