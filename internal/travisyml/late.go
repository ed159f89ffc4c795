package travisyml

import (
	"regexp"
	"sync"
)

// late is a regular expression that is compiled when it is first asked: together
// they take milliseconds, and most runs of the program read no file.
type late func() *regexp.Regexp

func lately(expression string) late {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
