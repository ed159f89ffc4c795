package tui_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"convox-travis/internal/connect"
	"convox-travis/tui"
	"convox-travis/tui/flow"
)

// The questions of a flow come in plain lines, and the answers from a text, which
// ends here before the questions do.
func ExamplePlain() {
	stop := connect.Stop{Soft: context.Background(), Hard: context.Background()}
	answers := tui.Input{Reader: strings.NewReader("deploy key\n2\n")}
	var out strings.Builder
	err := tui.Plain(stop, answers, &out, flow.New(flow.Outside{}, flow.Given{}))
	fmt.Println(strings.ReplaceAll(out.String(), " \n", "\n"))
	fmt.Println(errors.Is(err, tui.ErrNoMoreAnswers))
	// Output:
	// Enter takes the answer in brackets, < goes back, ? explains, Ctrl-C quits. Nothing is written until you confirm it.
	//
	// How do builds sign in to Convox?
	//   Builds use it to run convox deploy. Travis stores it as private variables.
	//   1  Rack password (for a Rack without Console)
	//   2  Console deploy key (for a Rack that Console manages)
	// [2] > error: answer with a number from 1 to 2
	// [2] >
	// Enter the deploy key
	//   Create one in Console, in the Rack's organization: Settings, Deploy Keys.
	//   https://console.convox.com
	// >
	//
	// true
}
