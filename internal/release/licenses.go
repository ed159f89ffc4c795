package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// listFormat prints a line for each linked package: its module, the module's folder and
// its own.
const listFormat = `{{if .Standard}}{{else}}{{with .Module}}{{if not .Main}}{{.Path}}@{{.Version}}	{{.Dir}}	{{$.Dir}}{{end}}{{end}}{{end}}`

// licenseFile matches the names of licenses and of notices that they require.
var licenseFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([.-].*)?$`)

// licenses returns those of Go and of each module that is linked into the program for t.
// A module without one is an error: it couldn't be released.
func licenses(t target) ([]entry, error) {
	list, err := run(t, "list", "-deps", "-f", listFormat, program)
	if err != nil {
		return nil, err
	}
	folders := make(map[string]string) // the name in the archive, by folder
	modules := make(map[string]string)
	for line := range strings.Lines(string(list)) {
		parts := strings.Split(strings.TrimSpace(line), "\t")
		if len(parts) != 3 {
			continue
		}
		name, root, folder := parts[0], parts[1], parts[2]
		modules[name] = root
		// A package may contain somebody else's code, with its own license.
		for ; folder != root && len(folder) > len(root); folder = filepath.Dir(folder) {
			folders[folder] = path.Join(name, filepath.ToSlash(strings.TrimPrefix(folder, root)))
		}
	}
	root, err := run(target{}, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	modules["go"] = strings.TrimSpace(string(root))
	var all []entry
	for name, root := range modules {
		found, err := licensesIn(root, name)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%s has no license in %s", name, root)
		}
		all = append(all, found...)
	}
	for folder, name := range folders {
		found, err := licensesIn(folder, name)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

func licensesIn(folder, name string) (all []entry, err error) {
	files, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if file.IsDir() || path.Ext(file.Name()) == ".go" || !licenseFile.MatchString(file.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, file.Name()))
		if err != nil {
			return nil, err
		}
		all = append(all, entry{name: path.Join("licenses", name, file.Name()), text: text})
	}
	return all, nil
}
