package main

import (
	"net/url"
	"regexp"
	"strings"
)

// regionWord is what a region can look like: it becomes a part of a host.
var regionWord = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// browser tells the same reset for the AWS console, with links to it.
func (g guideFacts) browser() string {
	var links []string
	switch {
	case !regionWord.MatchString(g.region):
		links = append(links, "The region is not known. Choose it: https://console.aws.amazon.com/cloudformation/home")
	case g.shape.StackID == "":
		links = append(links, "The stack:         "+g.page("cloudformation/home", "#/stacks?filteringText="+escaped(g.rack)))
	default:
		id := escaped(g.shape.StackID)
		links = append(links,
			"The stack:         "+g.page("cloudformation/home", "#/stacks/stackinfo?stackId="+id),
			"Its change sets:   "+g.page("cloudformation/home", "#/stacks/changesets?stackId="+id))
	}
	if regionWord.MatchString(g.region) && g.shape.Cluster != "" && g.shape.WebService != "" {
		links = append(links, "The web service:   "+g.page("ecs/v2/clusters/"+escaped(g.shape.Cluster)+"/services/"+escaped(g.shape.WebService), ""))
	}
	return "# == In the browser\n#\n# " + strings.Join(links, "\n# ") + "\n" + guideBrowser
}

// consoleHost is where the console of a region's partition is
// (https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html).
func consoleHost(region string) string {
	switch {
	case strings.HasPrefix(region, "us-gov-"):
		return "console.amazonaws-us-gov.com"
	case strings.HasPrefix(region, "cn-"):
		return "console.amazonaws.cn"
	}
	return region + ".console.aws.amazon.com"
}

func (g guideFacts) page(path, fragment string) string {
	return "https://" + consoleHost(g.region) + "/" + path + "?region=" + g.region + fragment
}

// escaped makes a text fit for a part of a path, or for a query.
func escaped(text string) string { return strings.ReplaceAll(url.QueryEscape(shown(text)), "+", "%20") }
