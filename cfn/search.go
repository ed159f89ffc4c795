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

// mostPages ends a list that does not end: an account has some thousand stacks
// in a region at most, and a page about a hundred.
const mostPages = 1000

// stackName is what CloudFormation lets a stack be called
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html).
var stackName = regexp.MustCompile(`^[a-zA-Z][-a-zA-Z0-9]{0,127}$`)

// Search reads all stacks of the regions, or of all regions of the partition
// when there are none, and returns the Racks among them. What comes of a region
// is given to deliver as it comes, one call at a time, none after Search has
// returned; deliver may be nil. A region that fails is passed over and named.
//
// The errors are *problem.Error: about the credentials, about a region's name, or when
// no region could be searched, the reason. When ctx ends, its cause.
func (f *Finder) Search(ctx context.Context, regions []string, deliver func(Searched)) (Summary, error) {
	return f.everywhere(ctx, regions, "", deliver)
}

// Named looks for the Racks of one name, with one call a region. The name is
// a stack's name, not its ARN. A stack of this name that is no Rack is among
// Others. The errors are those of Search, and CodeName.
func (f *Finder) Named(ctx context.Context, regions []string, name string) (Summary, error) {
	if !stackName.MatchString(name) {
		return Summary{}, badName(fmt.Sprintf("look for Rack %q", shown(name)), "no Rack can have this name")
	}
	return f.everywhere(ctx, regions, name, nil)
}

func (f *Finder) everywhere(ctx context.Context, regions []string, name string, deliver func(Searched)) (Summary, error) {
	asked, err := f.asked(regions)
	if err != nil {
		return Summary{}, err
	}
	if err := f.login(ctx); err != nil {
		return Summary{}, err
	}
	// Buffered, so that no region is left waiting when ctx ends.
	results := make(chan outcome, len(asked))
	for _, region := range asked {
		go func() {
			defer crash.Catch()
			results <- f.search(ctx, region, name)
		}()
	}
	outcomes := make([]outcome, 0, len(asked))
	for range asked {
		select {
		case o := <-results:
			outcomes = append(outcomes, o)
			if o.Of = len(asked); deliver != nil && ctx.Err() == nil {
				deliver(o.Searched)
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

// search reads one region, all pages of it, or the one stack called name.
func (f *Finder) search(ctx context.Context, region, name string) outcome {
	o := outcome{Searched: Searched{Region: region}}
	request := &cloudformation.DescribeStacksInput{}
	if name != "" {
		request.StackName = &name
	}
	// In all regions, where AWS names a resource of this one.
	describeStacks := Permission{"cloudformation:DescribeStacks", "*"}
	if name != "" {
		describeStacks = onStack("DescribeStacks", Rack{Name: name, Region: region})
		describeStacks.Resource = strings.Replace(describeStacks.Resource, ":"+region+":", ":*:", 1)
	}
	for range mostPages {
		page, err := f.page(ctx, region, request)
		if isMissing(err) {
			return o
		}
		if err != nil {
			return o.fail(needing(describeStacks, f.failure(err, region)))
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
	return o.fail(f.unreadable("", "its list of stacks does not end", nil))
}

func (o outcome) fail(err *problem.Error) outcome {
	o.failed, o.Reason = err, err.Reason
	if detailOf(err).off {
		o.Reason = "switched off for this account"
		if err.Detail.(Detail).foreign {
			o.Reason = "another partition"
		}
	}
	return o
}

// page makes one call. Its deadline counts for all tries together.
func (f *Finder) page(ctx context.Context, region string, request *cloudformation.DescribeStacksInput) (*cloudformation.DescribeStacksOutput, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, f.retry.Deadline, errNoAnswer)
	defer cancel()
	page, err := f.calls.describeStacks(ctx, request, func(o *cloudformation.Options) { o.Region = region })
	if err != nil {
		return nil, timely(ctx, err)
	}
	return page, nil
}

// isMissing reports whether CloudFormation said that there is no such stack,
// which it says in an error's text alone.
func isMissing(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == "ValidationError" && notThere.MatchString(api.ErrorMessage())
}

// asked turns the regions that a person named into those to ask, each once, or
// returns all of the partition where none was named.
func (f *Finder) asked(named []string) ([]string, error) {
	var regions []string
	for _, name := range named {
		name = strings.ToLower(strings.TrimSpace(name))
		// The configured region may be newer than this program.
		if name != f.region && !plausible(name) {
			return nil, badRegion("look for Racks", name)
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
