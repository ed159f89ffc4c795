package build

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// normalizer converts keys and values to the form in which Travis expands jobs
// (travis-yml, lib/travis/yml/doc/change and lib/travis/yml/doc/validate). It changes no
// node: a node shared by aliases is normalized once per use.
type normalizer struct {
	ctx    context.Context
	config *Config
	made   map[seen]*Node
	noted  map[Message]bool
	count  int
}

func newNormalizer(ctx context.Context, c *Config) *normalizer {
	return &normalizer{ctx: ctx, config: c, made: make(map[seen]*Node), noted: make(map[Message]bool)}
}

// seen is a node and the kind as which it is read.
type seen struct {
	node    *Node
	section *section
	as      kind
}

func (n *normalizer) note(line int, kind MessageKind, section, key, instead string) {
	message := Message{line, kind, section, key, instead}
	if !n.noted[message] {
		n.noted[message] = true
		n.config.Messages = append(n.config.Messages, message)
	}
}

func (n *normalizer) step() { countNode(n.ctx, &n.count) }

// root normalizes the whole file, and sets language and os, as Travis always does.
func (n *normalizer) root(node *Node) *Node {
	root := n.section(node, rootSection)
	language := root.Get("language")
	if language == nil {
		language = &Node{Kind: Text, Text: "ruby", Line: node.Line}
		if slices.Equal(root.Get("os").Texts(), []string{"osx"}) {
			language.Text = "objective-c"
		}
	}
	system := root.Get("os")
	if system == nil {
		name := "linux"
		if language.Text == "objective-c" {
			name = "osx"
		}
		system = &Node{Kind: List, Line: node.Line, Items: []*Node{{Kind: Text, Text: name, Line: node.Line}}}
	}
	return root.with("language", language).with("os", system)
}

// section repairs the keys of a mapping and normalizes its values. Blank values are
// dropped, except lists that replace those of the root.
func (n *normalizer) section(node *Node, s *section) *Node {
	id := seen{node: node, section: s}
	if made := n.made[id]; made != nil {
		return made
	}
	made := &Node{Kind: Mapping, Line: node.Line}
	n.made[id] = made
	fixed := n.fixKeys(node, s)
	for _, f := range fixed {
		n.step()
		as, known := s.keys[f.Key]
		if known {
			f.Value = n.value(f.Value, as, s.name+"."+f.Key)
		}
		if f.Value.isBlank() && (f.Value == nil || as != envVars) { // an empty env of a job replaces the first one of the axis
			continue
		}
		if !known && s.name != "deploy" && !isCustom(f.Key) && !f.Value.anchored {
			n.note(f.Line, UnknownKey, s.name, f.Key, "")
		}
		made.Fields = append(made.Fields, f)
	}
	return made
}

// isCustom reports whether a key is one that Travis ignores.
func isCustom(key string) bool { return strings.HasPrefix(key, "_") || strings.HasPrefix(key, ".") }

// fixKeys repairs keys. A repaired key wins over the right one, in any order: matrix over
// jobs.
func (n *normalizer) fixKeys(node *Node, s *section) []Field {
	var fields []Field
	index := make(map[string]int, len(node.Fields))
	for _, f := range node.Fields {
		if _, known := s.keys[f.Key]; known {
			index[f.Key] = len(fields)
			fields = append(fields, f)
		}
	}
	for _, f := range node.Fields {
		n.step()
		if _, known := s.keys[f.Key]; known {
			continue
		}
		written := f.Key
		if !isCustom(written) {
			f.Key = s.fixKey(written)
		}
		i, exists := index[f.Key]
		if exists {
			n.note(f.Line, OverwrittenKey, s.name, written, f.Key)
			fields[i] = f
			continue
		}
		if f.Key != strings.ReplaceAll(written, "-", "_") && s.aliases[written] == "" {
			n.note(f.Line, RepairedKey, s.name, written, f.Key)
		}
		index[f.Key] = len(fields)
		fields = append(fields, f)
	}
	return fields
}

// value normalizes a value, and returns nil if it is dropped. where names it.
func (n *normalizer) value(node *Node, as kind, where string) *Node {
	id := seen{node: node, as: as}
	if made, known := n.made[id]; known {
		return made
	}
	made := n.makeValue(node, as, where)
	n.made[id] = made
	return made
}

func (n *normalizer) makeValue(node *Node, as kind, where string) *Node {
	if as == commands || as == deploys {
		empty := &Node{Kind: List, Line: node.Line}
		if node.isBlank() {
			return empty
		}
		return cmp.Or(n.listOf(node, as, where), empty)
	}
	if node.isBlank() && as != envVars {
		return nil
	}
	switch as {
	case str, boolean, language, system, dist, arch, conditions, providerName:
		return n.scalar(node, as, where)
	case strs:
		return n.list(node, where, func(item *Node) *Node { return n.scalar(item, str, where) })
	case systems:
		return n.list(node, where, func(item *Node) *Node { return n.scalar(item, system, where) })
	case archs:
		return n.list(node, where, func(item *Node) *Node { return n.scalar(item, arch, where) })
	case mapping, addons:
		if node.Kind != Mapping {
			n.note(node.Line, WrongType, where, "", "")
		} else if value := node.Get("deploy"); as == addons && !value.isBlank() {
			node = node.with("deploy", n.deploys(value))
		}
	case env:
		return n.env(node)
	case envVars:
		return n.envVars(node, where)
	case branches:
		if node.Kind == List && node.Items[0].Kind == Mapping {
			node = n.first(node, where)
		}
		if node.Kind != Mapping {
			node = &Node{Kind: Mapping, Line: node.Line, Fields: []Field{{"only", node.Line, node}}}
		}
		return n.section(node, branchesSection)
	case stages:
		return n.list(node, where, func(item *Node) *Node {
			if item.Kind != Mapping {
				item = &Node{Kind: Mapping, Line: item.Line, Fields: []Field{{"name", item.Line, item}}}
			}
			return n.section(item, stageSection)
		})
	case matrix:
		return n.matrix(node)
	case deployOn:
		if node.Kind == Text && !node.Secure {
			node = &Node{Kind: Mapping, Line: node.Line, Fields: []Field{{"branch", node.Line, node}}}
		}
		if node.Kind == Mapping {
			return n.section(node, onSection)
		}
	}
	return node
}

// listOf normalizes the commands of a phase, or deployments.
func (n *normalizer) listOf(node *Node, as kind, where string) *Node {
	if as == deploys {
		return n.deploys(node)
	}
	return n.list(node, where, func(item *Node) *Node {
		if item.Kind == Mapping {
			n.note(item.Line, CommandMapping, where, "", "")
			return item
		}
		return n.scalar(item, str, where)
	})
}
