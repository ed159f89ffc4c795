package build

import (
	"bytes"
	"context"
	"errors"

	"go.yaml.in/yaml/v3"
)

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
