//go:build unix

package cli

import (
	"strings"
	"testing"

	"convox-travis/cfn/cfntest"
)

func TestARackIsLookedForWithoutBeingLedAstray(t *testing.T) {
	shareAWS(t)
	for name, c := range map[string]struct {
		play  func(*inside)
		rack  string
		code  int
		says  []string
		never []string
	}{
		"a region that may have it is throttled": {
			func(w *inside) { w.AWS.Throttle("eu-west-3", 1000) }, "nothere", 1,
			[]string{"error: look for Rack nothere in eu-west-3: throttled; no Rack has this name in 16 regions", "hint: wait a minute"},
			[]string{"--profile", "switched off", "skipped"},
		},
		"most regions are denied": {
			func(w *inside) {
				w.AWS.Deny("cloudformation:DescribeStacks", "eu-west-3", "eu-west-2", "sa-east-1", "us-west-1", "ca-central-1", "ap-south-1")
			}, "nothere", 1,
			[]string{"error: no Convox Rack named nothere in 11 regions", "skipped 6 regions: access denied (ap-south-1, ca-central-1, eu-west-2, eu-west-3, …)", "GovCloud or China", "pass --console for a Rack that isn't in CloudFormation, or --console=HOST for your company's own Console"},
			[]string{"switched off"},
		},
		"two work and one is dead": {
			func(w *inside) {
				w.AWS.AddRack(cfntest.Rack{Region: "ap-south-1", Name: "sandbox", Status: "ROLLBACK_COMPLETE"}, func(s *cfntest.Stack) { s.Outputs = nil })
			}, "sandbox", 2,
			[]string{"3 Racks are named sandbox: in eu-west-1 (UPDATE_COMPLETE, host rack.sandbox-1714557600", "ap-south-1 (ROLLBACK_COMPLETE, without a host)", "hint: pass --region eu-west-1 or --region us-east-1"},
			[]string{"--region ap-south-1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newInside(t)
			c.play(w)
			e := w.run("", "reset-password", c.rack, "--dry-run")
			w.want(e, c.code, c.says...)
			for _, word := range c.never {
				if strings.Contains(e.err, word) {
					t.Errorf("%q is in\n%s", word, e.err)
				}
			}
		})
	}
}

func TestRacksOfARegionThatMayAnswerLaterAreAskedForAgain(t *testing.T) {
	shareAWS(t)
	w := newInside(t)
	w.AWS.Throttle("ap-northeast-3", 1000)
	w.want(w.run("", "racks", "--region", "us-east-1", "--region", "ap-northeast-3"), 0,
		"skipped ap-northeast-3: throttled", "hint: run this again: skipped regions may answer now")
}
