// Package build plays what Travis CI makes of a .travis.yml: the jobs of a
// build, the Bash of each job, and the calls of convox in it. It runs nothing
// and asks nobody.
//
// It is written after what travis-yml, travis-conditions and travis-build do
// (https://github.com/travis-ci/travis-yml,
// https://github.com/travis-ci/travis-conditions,
// https://github.com/travis-ci/travis-build).
//
// Next room: internal/shell, which plays the Bash.
package build

// EventType is what started a build.
type EventType string

// The types of events, as conditions name them.
const (
	Push        EventType = "push"
	PullRequest EventType = "pull_request"
	Cron        EventType = "cron"
	API         EventType = "api"
)

// Event is what started a build.
type Event struct {
	Type       EventType
	Repo       string // OWNER/NAME, or "" where it isn't known
	Branch     string // of a pull request its target; of a tag the tag
	Tag        string
	HeadBranch string // of a pull request
	Fork       bool   // a pull request from another repository: it gets no encrypted values

	// What only conditions ask for. What is "" or not known makes a condition
	// true that depends on it, and Unseen in the Build.
	HeadRepo      string // of a pull request, OWNER/NAME
	Sender        string // the login of who pushed
	CommitMessage string
	Settings      []Setting // the variables of the repository's settings
	SettingsKnown bool      // whether Settings are all of them
}

// Setting is a variable of the repository's settings, which conditions see.
type Setting struct {
	Name    string
	Value   string
	Private bool // Value isn't known
}

// Node is a value of the file as Travis reads it, with the line where it
// stands, counted from 1.
type Node struct {
	Kind   NodeKind
	Text   string // of a scalar, as Travis keeps it
	Secure bool   // an encrypted value; Text is empty
	Items  []*Node
	Fields []Field // of a mapping, in order, each key once
	Line   int

	cipher   string // of an encrypted value, to tell one from another
	anchored bool   // whether the value has an anchor
	Rows     bool   // of a literal block: its lines are those of the file below Line
}

// NodeKind is the kind of a Node.
type NodeKind int

// The kinds of nodes.
const (
	Null NodeKind = iota
	Text
	Bool // Text is "true" or "false"
	List
	Mapping
)

// Field is a key of a mapping and its value.
type Field struct {
	Key   string
	Line  int // of the key
	Value *Node
}

// Get returns the value of a key, or nil.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for _, f := range n.Fields {
		if f.Key == key {
			return f.Value
		}
	}
	return nil
}

// Job is one job of a build, with all that it inherits.
type Job struct {
	Number       string // 1.1, 1.2, … in the order in which Travis lists them
	Stage        string
	Name         string
	OS           string
	Arch         string
	Dist         string
	Language     string
	Env          []string // NAME=value as written, global ones first; an encrypted one is [secure]
	AllowFailure bool
	Imports      bool  // whether the file imports others, which may have its script
	Config       *Node // its keys after inheriting: phases, deploy, addons, the value of each axis
}

// Build is what an event makes of a file.
type Build struct {
	Jobs   []Job  // none: Travis builds nothing
	Reason string // why there is no job, in Travis's terms, naming the line
	// LeftOut is whether if or branches at the top of the file leave the event out,
	// whatever the jobs are.
	LeftOut bool
	Unseen  []Unseen
}

// Unseen is what can't be played: an imported file, a condition on what isn't
// known here.
type Unseen struct {
	What string
	Line int
}
