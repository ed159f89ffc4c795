package cfn

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"convox-travis/internal/problem"
)

// Summary is what a search found.
type Summary struct {
	Racks []Rack // by name, then by region
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
	Off    bool   // it is switched off for the account
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
			s.Skipped = append(s.Skipped, Skipped{Region: o.Region, Reason: o.Reason, Off: detailOf(o.failed).off})
		}
	}
	if s.Regions == 0 {
		return Summary{}, nowhere(outcomes)
	}
	slices.SortStableFunc(s.Racks, func(a, b Rack) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Region, b.Region))
	})
	return s, nil
}

// nowhere is the error of a search that no region answered.
func nowhere(outcomes []outcome) error {
	weight := func(o outcome) int {
		telling := []string{CodeExpired, CodeDenied, CodeRefused, CodeThrottled, CodeNoAnswer, CodeUnreachable}
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
	var others []string
	for _, o := range outcomes {
		if o.failed.Code != worst.failed.Code {
			others = append(others, o.Region+" ("+o.Reason+")")
		}
	}
	if len(others) == 0 {
		return attempting(fmt.Sprintf("look for Racks in %d regions", len(outcomes)), worst.failed)
	}
	return hinting(err, "look at the others too, of which none was searched: "+listed(others))
}
