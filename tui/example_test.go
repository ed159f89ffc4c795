package tui_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"convox-travis/internal/setup"
	"convox-travis/tui"
	"convox-travis/tui/flow"
)

// The questions of a flow come in plain lines, and the answers from a text, which
// ends here before the questions do.
func ExamplePlain() {
	stop := setup.Stop{Soft: context.Background(), Hard: context.Background()}
	answers := tui.Input{Reader: strings.NewReader("deploy key\n1\n")}
	var out strings.Builder
	err := tui.Plain(stop, answers, &out, flow.New(flow.Outside{}, flow.Given{}))
	fmt.Println(strings.ReplaceAll(out.String(), " \n", "\n"))
	fmt.Println(errors.Is(err, tui.ErrNoMoreAnswers))
	// Output:
	// Enter takes the answer in brackets, < goes back, ? explains, Ctrl-C quits. Nothing is written before the review, but for a reset, which asks by itself.
	//
	// How should builds log in to Convox?
	//   A deploy key can build, deploy and read logs in its organization. A Rack's password can do everything on that Rack.
	//   1  With a Console deploy key (for Racks that Console manages)
	//   2  With a Rack's password (for a Rack without Console)
	// [1] > error: answer with a number from 1 to 2
	// [1] >
	// The deploy key
	//   Make one in Console: Settings, Deploy Keys, in the organization that the Rack belongs to.
	//   https://console.convox.com
	// >
	//
	// true
}
