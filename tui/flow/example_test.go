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
		if err := f.Answer(flow.Value{Index: 0}); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// Way in (way): How should builds log in to Convox?
	//   0 With a Console deploy key, for Racks that Console manages
	//   1 With a Rack's password, for a Rack without Console
	// Deploy key (key): The deploy key
}
