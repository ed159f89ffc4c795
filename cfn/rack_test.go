package cfn_test

import (
	"slices"
	"testing"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
)

type texts = map[string]string

func TestARackIsRecognizedByTagsOrOutputs(t *testing.T) {
	elb, site := "acme-1234567890.us-east-1.elb.amazonaws.com", "rack.acme-1234567890.us-east-1.convox.site"
	for name, c := range map[string]struct {
		tags, outputs texts
		status        string
		nested        bool
		want          bool
	}{
		"tags":                               {tags: texts{"System": "convox", "Type": "rack"}, want: true},
		"tags, while it is made":             {tags: texts{"System": "convox", "Type": "rack"}, status: "CREATE_IN_PROGRESS", want: true},
		"tags, deleted":                      {tags: texts{"System": "convox", "Type": "rack"}, status: "DELETE_COMPLETE"},
		"tags, nested":                       {tags: texts{"System": "convox", "Type": "rack"}, nested: true},
		"an app":                             {tags: texts{"System": "convox", "Type": "app", "Rack": "acme"}},
		"an app with a Rack's outputs":       {tags: texts{"System": "convox", "Type": "app"}, outputs: texts{"Dashboard": elb, "Rack": "acme"}},
		"another system's rack":              {tags: texts{"System": "shelves", "Type": "rack"}, outputs: texts{"Dashboard": elb}},
		"a rack of no system":                {tags: texts{"Type": "rack"}, outputs: texts{"Dashboard": elb}},
		"outputs: a load balancer":           {outputs: texts{"Dashboard": elb}, want: true},
		"outputs: a load balancer, in China": {outputs: texts{"Dashboard": "acme-123.cn-north-1.elb.amazonaws.com.cn"}, want: true},
		"outputs: a private load balancer":   {outputs: texts{"Dashboard": "internal-acme-i-123.us-east-1.elb.amazonaws.com"}, want: true},
		"outputs: convox.site":               {outputs: texts{"Dashboard": site}, want: true},
		"outputs: with other tags":           {tags: texts{"team": "ops"}, outputs: texts{"Dashboard": site}, want: true},
		"outputs: its own name":              {outputs: texts{"Dashboard": "rack.example.com", "Rack": "acme"}, want: true},
		"outputs, nested":                    {outputs: texts{"Dashboard": elb}, nested: true},
		"another's name":                     {outputs: texts{"Dashboard": "rack.example.com", "Rack": "other"}},
		"its name alone":                     {outputs: texts{"Rack": "acme"}},
		"a dashboard's address":              {outputs: texts{"Dashboard": "https://" + elb}},
		"a dashboard's address, and a name":  {outputs: texts{"Dashboard": "https://monitor.example.com/", "Rack": "acme"}},
		"a dashboard in the console":         {outputs: texts{"Dashboard": "https://console.aws.amazon.com/cloudwatch/home#dashboards:name=x"}},
		"a dashboard's name":                 {outputs: texts{"Dashboard": "Operations"}},
		"a path on a load balancer":          {outputs: texts{"Dashboard": elb + "/grafana"}},
		"a host that only ends alike":        {outputs: texts{"Dashboard": "acme-1.us-east-1.elb.amazonaws.com.example.com"}},
		"another host of convox.site":        {outputs: texts{"Dashboard": "web.acme-123.us-east-1.convox.site"}},
		"nothing":                            {},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			stack := cfntest.Stack{Region: "us-east-1", Name: "acme", Status: c.status, Tags: c.tags, Outputs: c.outputs}
			if c.nested {
				w.aws.AddStack(cfntest.Stack{Region: "us-east-1", Name: "parent"})
				stack.Parent = "parent"
			}
			w.aws.AddStack(stack)
			if got := len(w.search("us-east-1").Racks) == 1; got != c.want {
				t.Errorf("taken for a Rack: %t", got)
			}
		})
	}
}

func TestPrivateRacksAndAllowlists(t *testing.T) {
	w := newWorld(t)
	with := func(parameter, value string) func(*cfntest.Stack) {
		return func(s *cfntest.Stack) { s.Parameters[parameter] = value }
	}
	at := func(host string) func(*cfntest.Stack) {
		return func(s *cfntest.Stack) { s.Outputs["Dashboard"] = host }
	}
	w.addRack("us-east-1", "open")
	w.addRack("us-east-1", "inside", with("PrivateApi", "Yes"))
	w.addRack("us-east-1", "old", at("old-i-123.us-east-1.elb.amazonaws.com"))
	w.addRack("us-east-1", "Older", at("internal-older-i-123.us-east-1.elb.amazonaws.com"))
	w.addRack("us-east-1", "a", at("a-is-open-123.us-east-1.elb.amazonaws.com"))
	w.addRack("us-east-1", "listed", with("WhiteList", " 10.0.0.0/8, ,192.0.2.1/32,"))
	private := map[string]bool{"inside": true, "old": true, "Older": true}
	for _, rack := range w.search("us-east-1").Racks {
		if rack.Private != private[rack.Name] {
			t.Errorf("%s is private: %t", rack.Name, rack.Private)
		}
		want := []string(nil)
		if rack.Name == "listed" {
			want = []string{"10.0.0.0/8", "192.0.2.1/32"}
		}
		if !slices.Equal(rack.WhiteList, want) {
			t.Errorf("%s has the white list %q", rack.Name, rack.WhiteList)
		}
	}
}

func TestFailedStates(t *testing.T) {
	for status, want := range map[string]bool{
		"CREATE_COMPLETE": false, "UPDATE_COMPLETE": false, "UPDATE_IN_PROGRESS": false, "UPDATE_ROLLBACK_COMPLETE": false,
		"UPDATE_ROLLBACK_IN_PROGRESS": false, "IMPORT_ROLLBACK_COMPLETE": false,
		"CREATE_FAILED": true, "ROLLBACK_COMPLETE": true, "ROLLBACK_IN_PROGRESS": true, "ROLLBACK_FAILED": true,
		"UPDATE_ROLLBACK_FAILED": true, "UPDATE_FAILED": true, "DELETE_FAILED": true,
	} {
		if got := (cfn.Rack{Status: status}).Failed(); got != want {
			t.Errorf("%s is failed: %t", status, got)
		}
	}
}
