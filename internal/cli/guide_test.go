package cli

import (
	"regexp"
	"strings"
	"testing"

	"convox-travis/cfn"
)

// guided is a Rack of which everything is known.
func guided() guideFacts {
	return guideFacts{
		Rack: "production", Region: "eu-west-1", Profile: "work", Host: "rack.production-1709629200.eu-west-1.convox.site", IsRead: true,
		Stack: cfn.StackInfo{
			StackID:      "arn:aws:cloudformation:eu-west-1:123456789012:stack/production/0a1b2c3d",
			Parameters:   []string{"ApiCount", "DefaultAmi", "DockerHubPassword", "InstanceCount", "VPCCIDR", "Version", "WhiteList"},
			Capabilities: []string{"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"},
			Cluster:      "production-Cluster-1A2B3C4D5E6F7", WebService: "production-ServiceWebApi-8B7C6D5E4F3A",
		},
	}
}

func wantWords(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%q is not in\n%s", word, text)
		}
	}
}

func wantNone(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if strings.Contains(text, word) {
			t.Errorf("%q is in\n%s", word, text)
		}
	}
}

func TestTheGuideNamesEachParameterOnce(t *testing.T) {
	t.Parallel()
	g := guided()
	text := resetGuide(g)
	for _, key := range g.Stack.Parameters {
		if n := len(regexp.MustCompile(`\b`+key+`\b`).FindAllString(text, -1)); n != 1 {
			t.Errorf("%s: %d times", key, n)
		}
	}
	wantWords(t, text, `capabilities='["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]'`)
	wantNone(t, text, "--parameters", "ParameterKey=", "Parameters[]")
}

func TestTheGuideReadsTheParametersWhenNobodyCouldBefore(t *testing.T) {
	t.Parallel()
	text := resetGuide(guideFacts{Rack: "production", Region: "eu-west-1"})
	wantWords(t, text, "Parameters[].ParameterKey", "Stacks[0].Capabilities", "ServiceWebApi --output", "ApiWebService --output",
		"OutputKey=='Cluster'", "OutputKey=='Dashboard'", "convox login HOST")
	wantNone(t, text, "AWS_PROFILE", "unset AWS_ACCESS_KEY_ID")
}

func TestTheGuideFillsInWhatIsKnown(t *testing.T) {
	t.Parallel()
	text := resetGuide(guided())
	wantWords(t, text, "\nrack=production\nregion=eu-west-1\nexport AWS_PROFILE=work\n", "\ncluster=production-Cluster-1A2B3C4D5E6F7\n",
		"\nservice=production-ServiceWebApi-8B7C6D5E4F3A\n", "\nhost=rack.production-1709629200.eu-west-1.convox.site\n",
		"convox login rack.production-1709629200.eu-west-1.convox.site\n", "convox-travis reset-password production\n")
	wantNone(t, text, "OutputKey==", "ApiWebService --output")
}

func TestTheGuideAsksForARegionThatIsNotKnown(t *testing.T) {
	t.Parallel()
	text := resetGuide(guideFacts{Rack: "production"})
	wantWords(t, text, "\nregion=REGION\n", "https://console.aws.amazon.com/cloudformation/home\n")
}

func TestTheGuideLinksToTheConsoleOfThePartition(t *testing.T) {
	t.Parallel()
	const id = "?stackId=arn%3Aaws%3Acloudformation%3Aeu-west-1%3A123456789012%3Astack%2Fproduction%2F0a1b2c3d"
	for region, host := range map[string]string{
		"eu-west-1":      "eu-west-1.console.aws.amazon.com",
		"us-gov-west-1":  "console.amazonaws-us-gov.com",
		"cn-northwest-1": "console.amazonaws.cn",
	} {
		g := guided()
		g.Region = region
		wantWords(t, resetGuide(g),
			"https://"+host+"/cloudformation/home?region="+region+"#/stacks/stackinfo"+id,
			"https://"+host+"/cloudformation/home?region="+region+"#/stacks/changesets"+id,
			"https://"+host+"/ecs/v2/clusters/production-Cluster-1A2B3C4D5E6F7/services/production-ServiceWebApi-8B7C6D5E4F3A?region="+region)
		g.Stack = cfn.StackInfo{}
		text := resetGuide(g)
		wantWords(t, text, "https://"+host+"/cloudformation/home?region="+region+"#/stacks?filteringText=production")
		wantNone(t, text, "/ecs/", "stackId")
	}
	g := guided()
	g.Region = "evil.example/"
	wantNone(t, resetGuide(g), "https://evil", "/ecs/")
}

// What is read is a comment, short enough to be read, and safe to paste into an
// interactive shell, which expands an exclamation mark even in a comment.
func TestTheGuideCanBePasted(t *testing.T) {
	t.Parallel()
	for name, g := range map[string]guideFacts{"read": guided(), "unread": {Rack: "production"}} {
		text := resetGuide(g)
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if len(line) > guideWidth && !strings.Contains(line, "https://") {
				t.Errorf("%s: %d characters: %s", name, len(line), line)
			}
			if strings.TrimRight(line, " ") != line {
				t.Errorf("%s: ends with a space: %q", name, line)
			}
		}
		wantNone(t, text, "!", "\t", "\n\n\n")
		if !strings.HasPrefix(text, "# ") || !strings.HasSuffix(text, "\n") {
			t.Errorf("%s: begins with %q", name, text[:20])
		}
	}
}

func TestTheGuideTellsTheWholeResetInOrder(t *testing.T) {
	t.Parallel()
	rest := resetGuide(guided())
	for _, word := range []string{
		"writes nothing by itself; each command is\n# yours to run",
		"Is it really lost?", "deploy key", "SHOW IT ON THE TERMINAL", "ApiMonitorTasks", "RackApiSecret", "Who is affected", "HighAvailability",
		"In the browser", "Use\n# existing value", "Step 1", "Step 2", "SAVE IT NOW", "umask 077", "Step 3", "create-change-set", `rm -f "$work/request.json"`,
		"Step 4", "LogicalResourceId,Action,Replacement", "EVERY INSTANCE IS REPLACED", "STOP", "delete-change-set", "read -r -p",
		"Step 5", "execute-change-set", "stack-update-complete", "describe-stack-events", "Step 6", "--force-new-deployment", "services-stable",
		"Step 7", "/auth", "Step 8", `rm -rf "$work"`, "convox-travis reset-password",
	} {
		_, after, found := strings.Cut(rest, word)
		if !found {
			t.Fatalf("%q does not come, or too early", word)
		}
		rest = after
	}
}
