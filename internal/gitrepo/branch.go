package gitrepo

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const longestBranch = 250 // bytes; a file system takes no longer name

var errBranch = &Error{
	message: "read the branch: not a name that git takes", code: "bad_branch",
	hints: []string{"write it as git branch shows it"},
}

// CheckBranch refuses what git takes for no branch
// (https://git-scm.com/docs/git-check-ref-format). Its error does not quote the
// text.
func CheckBranch(text string) error {
	strange := func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r) || strings.ContainsRune(`~^:?*[\`, r)
	}
	switch {
	case text == "", len(text) > longestBranch, !utf8.ValidString(text), strings.ContainsFunc(text, strange), strings.HasPrefix(text, "-"),
		strings.Contains(text, ".."), strings.Contains(text, "@{"), strings.Contains(text, "//"),
		strings.Trim(text, "/.") != text, strings.HasSuffix(text, ".lock"):
		return errBranch
	}
	return nil
}
