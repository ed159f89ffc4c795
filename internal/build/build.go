// Package build plays what Travis CI makes of a .travis.yml: the jobs of a build, the
// Bash of each job, and its calls of convox. It runs no program and makes no request.
//
// It follows the sources of travis-yml, travis-conditions and travis-build
// (https://github.com/travis-ci/travis-yml,
// https://github.com/travis-ci/travis-conditions,
// https://github.com/travis-ci/travis-build).
//
// Next room: internal/shell, which plays the Bash.
package build

import (
	"bytes"
	"context"
	"errors"

	"go.yaml.in/yaml/v3"

	"convox-travis/internal/shell"
)

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
	Repo       string // OWNER/NAME, or "" if unknown
	Branch     string // for a pull request its target; for a tag the tag
	Tag        string
	HeadBranch string // for a pull request

	// Only conditions use these. A condition that depends on one that is empty or unknown
	// counts as true, and the Build lists it in Unseen.
	HeadRepo      string // for a pull request, OWNER/NAME
	Sender        string // the login of the person who pushed
	CommitMessage string
	Settings      []Setting // the variables of the repository's settings
	SettingsKnown bool      // whether Settings is complete
}

// Setting is a variable of the repository's settings, as conditions see it.
type Setting struct {
	Name    string
	Value   string
	Private bool // Value is unknown
}

// Node is a value of the file as Travis reads it, with its line, counted from 1.
type Node struct {
	Kind   NodeKind
	Text   string // of a scalar, as Travis stores it
	Secure bool   // an encrypted value; Text is empty
	Items  []*Node
	Fields []Field // of a mapping, in order, without duplicate keys
	Line   int

	cipher   string // of an encrypted value, to distinguish it from others
	anchored bool   // whether the value has an anchor
	Rows     bool   // of a literal block: its lines are the file's lines below Line
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

// Job is one job of a build, with everything it inherits.
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
	Imports      bool  // whether the file imports others, which may contain its script
	Config       *Node // its keys after inheritance: phases, deploy, addons, the value of each axis
}

// Build is what an event makes of a file.
type Build struct {
	Jobs   []Job  // empty: Travis builds nothing
	Reason string // why there is no job, in Travis's terms, with the line
	// LeftOut reports whether if or branches at the top of the file exclude the event,
	// whatever the jobs are.
	LeftOut bool
	Unseen  []Unseen
}

// Unseen is something that can't be played: a script or an imported file whose text is
// unknown, or a condition on an unknown value.
type Unseen = shell.Unseen

// Config is a file as Travis reads it.
type Config struct {
	Root     *Node     // a mapping, with keys and values as Travis repairs them
	Messages []Message // in the order found

	asksNumber bool    // whether its jobs depend on their numbers
	answer     *answer // Travis's own, for one event
}

// Message is what Travis reports about a file that it reads anyway.
type Message struct {
	Line    int
	Kind    MessageKind
	Section string // "root", "jobs.include", "deploy", …; "" for a duplicate key
	Key     string // as written
	Instead string // what Travis reads instead, if anything
}

// MessageKind says what a Message is about.
type MessageKind string

// The kinds of messages that decide what runs. Travis has more.
const (
	DuplicateKey     MessageKind = "duplicate_key"     // the last one wins
	RepairedKey      MessageKind = "repaired_key"      // read as Instead
	OverwrittenKey   MessageKind = "overwritten_key"   // both Key and Instead are set; Key wins
	UnknownKey       MessageKind = "unknown_key"       // not read
	RepairedValue    MessageKind = "repaired_value"    // read as Instead
	UnknownValue     MessageKind = "unknown_value"     // unknown to Travis
	FirstOfList      MessageKind = "first_of_list"     // of a list, only the first item is read
	WrongType        MessageKind = "wrong_type"        // not what Travis expects
	CommandMapping   MessageKind = "command_mapping"   // a command that YAML reads as a mapping, such as `echo "a: b"`
	InvalidEnv       MessageKind = "invalid_env"       // a variable that is dropped
	InvalidCondition MessageKind = "invalid_condition" // always false
	UnknownImport    MessageKind = "unknown_import"    // only Travis can tell: there is no file Key
)

// Parse reads a .travis.yml. It normalizes what decides which jobs exist and what they
// run, as travis-yml does (https://github.com/travis-ci/travis-yml, lib/travis/yml/doc).
// The error gives the reason and the line, and quotes no value.
func Parse(ctx context.Context, text []byte) (config *Config, err error) {
	defer catch(&err)
	if isTooLarge(text) {
		return nil, errTooLarge
	}
	c := &Config{Root: &Node{Kind: Mapping, Line: 1}, asksNumber: bytes.Contains(text, []byte("JOB_NUMBER"))}
	document, shift, err := parseYAML(ctx, clean(text))
	if err != nil {
		return nil, err
	}
	if document != nil {
		reader := reader{ctx: ctx, shift: shift, made: make(map[*yaml.Node]*Node), messages: &c.Messages}
		c.Root = reader.node(document, 0)
	}
	if c.Root.Kind == Null {
		c.Root = &Node{Kind: Mapping, Line: 1}
	}
	if c.Root.Kind != Mapping {
		return nil, errors.New("the file isn't a mapping of keys and values")
	}
	c.Root = newNormalizer(ctx, c).root(c.Root)
	return c, nil
}
