package cfn

import (
	"bufio"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const largestSettings = 4 << 20 // bytes read of an AWS file

// Profiles returns the names of the profiles in the AWS config and credentials
// files, sorted, each once
// (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html). The files
// are AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE of env, or those in the
// folder .aws of home. A file that cannot be read has none. The names are not
// cleaned.
func Profiles(env func(string) string, home string) []string {
	names := make(map[string]bool)
	config, credentials := settingsFiles(env, home)
	for _, section := range sections(config) {
		if section == defaultProfile {
			names[section] = true
		}
		// sso-session, services and the like are no profiles.
		if kind, name, found := cutSpace(section); found && kind == "profile" {
			names[name] = true
		}
	}
	for _, section := range sections(credentials) {
		if kind, _, found := cutSpace(section); !found || kind != "profile" {
			names[section] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func settingsFiles(env func(string) string, home string) (config, credentials string) {
	return settingsFile(env("AWS_CONFIG_FILE"), home, "config"), settingsFile(env("AWS_SHARED_CREDENTIALS_FILE"), home, "credentials")
}

func settingsFile(named, home, name string) string {
	switch {
	case named != "":
		return named
	case home == "":
		return ""
	}
	return filepath.Join(home, ".aws", name)
}

// sections returns the names between brackets.
func sections(file string) []string {
	text, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer text.Close()
	var names []string
	lines := bufio.NewScanner(io.LimitReader(text, largestSettings))
	lines.Buffer(nil, largestSettings)
	for lines.Scan() {
		line, found := strings.CutPrefix(lines.Text(), "[")
		name, _, closed := strings.Cut(line, "]")
		if name = strings.TrimSpace(name); found && closed && name != "" {
			names = append(names, name)
		}
	}
	return names
}

// cutSpace cuts "profile NAME" at the white space; quotes around NAME are
// those of the file.
func cutSpace(section string) (kind, name string, found bool) {
	at := strings.IndexAny(section, " \t")
	if at < 0 {
		return section, "", false
	}
	return section[:at], strings.Trim(strings.TrimSpace(section[at:]), `"'`), true
}
