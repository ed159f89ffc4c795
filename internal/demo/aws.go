package demo

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"convox-travis/cfn/cfntest"
	"convox-travis/internal/convox/convoxtest"
)

const (
	awsAccount = "123456789012"
	awsKeyID   = "AKIADEMODEMODEMODEMO"
	homeRegion = "us-east-1"
	rackName   = "production"
	rackHost   = "rack.production-1700000000.us-east-1.convox.site"
	lostName   = "reports"
	lostRegion = "eu-west-1"
	lostHost   = "rack.reports-1690001234.eu-west-1.convox.site"
)

// Regions that are disabled in a new account
// (https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html).
var switchedOff = []string{"af-south-1", "ap-east-1", "eu-south-1", "me-south-1"}

// racks are the unreachable ones; rackName and lostName are reachable. They cover both
// shapes of a host, and each state that matters for Travis.
var racks = []cfntest.Stack{
	{Region: "us-east-1", Name: "sandbox", Outputs: map[string]string{"Dashboard": "rack.sandbox-1709629200.us-east-1.convox.site", "Version": "20240301100215"}},
	{Region: "eu-west-1", Name: "sandbox", Outputs: map[string]string{"Dashboard": "rack.sandbox-1714557600.eu-west-1.convox.site", "Version": "20240501091542"}},
	{Region: "eu-west-1", Name: "staging", Outputs: map[string]string{"Dashboard": "staging-1612345678.eu-west-1.elb.amazonaws.com", "Version": "20210203095712"}},
	{
		Region: "us-west-2", Name: "backoffice",
		Outputs:    map[string]string{"Dashboard": "internal-backoffice-i-1650000000.us-west-2.elb.amazonaws.com", "Version": "20220415050208"},
		Parameters: map[string]string{"PrivateApi": "Yes", "Private": "Yes"},
	},
	{
		Region: "eu-central-1", Name: "payments",
		Outputs:    map[string]string{"Dashboard": "rack.payments-1690000000.eu-central-1.convox.site", "Version": "20230722042640"},
		Parameters: map[string]string{"WhiteList": "198.51.100.0/24,203.0.113.7/32"},
	},
	{
		Region: "ap-southeast-2", Name: "retired", Status: "UPDATE_ROLLBACK_FAILED",
		Outputs: map[string]string{"Dashboard": "rack.retired-1668000000.ap-southeast-2.convox.site", "Version": "20221109133320"},
	},
}

func (w *World) fillAWS(more int) {
	w.AWS.AddUser(cfntest.User{Account: awsAccount, Name: "ann", KeyID: awsKeyID, Secret: w.awsSecret})
	w.AWS.SwitchOff(switchedOff...)
	w.join(w.Rack, cfntest.Rack{Region: homeRegion, Name: rackName, Host: w.Rack.Host, Version: "20240301100215", Password: w.rackPassword})
	w.Lost.SetSystem(convoxtest.System{Name: lostName, Status: "running", Provider: "aws", Region: lostRegion, Type: "t3.medium", Version: "20240301100215", Count: 3})
	w.join(w.Lost, cfntest.Rack{Region: lostRegion, Name: lostName, Host: w.Lost.Host, Version: "20240301100215", Password: w.lostPassword})
	for _, rack := range racks {
		w.AWS.AddStack(asRack(rack))
	}
	w.AWS.AddStack(ancient)
	for _, app := range []string{"web", "api", "worker"} {
		w.AWS.AddStack(appOf(rackName, homeRegion, app))
		w.AWS.AddStack(appOf("staging", "eu-west-1", app))
	}
	w.AWS.AddStack(cfntest.Stack{Region: homeRegion, Name: rackName + "-web-ResourceDatabase-1ABCDEFGHIJKL", Parent: rackName + "-web", Tags: map[string]string{"System": "convox", "Type": "resource", "Rack": rackName}})
	w.AWS.AddStack(cfntest.Stack{Region: homeRegion, Name: "monitoring", Outputs: map[string]string{"Dashboard": "https://us-east-1.console.aws.amazon.com/cloudwatch/home#dashboards:name=main"}})
	for i := range more {
		w.AWS.AddStack(cfntest.Stack{Region: homeRegion, Name: fmt.Sprintf("service-%05d", i), Tags: map[string]string{"team": "platform"}, Outputs: map[string]string{"Url": fmt.Sprintf("https://service-%05d.example.com", i)}})
	}
}

// join gives a Rack its stack: two web tasks, each of which accepts the password that it
// was started with.
func (w *World) join(rack *convoxtest.Rack, made cfntest.Rack) {
	rack.SetTasks(made.Password, made.Password)
	added := w.AWS.AddRack(made)
	w.AWS.OnTaskReplaced(added.WebService, func(task int, environment map[string]string) {
		rack.SetTask(task, environment["PASSWORD"])
	})
}

// ancient is a Rack from before stacks had tags: only its outputs identify it.
var ancient = cfntest.Stack{
	Region: "us-west-2", Name: "first",
	Outputs:    map[string]string{"Dashboard": "first-1441000000.us-west-2.elb.amazonaws.com", "Rack": "first", "Version": "20160715201311"},
	Parameters: map[string]string{"Version": "20160715201311", "InstanceType": "t2.small"},
	Created:    time.Date(2015, time.August, 31, 6, 0, 0, 0, time.UTC),
}

// asRack adds what provider/aws/formation/rack.json gives every Rack
// (https://github.com/convox/rack).
func asRack(stack cfntest.Stack) cfntest.Stack {
	outputs := map[string]string{
		"Rack": stack.Name, "AwsRegion": stack.Region, "Cluster": stack.Name + "-Cluster-1A2B3C4D5E6F7",
		"LogGroup": stack.Name + "-LogGroup-7G6F5E4D3C2B", "Vpc": "vpc-0a1b2c3d4e5f60718",
	}
	maps.Copy(outputs, stack.Outputs)
	parameters := map[string]string{
		"Ami": "", "Autoscale": "Yes", "InstanceCount": "3", "InstanceType": "t3.medium", "Internal": "No", "Password": "set by its owner",
		"Private": "No", "PrivateApi": "No", "Version": outputs["Version"], "WhiteList": "",
	}
	maps.Copy(parameters, stack.Parameters)
	stack.Tags = map[string]string{"System": "convox", "Type": "rack", "Name": stack.Name}
	stack.Outputs, stack.Parameters, stack.NoEcho = outputs, parameters, []string{"Password"}
	if stack.Status == "" {
		stack.Status = "UPDATE_COMPLETE"
	}
	return stack
}

func appOf(rack, region, app string) cfntest.Stack {
	return cfntest.Stack{
		Region: region, Name: rack + "-" + app, Status: "UPDATE_COMPLETE",
		Tags:    map[string]string{"System": "convox", "Type": "app", "Rack": rack, "Name": app},
		Outputs: map[string]string{"Settings": strings.ToLower(rack+"-"+app) + "-settings-1x2y3z"},
	}
}
