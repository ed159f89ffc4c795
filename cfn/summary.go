package cfn

import (
	"fmt"
	"slices"
	"strings"

	"convox-travis/internal/problem"
)

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

// GroupSkipped says which regions were skipped, a line for each reason: "19 regions
// skipped: access denied (af-south-1, …)".
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
		of, count := regions[reason], "1 region"
		if len(of) > 1 {
			count = fmt.Sprintf("%d regions", len(of))
		}
		if len(of) > namedRegions {
			of = append(of[:namedRegions:namedRegions], "…")
		}
		reasons[i] = fmt.Sprintf("%s skipped: %s (%s)", count, reason, strings.Join(of, ", "))
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
			return i
		}
		return len(telling)
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
