package cfntest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"convox-travis/cfn/cfntest"
)

func TestTaskDefinitionsAreReadByARN(t *testing.T) {
	c, _ := newRack(t)
	const arn = "arn:aws:ecs:us-east-1:" + account + ":task-definition/"
	for _, name := range []string{arn + "rack-monitor:1"} {
		got := c.json("ecs", ecsTarget+"DescribeTaskDefinition", `{"taskDefinition": "`+name+`"}`)
		if text := fmt.Sprint(got.at("taskDefinition", "containerDefinitions", "0", "environment")); !strings.Contains(text, "map[name:PASSWORD value:old]") {
			t.Errorf("%s: %d %s", name, got.status, text)
		}
	}
	web := c.json("ecs", ecsTarget+"DescribeTaskDefinition", `{"taskDefinition": "`+arn+`rack-web:1"}`)
	if text := fmt.Sprint(web.fields); strings.Contains(text, "value:old") || !strings.Contains(text, "rackRackApiSecret") {
		t.Errorf("the web service's is %s", text)
	}
	c.wantJSONError(c.json("ecs", ecsTarget+"DescribeTaskDefinition", `{"taskDefinition": "none"}`), "ClientException")
}

func TestErrorsOfTheJSONProtocol(t *testing.T) {
	c, _ := newRack(t)
	c.wantJSONError(c.json("ecs", ecsTarget+"ListTasks", `{}`), "UnknownOperationException")
	c.wantJSONError(c.json("ecs", "AmazonSSM.GetParameter", `{}`), "UnknownOperationException")
	c.wantJSONError(c.json("ecs", ecsTarget+"DescribeServices", `{`), "SerializationException")
	c.server.Throttle(c.region, 1)
	c.wantJSONError(c.json("ssm", "AmazonSSM.GetParameter", `{"Name": "x"}`), "ThrottlingException")
	c.server.Deny("ssm:GetParameter", c.region)
	c.wantJSONError(c.json("ssm", "AmazonSSM.GetParameter", `{"Name": "x"}`), "AccessDeniedException")
	c.server.SwitchOff(c.region)
	c.wantJSONError(c.json("ssm", "AmazonSSM.GetParameter", `{"Name": "x"}`), "UnrecognizedClientException")
}

func TestParameterStoreHoldsThePasswordAndImages(t *testing.T) {
	c, _ := newRack(t)
	c.server.PublishImage(c.region, defaultImage, "ami-1")
	for name, want := range map[string]string{"rackRackApiSecret": oldPassword, defaultImage: "ami-1"} {
		if got := c.json("ssm", "AmazonSSM.GetParameter", `{"Name": "`+name+`", "WithDecryption": true}`); got.at("Parameter", "Value") != want || got.at("Parameter", "Type") != "String" {
			t.Errorf("%s: %v", name, got.fields)
		}
	}
	c.wantJSONError(c.json("ssm", "AmazonSSM.GetParameter", `{"Name": "none"}`), "ParameterNotFound")
}

func TestTasksAreReplacedOneByOne(t *testing.T) {
	c, added := newRack(t)
	c.server.SetPace(cfntest.Pace{Task: 40 * time.Millisecond})
	started := make(chan string, 4)
	c.server.OnTaskReplaced(added.WebService, func(i int, environment map[string]string) {
		started <- fmt.Sprintf("%d %s", i, environment["PASSWORD"])
	})
	service := `"cluster": "` + added.Cluster + `", "service": "` + added.WebService + `"`
	describe := `{"cluster": "` + added.Cluster + `", "services": ["` + added.WebService + `", "none"]}`
	if got := c.json("ecs", ecsTarget+"UpdateService", `{`+service+`}`); len(got.at("service", "deployments").([]any)) != 1 {
		t.Errorf("without being forced: %v", got.fields)
	}
	got := c.json("ecs", ecsTarget+"UpdateService", `{`+service+`, "forceNewDeployment": true}`)
	if got.at("service", "deployments", "0", "rolloutState") != "IN_PROGRESS" || got.at("service", "deployments", "1", "runningCount") != 2.0 {
		t.Errorf("%v", got.fields)
	}
	if one := <-started; one != "0 old" {
		t.Errorf("first %s", one)
	}
	got = c.json("ecs", ecsTarget+"DescribeServices", describe)
	if got.at("services", "0", "deployments", "0", "runningCount") != 1.0 || got.at("services", "0", "deployments", "1", "runningCount") != 1.0 || got.at("failures", "0", "reason") != "MISSING" {
		t.Errorf("half way: %v", got.fields)
	}
	// A second deployment takes over, and begins anew.
	c.json("ecs", ecsTarget+"UpdateService", `{`+service+`, "forceNewDeployment": true}`)
	if first, second := <-started, <-started; first != "0 old" || second != "1 old" {
		t.Errorf("then %s, %s", first, second)
	}
	got = c.json("ecs", ecsTarget+"DescribeServices", describe)
	if len(got.at("services", "0", "deployments").([]any)) != 1 || got.at("services", "0", "deployments", "0", "rolloutState") != "COMPLETED" {
		t.Errorf("at the end: %v", got.fields)
	}
	c.wantJSONError(c.json("ecs", ecsTarget+"UpdateService", `{"cluster": "`+added.Cluster+`", "service": "none"}`), "ServiceNotFoundException")
}

func TestEventsSayWhatAServiceDoesAndWhyItDoesNot(t *testing.T) {
	c, added := newRack(t)
	service := `"cluster": "` + added.Cluster + `", "service": "` + added.WebService + `"`
	newest := func() string {
		got := c.json("ecs", ecsTarget+"DescribeServices", `{"cluster": "`+added.Cluster+`", "services": ["`+added.WebService+`"]}`)
		return fmt.Sprint(got.at("services", "0", "events", "0", "message"))
	}
	c.json("ecs", ecsTarget+"UpdateService", `{`+service+`, "forceNewDeployment": true}`)
	if got := newest(); got != "(service "+added.WebService+") has reached a steady state." {
		t.Errorf("after a restart: %s", got)
	}
	c.server.FailPlacement(c.region, "no container instance met all of its requirements.")
	got := c.json("ecs", ecsTarget+"UpdateService", `{`+service+`, "forceNewDeployment": true}`)
	if got.at("service", "deployments", "0", "runningCount") != 0.0 || got.at("service", "deployments", "1", "runningCount") != 2.0 {
		t.Errorf("%v", got.fields)
	}
	if got := newest(); got != "(service "+added.WebService+") was unable to place a task because no container instance met all of its requirements." {
		t.Errorf("without room: %s", got)
	}
}

func TestAKeyIsKnownOnlyInItsPartition(t *testing.T) {
	c := newClient(t)
	for _, region := range []string{"us-gov-west-1", "cn-north-1"} {
		c.region = region
		c.wantError(c.cloudformation("DescribeStacks"), http.StatusForbidden, "InvalidClientTokenId", "security token")
	}
	c.server.AddUser(cfntest.User{Account: account, Name: "ann", KeyID: keyID, Secret: secret, Partition: "aws-cn"})
	if got := c.cloudformation("DescribeStacks"); got.status != http.StatusOK {
		t.Errorf("%s", got.text)
	}
}
