package convox

import "testing"

func TestAHostTellsTheNameOfItsRack(t *testing.T) {
	for text, want := range map[string]string{
		"rack.sandbox-1709629200.us-east-1.convox.site":                "sandbox",
		"staging-1612345678.eu-west-1.elb.amazonaws.com":               "staging",
		"internal-backoffice-i-1650000000.us-west-2.elb.amazonaws.com": "backoffice",
		"my-rack-1612345678.cn-north-1.elb.amazonaws.com.cn":           "my-rack",
		"console.convox.com": "",
		"rack.example.com":   "",
		"127.0.0.1:4000":     "",
	} {
		host, err := ParseHost(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := host.RackName(); got != want {
			t.Errorf("%s is of %q, not %q", text, got, want)
		}
	}
}
