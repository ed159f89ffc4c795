package cfn

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"convox-travis/internal/problem"
	"convox-travis/internal/text"
)

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

// commercial, government and china are the regions that Racks support
// (https://github.com/convox/rack/blob/master/provider/aws/formation/rack.json),
// by partition. Credentials work in one partition only.
func commercial() []string {
	return []string{
		"af-south-1", "ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1",
		"ap-southeast-2", "ca-central-1", "eu-central-1", "eu-north-1", "eu-south-1", "eu-west-1", "eu-west-2",
		"eu-west-3", "me-south-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
	}
}

func government() []string { return []string{"us-gov-east-1", "us-gov-west-1"} }

func china() []string { return []string{"cn-north-1", "cn-northwest-1"} }

// partitionRegions returns the regions of a region's partition, itself included. In a
// partition without Racks, that is the region alone.
func partitionRegions(region string) []string {
	var all []string
	switch id, _ := partitionOf(region); id {
	case "aws-us-gov":
		all = government()
	case "aws-cn":
		all = china()
	case commercialID:
		all = commercial()
	}
	if !slices.Contains(all, region) {
		all = append(all, region)
	}
	slices.Sort(all)
	return all
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

// areas are those of today's regions.
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

// KnownRegions are the regions that Racks support, in all partitions.
func KnownRegions() []string { return slices.Concat(commercial(), government(), china()) }

func regionError(what, name string) *problem.Error {
	e := newError(CodeRegion, what, fmt.Sprintf("AWS has no region %q", abbreviate(name)))
	if near := text.Nearest(name, KnownRegions()); near != "" {
		e.Hints = append(e.Hints, "did you mean "+near+"?")
	}
	e.Hints = append(e.Hints, "use a name such as us-east-1, or leave the region out to search all")
	return e
}
