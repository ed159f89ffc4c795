package cfntest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"convox-travis/cfn/cfntest"
)

func TestPagesAreNewestFirstAndTokensStrict(t *testing.T) {
	c := newClient(t)
	c.server.PageSize = 2
	for i := range 5 {
		c.server.AddStack(cfntest.Stack{Region: "us-east-1", Name: fmt.Sprintf("s%d", i)})
	}
	c.server.AddStack(cfntest.Stack{Region: "us-east-1", Name: "gone", Status: "DELETE_COMPLETE"})
	first := c.cloudformation("DescribeStacks")
	c.server.AddStack(cfntest.Stack{Region: "us-east-1", Name: "newer"})
	second := c.cloudformation("DescribeStacks", "NextToken", first.NextToken)
	third := c.cloudformation("DescribeStacks", "NextToken", second.NextToken)
	if got := first.names() + " | " + second.names() + " | " + third.names(); got != "s4 s3 | s2 s1 | s0" || third.NextToken != "" {
		t.Errorf("%s, then %q", got, third.NextToken)
	}
	c.wantError(c.cloudformation("DescribeStacks", "NextToken", "garbage"), http.StatusBadRequest, "ValidationError", "NextToken")
	c.region = "eu-west-1"
	c.wantError(c.cloudformation("DescribeStacks", "NextToken", first.NextToken), http.StatusBadRequest, "ValidationError", "NextToken")
}

func TestAStackReadsBackAsCloudFormationShowsIt(t *testing.T) {
	c := newClient(t)
	c.region = "us-gov-west-1"
	c.server.AddUser(cfntest.User{Account: account, Name: "ann", KeyID: keyID, Secret: secret, Partition: "aws-us-gov"})
	root := c.server.AddStack(cfntest.Stack{Region: c.region, Name: "root", Parameters: map[string]string{"Password": "hidden", "Type": "t3"}, NoEcho: []string{"Password"}})
	middle := c.server.AddStack(cfntest.Stack{Region: c.region, Name: "middle", Parent: "root"})
	c.server.AddStack(cfntest.Stack{Region: c.region, Name: "leaf", Parent: "middle"})
	got := c.cloudformation("DescribeStacks", "StackName", "root")
	if got.names() != "root" || strings.Contains(got.text, "hidden") || got.Stacks[0].Parameters[0].ParameterValue != "****" || got.Stacks[0].ParentID != "" {
		t.Errorf("%s", got.text)
	}
	if !strings.HasPrefix(root, "arn:aws-us-gov:cloudformation:us-gov-west-1:"+account+":stack/root/") {
		t.Errorf("the ID is %s", root)
	}
	if got = c.cloudformation("DescribeStacks", "StackName", "leaf"); got.Stacks[0].ParentID != middle || got.Stacks[0].RootID != root {
		t.Errorf("%s", got.text)
	}
}

func TestAStackIsFoundOnlyInItsRegionAndAccount(t *testing.T) {
	c := newClient(t)
	c.server.AddUser(cfntest.User{Account: "999999999999", Name: "bob", KeyID: "AKIABOB", Secret: secret})
	c.server.AddStack(cfntest.Stack{Region: "us-east-1", Name: "mine"})
	c.server.AddStack(cfntest.Stack{Region: "us-east-1", Name: "gone", Status: "DELETE_COMPLETE"})
	c.wantError(c.cloudformation("DescribeStacks", "StackName", "gone"), http.StatusBadRequest, "ValidationError", "Stack with id gone does not exist")
	c.credentials.AccessKeyID = "AKIABOB"
	c.wantError(c.cloudformation("DescribeStacks", "StackName", "mine"), http.StatusBadRequest, "ValidationError", "does not exist")
	if got := c.cloudformation("DescribeStacks"); got.names() != "" || !strings.Contains(got.text, "<Stacks>") {
		t.Errorf("another account: %s", got.text)
	}
}

func TestFaultsOfARegion(t *testing.T) {
	c := newClient(t)
	c.server.AddStack(cfntest.Stack{Region: "us-east-1", Name: "one"})
	c.server.Throttle("us-east-1", 1)
	c.wantError(c.cloudformation("DescribeStacks"), http.StatusBadRequest, "Throttling", "Rate exceeded")
	c.server.Deny("cloudformation:DescribeStacks", "us-east-1")
	c.wantError(c.cloudformation("DescribeStacks"), http.StatusForbidden, "AccessDenied", "user/ann is not authorized to perform: cloudformation:DescribeStacks")
	if got := c.cloudformation("DescribeStackEvents", "StackName", "one"); got.status != http.StatusOK {
		t.Errorf("what was not denied: %d", got.status)
	}
	c.server.SwitchOff("us-east-1")
	c.wantError(c.cloudformation("DescribeStackEvents"), http.StatusForbidden, "InvalidClientTokenId", "security token")
	c.region = "us-east-2"
	if got := c.cloudformation("DescribeStacks"); got.status != http.StatusOK {
		t.Errorf("another region: %d", got.status)
	}
	if calls := c.server.Calls(); len(calls) != 5 || calls[0] != (cfntest.Call{Region: "us-east-1", Action: "cloudformation:DescribeStacks", KeyID: keyID}) {
		t.Errorf("recorded %+v", calls)
	}
}
