package setup

import "strings"

// mostNamed are as many scripts as are named.
const mostNamed = 4

// elsewhere names where else a file can deploy: in files that it imports, and in
// scripts that it calls. It is "" where it does neither.
func (f *fileFacts) elsewhere() string {
	var all []string
	if f.report.Imports {
		all = append(all, "the files that it imports")
	}
	scripts := f.report.OwnScripts
	all = append(all, scripts[:min(mostNamed, len(scripts))]...)
	if len(scripts) > mostNamed {
		all = append(all, "other scripts that it calls")
	}
	return strings.Join(all, ", ")
}
