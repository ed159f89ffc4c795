package build

import (
	"cmp"
	"slices"
	"strings"
)

// scalar normalizes a text or a boolean. Anything else stays: Travis reports that it
// drops it, but its key still replaces that of the root.
func (n *normalizer) scalar(node *Node, as kind, where string) *Node {
	node = n.first(node, where)
	if node.isBlank() {
		return nil
	}
	if node.Kind != Text && node.Kind != Bool || node.Secure {
		n.note(node.Line, WrongType, where, "", "")
		return node
	}
	switch as {
	case boolean:
		return toBool(node)
	case language:
		return n.word(node, languages, where)
	case system:
		return n.word(node, operatingSystems, where)
	case dist:
		return n.word(node, distributions, where)
	case arch:
		return n.word(node, architectures, where)
	case providerName:
		if name := readProvider(node.Text); name != node.Text {
			n.note(node.Line, RepairedValue, where, "", name)
			return &Node{Kind: Text, Text: name, Line: node.Line}
		}
	case conditions:
		if _, err := parseCondition(node.Text); err != nil {
			n.note(node.Line, InvalidCondition, where, "", "")
		}
	}
	if node.Kind == Bool {
		return &Node{Kind: Text, Text: node.Text, Line: node.Line}
	}
	return node
}

// first returns the first item of nested lists, or the node itself.
func (n *normalizer) first(node *Node, where string) *Node {
	for range deepest {
		if node.Kind != List || len(node.Items) == 0 {
			break
		}
		node = node.Items[0]
		n.note(node.Line, FirstOfList, where, "", "")
	}
	return node
}

// toBool reads what Travis takes as true or false; anything else stays (travis-yml,
// lib/travis/yml/doc/helper/cast.rb).
func toBool(node *Node) *Node {
	if text := booleans[node.Text]; text != "" {
		return &Node{Kind: Bool, Text: text, Line: node.Line}
	}
	return node
}

var booleans = map[string]string{
	"true": "true", "on": "true", "yes": "true", "enabled": "true", "required": "true",
	"false": "false", "off": "false", "no": "false", "disabled": "false", "not required": "false",
}

// word repairs a text from a fixed list (travis-yml, lib/travis/yml/doc/change/value.rb).
func (n *normalizer) word(node *Node, known vocabulary, where string) *Node {
	text := strings.ToLower(node.Text)
	text = cmp.Or(known.aliases[text], text)
	if !slices.Contains(known.values, text) {
		text, _, _ = strings.Cut(text, "\n")
		repaired := closest(known.values, text)
		switch {
		case repaired == "" || isKeyElsewhere(text):
			n.note(node.Line, UnknownValue, where, "", "")
		default:
			n.note(node.Line, RepairedValue, where, "", repaired)
			text = repaired
		}
	}
	return &Node{Kind: Text, Text: text, Line: node.Line}
}

// isNoItem reports whether Travis doesn't accept a value as an item of a list.
func isNoItem(n *Node) bool { return n.Kind == List || n.Kind == Bool }

// list normalizes a list, or makes one of a single item, without the items that are
// dropped. A list as the first item replaces the whole list (travis-yml,
// lib/travis/yml/doc/change/pick.rb).
func (n *normalizer) list(node *Node, where string, item func(*Node) *Node) *Node {
	items := []*Node{node}
	if node.Kind == List {
		items = node.Items
		if first := items[0]; first.Kind == List && !slices.ContainsFunc(first.Items, isNoItem) {
			if len(items) > 1 {
				n.note(first.Line, FirstOfList, where, "", "")
			}
			items = first.Items
		}
	}
	made := &Node{Kind: List, Line: node.Line}
	for _, child := range items {
		if n.stopped() {
			return nil
		}
		if child.isBlank() {
			continue
		}
		if child = item(child); !child.isBlank() {
			made.Items = append(made.Items, child)
		}
	}
	if len(made.Items) == 0 {
		return nil
	}
	return made
}

// matrix normalizes jobs: a list is taken as include.
func (n *normalizer) matrix(node *Node) *Node {
	switch {
	case node.Kind == List:
		for _, item := range node.Items {
			if item.Kind != Mapping {
				n.note(node.Line, WrongType, "jobs", "", "")
				return nil
			}
		}
		node = &Node{Kind: Mapping, Line: node.Line, Fields: []Field{{"include", node.Line, node}}}
	case node.Kind != Mapping:
		n.note(node.Line, WrongType, "jobs", "", "")
		return nil
	}
	made := n.section(node, matrixSection)
	for _, list := range []struct {
		key     string
		section *section
	}{{"include", jobSection}, {"exclude", excludeSection}, {"allow_failures", failureSection}} {
		value := made.Get(list.key)
		if value == nil {
			continue
		}
		value = n.list(value, "jobs."+list.key, func(item *Node) *Node {
			if item = n.first(item, "jobs."+list.key); item.Kind != Mapping {
				n.note(item.Line, WrongType, "jobs."+list.key, "", "")
				return nil
			}
			return n.section(item, list.section)
		})
		if value == nil {
			made = made.keep(func(f Field) bool { return f.Key != list.key })
		} else {
			made = made.with(list.key, value)
		}
	}
	return made
}

// deploys normalizes deploy to a list of mappings. A text is a provider; other scalars
// stay, and deploy nothing.
func (n *normalizer) deploys(node *Node) *Node {
	return n.list(node, "deploy", func(item *Node) *Node {
		item = n.first(item, "deploy")
		switch {
		case item.Kind == Mapping:
			return n.section(item, sectionOfProvider(item))
		case item.Kind == Text && !item.Secure:
			return n.section(&Node{Kind: Mapping, Line: item.Line, Fields: []Field{{"provider", item.Line, item}}}, providerSection)
		}
		n.note(item.Line, WrongType, "deploy", "", "")
		return item
	})
}

func sectionOfProvider(node *Node) *section {
	switch readProvider(node.Get("provider").text()) {
	case "script":
		return scriptSection
	case "convox":
		return convoxSection
	}
	return providerSection
}

// readProvider repairs the provider name of a deployment that uses convox.
func readProvider(name string) string {
	if repaired := closest([]string{"convox", "script"}, strings.ToLower(name)); repaired != "" {
		return repaired
	}
	return name
}
