package travisyml

import (
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"convox-travis/internal/bounded"
)

const longestApp = 1 << 10 // bytes of .convox/app

var notInApps = regexp.MustCompile(`[^a-z0-9]+`)

// AppName is the app that the clone's repository is most likely: what .convox/app
// in the top folder says, which "convox deploy" takes too
// (https://docs.convox.com/reference/cli/deploy/), else the name in the
// repository's slug, which may be "", else that of the folder, which anyone can
// give it; made into a name that an app can have. It is "" when nothing is left of
// it.
func (f File) AppName(slug string) string {
	if name := f.ConvoxApp(); name != "" {
		return name
	}
	for _, name := range []string{slug[strings.LastIndexByte(slug, '/')+1:], filepath.Base(f.Root)} {
		if name = strings.Trim(notInApps.ReplaceAllString(strings.ToLower(name), "-"), "-"); name != "" {
			return name
		}
	}
	return ""
}

// ConvoxApp is the app that .convox/app in the top folder names, or "".
func (f File) ConvoxApp() string { return f.convoxApp("") }

// AppIn is the app that "convox deploy" takes in a folder below the top one: what
// its .convox/app says, else the folder's name.
func (f File) AppIn(folder string) string {
	if filepath.IsLocal(folder) {
		if name := f.convoxApp(folder); name != "" {
			return name
		}
	}
	return path.Base(folder)
}

func (f File) convoxApp(folder string) string {
	text, err := bounded.File(filepath.Join(f.Root, folder, ".convox", "app"), longestApp)
	if name := strings.TrimSpace(string(text)); err == nil && appPattern.MatchString(name) {
		return name
	}
	return ""
}
