package setup

import "strings"

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
