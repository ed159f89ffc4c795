package setup

import (
	"context"
	"fmt"
	"strings"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
)

// Finder finds Racks by name; a cfn.Finder is one.
type Finder interface {
	Named(ctx context.Context, regions []string, name string) (cfn.Summary, error)
}

// CodeTwoRacks marks the Error for a name that more than one Rack has.
const CodeTwoRacks = "two_racks"

// Found is a Rack that was looked up by its name.
type Found struct {
	Rack     cfn.Rack
	Host     convox.Host // of its stack's Dashboard output
	Warnings []Warning
}

// FindRack returns the one Rack called name. The errors are those of cfn, or an
// problem.Error.
func FindRack(ctx context.Context, finder Finder, regions []string, name string) (Found, error) {
	found, err := finder.Named(ctx, regions, name)
	if err != nil {
		return Found{}, err
	}
	switch {
	case len(found.Racks) == 0:
		return Found{}, noRack(name, found)
	case len(found.Racks) > 1:
		return Found{}, twoRacks(name, found)
	}
	rack := found.Racks[0]
	if rack.Host == "" {
		return Found{}, noHost(rack)
	}
	host, err := convox.ParseHost(rack.Host)
	if err != nil {
		return Found{}, &problem.Error{
			Code: "bad_host", Action: fmt.Sprintf("the Dashboard output of Rack %s in %s", name, rack.Region), Cause: err,
			Hints: []string{"look at the stack's outputs"}, Detail: rack,
		}
	}
	return Found{rack, host, append(RackWarnings(rack), notSearched(name, found)...)}, nil
}

// noHost says by the state of its stack why a Rack has no host.
func noHost(rack cfn.Rack) error {
	is, hint := rack.Meaning()
	if is == "" {
		is, hint = "has no host", "look at the outputs of its stack in the CloudFormation console: a Rack has its host in the one called Dashboard"
	}
	return &problem.Error{
		Code:   "no_host",
		Reason: fmt.Sprintf("Rack %s in %s %s: its stack is in the state %s and has no Dashboard output", rack.Name, rack.Region, is, rack.Status),
		Hints:  []string{hint},
	}
}

// notSearched warns of regions that could have a second Rack of the name.
func notSearched(name string, found cfn.Summary) []Warning {
	var open []string
	for _, region := range found.Skipped {
		if !region.Off {
			open = append(open, region.Region+" ("+region.Reason+")")
		}
	}
	if len(open) == 0 {
		return nil
	}
	return []Warning{{
		Code:    "regions_not_searched",
		Message: fmt.Sprintf("another Rack %s could be in %s: not searched", name, strings.Join(open, ", ")),
		Hint:    "name the Rack's region, if another one is meant",
	}}
}

func noRack(name string, found cfn.Summary) error {
	where := fmt.Sprintf("%d regions", found.Regions)
	if found.Regions == 1 {
		where = "the region"
	}
	err := &problem.Error{
		Code:   "no_rack",
		Reason: fmt.Sprintf("no Convox Rack named %s in %s", name, where),
	}
	for _, other := range found.Others {
		err.Hints = append([]string{fmt.Sprintf("%s in %s is %s", name, other.Region, other.What)}, err.Hints...)
	}
	if len(found.Skipped) > 0 {
		var skipped []string
		for _, region := range found.Skipped {
			skipped = append(skipped, region.Region+" ("+region.Reason+")")
		}
		err.Hints = append(err.Hints, "not searched: "+strings.Join(skipped, ", "))
	}
	return err
}

// Regions are those in which there is a Rack of one name, the detail of
// CodeTwoRacks.
type Regions []string

func twoRacks(name string, found cfn.Summary) error {
	var regions []string
	for _, rack := range found.Racks {
		regions = append(regions, rack.Region)
	}
	return &problem.Error{
		Code:   CodeTwoRacks,
		Reason: fmt.Sprintf("%d Racks are named %s: in %s", len(regions), name, strings.Join(regions, ", ")),
		Detail: Regions(regions),
	}
}

// RackWarnings tells what a Rack's stack means for builds on Travis.
func RackWarnings(rack cfn.Rack) []Warning {
	name := rack.Name
	var warnings []Warning
	if rack.Private {
		warnings = append(warnings, Warning{
			Code:    "private_api",
			Message: fmt.Sprintf("Rack %s has a private API: Travis's machines cannot reach it", name),
			Hint:    "build on machines inside the VPC, or use Console with a deploy key",
		})
	}
	if len(rack.WhiteList) > 0 {
		warnings = append(warnings, Warning{
			Code:    "white_list",
			Message: fmt.Sprintf("Rack %s takes calls from a white list only", name),
			Hint:    "add the addresses of Travis's machines (https://docs.travis-ci.com/user/ip-addresses/) to the Rack's WhiteList",
		})
	}
	if rack.Failed() {
		warnings = append(warnings, Warning{
			Code:    "failed_state",
			Message: fmt.Sprintf("Rack %s: its stack is in the state %s", name, rack.Status),
			Hint:    "deploys may fail until the stack is repaired",
		})
	}
	return warnings
}
