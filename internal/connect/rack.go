package connect

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/text"
)

// Finder finds Racks by name; a cfn.Finder implements it.
type Finder interface {
	Named(ctx context.Context, regions []string, name string) (cfn.Summary, error)
	Search(ctx context.Context, regions []string, deliver func(cfn.RegionResult)) (cfn.Summary, error)
}

// CodeTwoRacks marks the Error for a name of more than one Rack.
const CodeTwoRacks = "two_racks"

// Found is a Rack that was found by its name.
type Found struct {
	Rack     cfn.Rack
	Host     convox.Host // of its stack's Dashboard output
	Warnings []Warning
}

// FindRack returns the only Rack called name. The errors are those of cfn, or a
// problem.Error.
func FindRack(ctx context.Context, finder Finder, regions []string, name string) (Found, error) {
	found, err := finder.Named(ctx, regions, name)
	if err != nil {
		return Found{}, err
	}
	working := slices.IndexFunc(found.Racks, func(r cfn.Rack) bool { return !r.Works() }) // they come first
	switch {
	case len(found.Racks) == 0:
		return Found{}, noRack(ctx, finder, regions, name, found)
	case len(found.Racks) > 1 && working != 1:
		return Found{}, unclearRacks(name, found.Racks)
	}
	rack := found.Racks[0]
	if rack.Host == "" {
		return Found{}, noHost(rack)
	}
	host, err := convox.ParseHost(rack.Host)
	if err != nil {
		return Found{}, &problem.Error{
			Code: "bad_host", Action: fmt.Sprintf("the Dashboard output of Rack %s in %s", name, rack.Region), Cause: err,
			Hints: []string{"check the stack's outputs"}, Detail: rack,
		}
	}
	return Found{rack, host, slices.Concat(RackWarnings(rack), deadStacks(found.Racks[1:]), notSearched(name, found))}, nil
}

// deadStacks warns about stacks with a Rack's name that aren't working Racks.
func deadStacks(racks []cfn.Rack) []Warning {
	var warnings []Warning
	for _, rack := range racks {
		warnings = append(warnings, Warning{
			Code:    "dead_stack",
			Message: fmt.Sprintf("another stack %s is in %s, in the state %s: it isn't a working Rack", rack.Name, rack.Region, rack.Status),
			Hint:    "delete that stack in the CloudFormation console if nobody needs it",
		})
	}
	return warnings
}

// noHost says why a Rack has no host, by the state of its stack.
func noHost(rack cfn.Rack) error {
	is, hint := rack.Meaning()
	if is == "" {
		is, hint = "has no host", "check the outputs of its stack in the CloudFormation console: Dashboard has the Rack's host"
	}
	return &problem.Error{
		Code:   "no_host",
		Reason: fmt.Sprintf("Rack %s in %s %s: its stack is in the state %s and has no Dashboard output", rack.Name, rack.Region, is, rack.Status),
		Hints:  []string{hint},
	}
}

// notSearched warns about regions that could have a second Rack with the name.
func notSearched(name string, found cfn.Summary) []Warning {
	open := unsearched(found)
	if len(open) == 0 {
		return nil
	}
	return []Warning{{
		Code:    "regions_not_searched",
		Message: fmt.Sprintf("not every region was searched for another Rack %s: %s", name, strings.Join(open, "; ")),
		Hint:    "name the Rack's region if another one is meant",
	}}
}

// noRack is the error when no Rack was found. While a region may answer later, that
// region's failure is: the Rack may be there.
func noRack(ctx context.Context, finder Finder, regions []string, name string, found cfn.Summary) error {
	if at := slices.IndexFunc(found.Skipped, cfn.Skipped.IsTransient); at >= 0 {
		failure, region := problem.Of(found.Skipped[at].Err), found.Skipped[at].Region
		found.Skipped = slices.Delete(slices.Clone(found.Skipped), at, at+1)
		return &problem.Error{
			Code: failure.Code, Action: "look for", Object: fmt.Sprintf("Rack %s in %s", name, region),
			Reason: fmt.Sprintf("%s; no Rack has this name in %s", failure.Reason, searched(found, regions)),
			Hints:  append(slices.Clone(failure.Hints), skippedHint(found)...), Detail: failure.Detail,
		}
	}
	err := &problem.Error{
		Code:   "no_rack",
		Reason: fmt.Sprintf("no Convox Rack named %s in %s", name, searched(found, regions)),
	}
	for _, other := range found.Others {
		err.Hints = append([]string{fmt.Sprintf("%s in %s is %s", name, other.Region, other.What)}, err.Hints...)
	}
	if near := nearestRack(ctx, finder, regions, name); near != "" {
		err.Hints = append(err.Hints, "did you mean "+near+"?")
	}
	if len(regions) > 0 {
		err.Hints = append(err.Hints, "leave the region out to search all of them")
	}
	err.Hints = append(err.Hints, skippedHint(found)...)
	return err
}

// nearestRack returns the Rack that was probably meant by a name, or "".
func nearestRack(ctx context.Context, finder Finder, regions []string, name string) string {
	all, err := finder.Search(ctx, regions, nil)
	if err != nil {
		return "" // it may be that only the one stack may be read
	}
	var names []string
	for _, rack := range all.Racks {
		names = append(names, rack.Name)
	}
	return text.Nearest(name, names)
}

func searched(found cfn.Summary, regions []string) string {
	if len(regions) > 0 {
		return strings.Join(regions, ", ")
	}
	return fmt.Sprintf("%d regions", found.Regions)
}

// unsearched says which regions were skipped and could have a Rack, one line per reason.
func unsearched(found cfn.Summary) []string {
	return cfn.GroupSkipped(slices.DeleteFunc(slices.Clone(found.Skipped), func(s cfn.Skipped) bool { return s.Off }))
}

func skippedHint(found cfn.Summary) []string {
	if open := unsearched(found); len(open) > 0 {
		return []string{"check whether the Rack is in a region that wasn't searched: " + strings.Join(open, "; ")}
	}
	return nil
}

// Regions are those with a working Rack of one name, the detail of CodeTwoRacks.
type Regions []string

// unclearRacks is the error for a name of several stacks of which none, or more than one,
// works.
func unclearRacks(name string, racks []cfn.Rack) error {
	var all []string
	var regions Regions
	for _, rack := range racks {
		host := "without a host"
		if rack.Host != "" {
			host = "host " + rack.Host
		}
		all = append(all, fmt.Sprintf("%s (%s, %s)", rack.Region, rack.Status, host))
		if rack.Works() {
			regions = append(regions, rack.Region)
		}
	}
	if len(regions) == 0 {
		return &problem.Error{
			Code:   "no_host",
			Reason: fmt.Sprintf("no working Rack is named %s, only stacks in %s", name, strings.Join(all, ", ")),
			Hints:  []string{"install the Rack again, or wait until its installation has finished"},
		}
	}
	return &problem.Error{
		Code:   CodeTwoRacks,
		Reason: fmt.Sprintf("%d Racks are named %s: in %s", len(racks), name, strings.Join(all, ", ")),
		Detail: regions,
	}
}

// RackWarnings says what the state of a Rack's stack means for builds on Travis.
func RackWarnings(rack cfn.Rack) []Warning {
	name := rack.Name
	var warnings []Warning
	if rack.Private {
		warnings = append(warnings, Warning{
			Code:    "private_api",
			Message: fmt.Sprintf("Rack %s has a private API: Travis's machines can't reach it", name),
			Hint:    "build on machines inside the VPC, or use Console with a deploy key",
		})
	}
	if len(rack.WhiteList) > 0 {
		warnings = append(warnings, Warning{
			Code:    "white_list",
			Message: fmt.Sprintf("Rack %s has an IP allowlist", name),
			Hint:    "add the addresses of Travis's machines (https://docs.travis-ci.com/user/ip-addresses/) to the Rack's WhiteList",
		})
	}
	if rack.Failed() || rack.Dead() {
		warnings = append(warnings, Warning{
			Code:    "failed_state",
			Message: fmt.Sprintf("Rack %s: its stack is in the state %s, so deploys may fail", name, rack.Status),
			Hint:    cmp.Or(rack.Repair, "check the stack in the CloudFormation console first"),
		})
	}
	return warnings
}

// ConsoleWarnings says why builds can't deploy with a key that Console accepted: it can't
// see any Rack, or Console can't reach the Rack that builds deploy to, or, if none is
// named, any visible Rack.
func ConsoleWarnings(login convox.Login, rack string) []Warning {
	if len(login.Racks) == 0 {
		return []Warning{{
			Code:    "no_racks",
			Message: fmt.Sprintf("%s accepts the key, but the key can't see any Rack, so builds can't deploy", login.Host),
			Hint:    "create a deploy key in the organization that the Rack belongs to: Console, Settings, Deploy Keys",
		}}
	}
	var lost []string
	for _, r := range login.Racks {
		switch {
		case rack != "" && r.String() != rack && r.Name != rack:
		case r.IsLost():
			lost = append(lost, r.String()+" is "+r.Status)
		default:
			return nil
		}
	}
	if lost == nil {
		return nil
	}
	return []Warning{{
		Code:    "rack_status",
		Message: fmt.Sprintf("%s reports that Rack %s, so deployments are likely to fail", login.Host, strings.Join(lost, ", ")),
		Hint:    "check the Rack in Console, and fix it before builds deploy",
	}}
}

// Sees reports whether a key can see a Rack, given as ORG/NAME or only its name.
func Sees(login convox.Login, rack string) bool {
	return slices.ContainsFunc(login.Racks, func(r convox.Rack) bool { return r.String() == rack || r.Name == rack })
}

// ListVisibleRacks says which Racks a key can see.
func ListVisibleRacks(login convox.Login) string {
	var all []string
	for _, r := range login.Racks {
		all = append(all, r.String())
	}
	if len(all) == 0 {
		return "it can't see any: make a deploy key in the organization that the Rack belongs to"
	}
	return "it sees: " + strings.Join(all, ", ")
}
