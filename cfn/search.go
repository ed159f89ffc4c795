package cfn

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/smithy-go"

	"convox-travis/internal/crash"
	"convox-travis/internal/problem"
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
	// In all regions, although AWS names the resource in this one.
	describeStacks := Permission{"cloudformation:DescribeStacks", "*"}
	if name != "" {
		describeStacks = onStack("DescribeStacks", Rack{Name: name, Region: region})
		describeStacks.Resource = strings.Replace(describeStacks.Resource, ":"+region+":", ":*:", 1)
	}
	for range maxPages {
		page, err := f.describePage(ctx, region, request)
		if isMissing(err) {
			return o
		}
		if err != nil {
			return o.fail(withPermission(describeStacks, f.callError(err, region)))
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
		next := aws.ToString(page.NextToken)
		if next == "" || name != "" {
			return o
		}
		if next == aws.ToString(request.NextToken) {
			break
		}
		request.NextToken = &next
	}
	return o.fail(f.unreadableError("", "its list of stacks doesn't end", nil))
}

func (o searchOutcome) fail(err *problem.Error) searchOutcome {
	o.err, o.Reason = err, err.Reason
	if detailOf(err).off {
		o.Reason = "switched off for this account"
		if err.Detail.(Detail).foreign {
			o.Reason = "another partition"
		}
	}
	return o
}

// describePage makes one call; the deadline covers all its tries.
func (f *Finder) describePage(ctx context.Context, region string, request *cloudformation.DescribeStacksInput) (*cloudformation.DescribeStacksOutput, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, f.retry.Deadline, errNoAnswer)
	defer cancel()
	page, err := f.calls.describeStacks(ctx, request, func(o *cloudformation.Options) { o.Region = region })
	if err != nil {
		return nil, preferCause(ctx, err)
	}
	return page, nil
}

// isMissing reports whether CloudFormation said that there is no such stack. It has no
// code for it.
func isMissing(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == "ValidationError" && missingSentence.MatchString(api.ErrorMessage())
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
