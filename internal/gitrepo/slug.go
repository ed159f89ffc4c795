package gitrepo

import "strings"

const longestSlug = 200 // bytes; GitHub's longest is 140

// ParseSlug reads OWNER/NAME as a person types it, or GROUP/SUBGROUP/NAME. A
// trailing .git is cut. The slug holds letters, digits and . _ - alone; its
// error does not quote the text, which can be a secret in the wrong place.
func ParseSlug(text string) (string, error) {
	slug := strings.TrimSuffix(text, ".git")
	names := strings.Split(slug, "/")
	if len(names) < 2 || len(slug) > longestSlug {
		return "", errSlug
	}
	for _, name := range names {
		if !isPlain(name, "._-") || name == "." || name == ".." {
			return "", errSlug
		}
	}
	return slug, nil
}
