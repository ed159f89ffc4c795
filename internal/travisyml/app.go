package travisyml

import (
	"path/filepath"
	"regexp"
	"strings"

	"convox-travis/internal/bounded"
)

const longestApp = 1 << 10 // bytes of .convox/app

var notInApps = regexp.MustCompile(`[^a-z0-9]+`)

// AppName is the app that "convox deploy" takes when it is not told: what
// .convox/app in the top folder says, else that folder's name, made into a name
// that an app can have (https://docs.convox.com/reference/cli/deploy/). It is ""
// when nothing is left of it.
func (f File) AppName() string {
	if text, err := bounded.File(filepath.Join(f.Root, ".convox", "app"), longestApp); err == nil {
		if name := strings.TrimSpace(string(text)); appPattern.MatchString(name) {
			return name
		}
	}
	name := notInApps.ReplaceAllString(strings.ToLower(filepath.Base(f.Root)), "-")
	return strings.Trim(name, "-")
}
