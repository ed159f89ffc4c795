package cfn

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"convox-travis/internal/problem"
)

// commercial, government and china are the regions that Racks are made for
// (https://github.com/convox/rack/blob/master/provider/aws/formation/rack.json),
// by partition. Credentials are good in one partition only.
func commercial() []string {
	return []string{
		"af-south-1", "ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1",
		"ap-southeast-2", "ca-central-1", "eu-central-1", "eu-north-1", "eu-south-1", "eu-west-1", "eu-west-2",
		"eu-west-3", "me-south-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
	}
}

func government() []string { return []string{"us-gov-east-1", "us-gov-west-1"} }

func china() []string { return []string{"cn-north-1", "cn-northwest-1"} }

// regionsBeside returns the regions of a region's partition, with it among
// them. Of a partition that has no Racks only the region itself is looked at.
func regionsBeside(region string) []string {
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

// partitionOf returns the partition of a region, as ARNs and as people call it
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

// regionShape is the shape that all names of regions have had so far
// (https://docs.aws.amazon.com/general/latest/gr/cfn.html): an area, a part of
// the compass, a number.
var regionShape = regexp.MustCompile(`^([a-z]{2}(?:-gov|-iso[a-z]?)?|eusc-[a-z]{2})-(?:north|south|east|west|central|northeast|northwest|southeast|southwest)-[1-9][0-9]?$`)

// areas are those that AWS has regions in today.
const areas = " af ap ca cn eu il me mx sa us us-gov us-iso us-isob us-isof eu-isoe eusc-de "

// plausible reports whether name is, or may one day be, the name of a region:
// one in an area that is known, or in one that cannot be a slip of the hand.
func plausible(name string) bool {
	parts := regionShape.FindStringSubmatch(name)
	if parts == nil {
		return false
	}
	if strings.Contains(areas, " "+parts[1]+" ") {
		return true
	}
	near := nearest(name, KnownRegions())
	return near == "" || distance(name, near) > 1
}

// KnownRegions are those that Racks are made for, in all partitions.
func KnownRegions() []string { return slices.Concat(commercial(), government(), china()) }

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

func badRegion(what, name string) *problem.Error {
	e := failed(CodeRegion, what, fmt.Sprintf("AWS has no region %q", shown(name)))
	if near := nearest(name, KnownRegions()); near != "" {
		e.Hints = append(e.Hints, "did you mean "+near+"?")
	}
	e.Hints = append(e.Hints, "use a name such as us-east-1, or none to search all regions")
	return e
}

// slips is how many letters may be wrong in a name that was meant.
const slips = 3

// nearest returns the one of names that typed was probably meant to be, or ""
// when none is near.
func nearest(typed string, names []string) string {
	if len(typed) > longestShown {
		return ""
	}
	best, least := "", slips+1
	for _, name := range names {
		if d := distance(typed, name); d < least && d < len(name) {
			best, least = name, d
		}
	}
	return best
}

// distance counts the letters to put in, leave out, change or swap with their
// neighbour to turn a into b (https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance,
// the form that touches each letter once).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			changed := 1
			if a[i-1] == b[j-1] {
				changed = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+changed)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
