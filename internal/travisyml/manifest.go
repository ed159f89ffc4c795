package travisyml

import (
	"maps"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"

	"convox-travis/internal/bounded"
)

// The manifests that an app has without --manifest: that of its Rack's generation
// (https://docs.convox.com/configuration/convox-yml/), and that of apps from before it.
const (
	DefaultManifest = "convox.yml"
	OldManifest     = "docker-compose.yml"
)

// IsInClone reports whether the file is in a clone, which then has the manifests too.
func (f File) IsInClone() bool {
	_, found := topOf(f.Root)
	return found
}

// HasManifest reports whether the clone has a file, by its path from the top folder.
func (f File) HasManifest(manifest string) bool {
	info, err := os.Stat(f.manifest(manifest))
	return err == nil && info.Mode().IsRegular()
}

// Services lists the services of a manifest; none if it can't be read.
func (f File) Services(manifest string) []string {
	text, err := bounded.File(f.manifest(manifest), largestFile)
	var content struct{ Services map[string]yaml.Node }
	if err != nil || yaml.Unmarshal(text, &content) != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(content.Services))
}

func (f File) manifest(path string) string { return filepath.Join(f.Root, filepath.FromSlash(path)) }
