package main

import (
	"os"
	"strings"
)

// documentation is the README and everything it links to that git tracks: drafts next to
// a page aren't released.
func documentation() (all []entry, err error) {
	names, err := git("ls-files", "-z", "--", "docs", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md")
	if err != nil {
		return nil, err
	}
	for _, name := range strings.FieldsFunc(names, func(r rune) bool { return r == 0 }) {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		all = append(all, entry{name: name, text: text})
	}
	return all, nil
}
