package cfn

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"convox-travis/internal/crash"
)

// maxPages ends an endless list: an account has at most a few thousand stacks in a
// region, and a page about a hundred.
const maxPages = 1000

// stackName matches the names that CloudFormation allows
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html).
var stackName = regexp.MustCompile(`^[a-zA-Z][-a-zA-Z0-9]{0,127}$`)

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
	if !stackName.MatchString(name) {
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
	// Buffered, so that no region blocks when ctx ends.
	results := make(chan searchOutcome, len(asked))
	for _, region := range asked {
		go func() {
			defer crash.Catch()
			results <- f.searchRegion(ctx, region, name)
		}()
	}
	outcomes := make([]searchOutcome, 0, len(asked))
	for range asked {
		select {
		case o := <-results:
			outcomes = append(outcomes, o)
			if o.Of = len(asked); deliver != nil && ctx.Err() == nil {
				deliver(o.RegionResult)
			}
		case <-ctx.Done():
			return Summary{}, context.Cause(ctx)
		}
	}
	if ctx.Err() != nil {
		return Summary{}, context.Cause(ctx)
	}
	return summarize(outcomes)
}

// searchRegion reads all stacks of a region, or the one called name.
func (f *Finder) searchRegion(ctx context.Context, region, name string) searchOutcome {
	o := searchOutcome{RegionResult: RegionResult{Region: region}}
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
	switch detail := detailOf(e); {
	case detail.foreign:
		o.Reason = "another partition"
	case detail.off:
		o.Reason = "switched off for this account"
	default:
		o.Reason = o.err.Reason
	}
	return o
}

// eachPage calls read with the token of each page of a list, until it returns no next
// one.
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

// regionsToSearch returns the named regions, each once, or all of the partition if none
// is named.
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
