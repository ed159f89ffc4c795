package flow_test

import (
	"fmt"

	"convox-travis/tui/flow"
)

// A flow is questions and answers, without a screen: whoever drives it shows the
// question and brings the answer. This one has nothing outside to look into.
func Example() {
	f := flow.New(flow.Outside{}, flow.Given{})
	for f.State() == flow.Asking {
		id, name := f.Step()
		question := f.Question()
		fmt.Printf("%s (%s): %s\n", name, id, question.Title)
		for i, option := range question.Options {
			fmt.Printf("  %d %s, %s\n", i, option.Label, option.Note)
		}
		if question.Kind != flow.Choice {
			break
		}
		if err := f.Answer(question.Initial); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// Sign in with (sign in): How do builds sign in to Convox?
	//   0 Rack password, for a Rack without Console
	//   1 Console deploy key, for a Rack that Console manages
	// Deploy key (key): Enter the deploy key
}
