package cfn

import (
	"cmp"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"convox-travis/internal/bounded"
	"convox-travis/internal/problem"
)

const maxSettings = 4 << 20 // bytes of an AWS file

// settings are the two AWS files, read like the AWS CLI
// (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html).
type settings struct{ config, credentials settingsFile }

type settingsFile struct {
	path     string
	variable string                       // that names another path
	sections map[string]map[string]string // by "profile NAME" and the like, or as they are in the credentials file
	fault    string                       // why it can't be used, or ""
}

func readSettings(env func(string) string, home string) settings {
	read := func(variable, name string) settingsFile {
		file := settingsFile{variable: variable, path: expandPath(env(variable), env, home)}
		if file.path == "" && home != "" {
			file.path = filepath.Join(home, ".aws", name)
		}
		file.read()
		return file
	}
	return settings{read("AWS_CONFIG_FILE", "config"), read("AWS_SHARED_CREDENTIALS_FILE", "credentials")}
}

// expandPath expands variables and a leading ~, which the shell leaves in quotes and in
// files. The AWS CLI does the same.
func expandPath(path string, env func(string) string, home string) string {
	path = os.Expand(path, func(name string) string { return cmp.Or(env(name), "$"+name) })
	if rest, found := strings.CutPrefix(path, "~"); found && home != "" && (rest == "" || os.IsPathSeparator(rest[0])) {
		return filepath.Join(home, rest)
	}
	return path
}

func (f *settingsFile) read() {
	f.sections = map[string]map[string]string{}
	text, err := bounded.File(f.path, maxSettings) // other errors: fileFaults reports them
	if errors.Is(err, bounded.ErrTooLarge) {
		f.fault = "is too large"
		return
	}
	var section map[string]string
	key, group, level := "", "", 0 // of the last setting; group if it has no value
	for i, line := range strings.Split(string(text), "\n") {
		number := i + 1
		trimmed := strings.TrimSpace(line)
		indent := len(line) - len(strings.TrimLeft(line, " \t"))
		isDeeper := key != "" && indent > level
		name, value, isSetting := cutSetting(trimmed)
		switch {
		case trimmed == "", strings.HasPrefix(trimmed, "#"), strings.HasPrefix(trimmed, ";"):
		case strings.HasPrefix(trimmed, "[") && !isDeeper:
			header, _, closed := strings.Cut(trimmed[1:], "]")
			if header = normalSection(header); header == "" || !closed {
				section, key = nil, ""
				f.rejectLine(number)
				continue
			}
			if section = f.sections[header]; section == nil {
				section = map[string]string{}
				f.sections[header] = section
			}
			key, group = "", ""
		case section == nil:
			f.rejectLine(number)
		case isDeeper && group != "" && isSetting:
			section[group+"."+name] = value
		case isDeeper && group == "":
			section[key] += "\n" + trimmed
		case !isSetting:
			f.rejectLine(number)
		default:
			section[name] = value
			key, group, level = name, "", indent
			if value == "" {
				group = name // deeper settings follow
			}
		}
	}
}

func (f *settingsFile) rejectLine(line int) {
	if f.fault == "" {
		f.fault = "has an invalid line " + strconv.Itoa(line)
	}
}

func cutSetting(line string) (name, value string, found bool) {
	at := strings.IndexAny(line, "=:")
	if at <= 0 {
		return "", "", false
	}
	value = line[at+1:]
	for _, comment := range []string{" #", " ;", "\t#", "\t;"} {
		value, _, _ = strings.Cut(value, comment)
	}
	return strings.ToLower(strings.TrimSpace(line[:at])), strings.TrimSpace(value), true
}

// normalSection is a section's kind and name, with one space between them and without
// quotes.
func normalSection(header string) string {
	header = strings.TrimSpace(header)
	at := strings.IndexAny(header, " \t")
	if at < 0 {
		return header
	}
	return header[:at] + " " + strings.Trim(strings.TrimSpace(header[at:]), `"'`)
}

// names are sorted. Sections such as sso-session aren't profiles.
func (s settings) names() []string {
	names := make(map[string]bool)
	for section := range s.config.sections {
		if name, found := strings.CutPrefix(section, "profile "); found || section == defaultProfile {
			names[name] = true
		}
	}
	for section := range s.credentials.sections {
		if !strings.HasPrefix(section, "profile ") {
			names[section] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// check refuses a file that the AWS CLI can't parse either. It quotes no line.
func (s settings) check() *problem.Error {
	for _, file := range []settingsFile{s.config, s.credentials} {
		if file.fault != "" {
			return newError(CodeProfile, "read the AWS settings", abbreviate(file.path)+" "+file.fault, "fix it, or set "+file.variable+" to another file")
		}
	}
	return nil
}

// fileFaults says which of the two files can't be read, or doesn't exist although a
// variable names it, with hints. The AWS CLI ignores both.
func (s settings) fileFaults() (why string, hints []string) {
	var all []string
	for _, file := range []settingsFile{s.config, s.credentials} {
		fault, path := fileFault(file.path), abbreviate(file.path)
		isNamed := os.Getenv(file.variable) != ""
		switch {
		case fault == "" || fault == isAbsent && !isNamed:
			continue
		case isNamed:
			all, hints = append(all, file.variable+" names "+path+", which "+fault), append(hints, "set "+file.variable+" to the right file, or unset it")
		case fault == isFolder:
			all, hints = append(all, path+" "+fault), append(hints, "move the folder "+path+" away, then run aws configure")
		default:
			all, hints = append(all, path+" "+fault), append(hints, "make "+path+" readable")
		}
	}
	return strings.Join(all, "; "), hints
}

const (
	isAbsent = "isn't there"
	isFolder = "is a folder, not a file"
)

func fileFault(path string) string {
	info, err := os.Stat(path)
	switch {
	case os.IsNotExist(err):
		return isAbsent
	case err == nil && info.IsDir():
		return isFolder
	}
	file, err := os.Open(path)
	if err != nil {
		return "can't be read"
	}
	file.Close()
	return ""
}

// misplacedSection says that a profile's section has the wrong name for its file
// (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html).
func (s settings) misplacedSection(name string) (why, hint string) {
	if s.config.sections[name] != nil {
		return "its section in " + abbreviate(s.config.path) + " isn't read", "change [" + abbreviate(name) + "] to [profile " + abbreviate(name) + "] in " + abbreviate(s.config.path)
	}
	if s.credentials.sections["profile "+name] != nil {
		return "its section in " + abbreviate(s.credentials.path) + " isn't read", "change [profile " + abbreviate(name) + "] to [" + abbreviate(name) + "] in " + abbreviate(s.credentials.path)
	}
	return "", ""
}

type profile struct {
	name                string
	config, credentials map[string]string
	settings            *settings
}

func (s *settings) profile(name string) profile {
	config := s.config.sections["profile "+name]
	if config == nil && name == defaultProfile {
		config = s.config.sections[name]
	}
	p := profile{name: name, config: config, settings: s}
	if !strings.HasPrefix(name, "profile ") {
		p.credentials = s.credentials.sections[name]
	}
	return p
}

func (p profile) exists() bool { return p.config != nil || p.credentials != nil }

// get prefers the credentials file.
func (p profile) get(key string) string { return cmp.Or(p.credentials[key], p.config[key]) }

// shared is what the SDK's clients read of the profile, after the environment.
func (p profile) shared() config.SharedConfig {
	services := make(map[string]map[string]string)
	for key, value := range p.settings.config.sections["services "+p.get("services")] {
		if service, is := strings.CutSuffix(key, ".endpoint_url"); is {
			services[service] = map[string]string{"endpoint_url": value}
		}
	}
	shared := config.SharedConfig{Services: config.Services{ServiceValues: services}}
	if p.isOn("use_fips_endpoint") {
		shared.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
	}
	if p.isOn("use_dualstack_endpoint") {
		shared.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
	}
	if ignores := p.isOn("ignore_configured_endpoint_urls"); p.get("ignore_configured_endpoint_urls") != "" {
		shared.IgnoreConfiguredEndpoints = &ignores
	}
	return shared
}

func (p profile) isOn(key string) bool { return strings.EqualFold(p.get(key), "true") }
