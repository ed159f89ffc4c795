package setup

import (
	"fmt"
	"strings"

	"convox-travis/internal/build"
)

// Unseen is what of the builds isn't known.
type Unseen struct {
	build.Unseen
	format string
}

// String says it in a sentence.
func (u Unseen) String() string { return LineLead(u.Line) + fmt.Sprintf(u.format, Shortened(u.What)) }

// Unseen lists what isn't known, each once.
func (b Builds) Unseen() []Unseen {
	var all []Unseen
	known := map[build.Unseen]bool{}
	add := func(unseen build.Unseen, format string) {
		if !known[unseen] {
			known[unseen] = true
			all = append(all, Unseen{unseen, format})
		}
	}
	for _, outcome := range b.Outcomes {
		for _, unseen := range outcome.Build.Unseen {
			if unseen.What == "the imported file" {
				add(unseen, "%s isn't looked at, and may deploy too")
				continue
			}
			add(unseen, "%s isn't known here, so what depends on it counts as true")
		}
		for _, played := range outcome.Played {
			for _, unseen := range played.Unseen {
				switch {
				case unseen.What == "the repository":
					add(unseen, "%s isn't known here, so what depends on it may differ")
				case strings.HasPrefix(unseen.What, "$"):
					add(unseen, "%s isn't known here, so what depends on it may differ")
				default:
					add(unseen, "%s isn't looked at, and may deploy too")
				}
			}
		}
	}
	return all
}

// mostNamed are as many scripts as are named.
const mostNamed = 4

// elsewhere names where else a file can deploy: in files that it imports, and in
// scripts that it calls. It is "" where it does neither.
func elsewhere(imports bool, scripts []string) string {
	var all []string
	if imports {
		all = append(all, "the files that it imports")
	}
	all = append(all, scripts[:min(mostNamed, len(scripts))]...)
	if len(scripts) > mostNamed {
		all = append(all, "other scripts that it calls")
	}
	return strings.Join(all, ", ")
}
