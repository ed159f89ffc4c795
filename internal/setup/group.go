package setup

import (
	"fmt"
	"strings"
)

// Group is a warning and the repositories that it is about; none where it is
// about the whole run.
type Group struct {
	Warning
	Targets []Target
}

// Grouped puts those warnings together that say the same of several
// repositories, in the order in which they first come.
func Grouped(warnings []Warning) []Group {
	var groups []Group
	places := map[Warning]int{}
	for _, w := range warnings {
		same := w
		same.Target = Target{}
		place, there := places[same]
		if !there {
			place = len(groups)
			places[same] = place
			groups = append(groups, Group{Warning: w})
		}
		if w.Target != (Target{}) {
			groups[place].Targets = append(groups[place].Targets, w.Target)
		}
	}
	return groups
}

// String says it, and of which repositories.
func (g Group) String() string {
	if len(g.Targets) < 2 {
		return g.Warning.String()
	}
	return fmt.Sprintf("each of %d repositories (%s): %s", len(g.Targets), Names(g.Targets), g.Message)
}

// Names lists repositories in a line: of many the first few, and how many more.
func Names(targets []Target) string {
	const few = 4
	names := make([]string, 0, few)
	for _, target := range targets[:min(len(targets), few)] {
		names = append(names, target.String())
	}
	listed := strings.Join(names, ", ")
	if more := len(targets) - few; more > 0 {
		return fmt.Sprintf("%s and %d more", listed, more)
	}
	return listed
}
