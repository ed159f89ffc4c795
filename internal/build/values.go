package build

import (
	"regexp"
	"slices"
	"strings"
)

// scalar normalizes a text or a boolean. Anything else stays: Travis says that
// it drops it, but its key still replaces that of the root.
func (n *normalizer) scalar(node *Node, as kind, where string) *Node {
	for range deepest {
		if node.Kind != List || len(node.Items) == 0 {
			break
		}
		node = node.Items[0]
		n.note(node.Line, FirstOfList, where, "", "")
	}
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

// strs normalizes a list of texts. Other items are left out; where nothing else
// is there, the list is empty and still replaces that of the root.
func (n *normalizer) strs(node *Node, where string) *Node {
	isWrong := false
	made := n.list(node, where, func(item *Node) *Node {
		item = n.scalar(item, str, where)
		if item != nil && (item.Kind != Text || item.Secure) {
			isWrong = true
			return nil
		}
		return item
	})
	if made == nil && isWrong {
		made = &Node{Kind: List, Line: node.Line}
	}
	return made
}

func toBool(node *Node) *Node {
	switch node.Text {
	case "true", "on", "yes", "enabled", "required":
		return &Node{Kind: Bool, Text: "true", Line: node.Line}
	case "false", "off", "no", "disabled", "not required":
		return &Node{Kind: Bool, Text: "false", Line: node.Line}
	}
	return node
}

var notLetter = regexp.MustCompile(`[^a-z]`)

// word repairs a text of which Travis knows all values
// (travis-yml, lib/travis/yml/doc/change/value.rb).
func (n *normalizer) word(node *Node, known vocabulary, where string) *Node {
	text := strings.ToLower(node.Text)
	if alias := known.aliases[text]; alias != "" {
		text = alias
	}
	if !slices.Contains(known.values, text) {
		text, _, _ = strings.Cut(text, "\n")
		repaired := closest(known.values, text)
		if repaired == "" || isKeyElsewhere(text) {
			first, _, _ := strings.Cut(text, " ")
			repaired = text
			for _, form := range []string{first, notInKey.ReplaceAllString(text, ""), notLetter.ReplaceAllString(first, "")} {
				if slices.Contains(known.values, form) {
					repaired = form
					break
				}
			}
		}
		if repaired != text {
			n.note(node.Line, RepairedValue, where, "", repaired)
			text = repaired
		} else {
			n.note(node.Line, UnknownValue, where, "", "")
		}
	}
	return &Node{Kind: Text, Text: text, Line: node.Line}
}

// list normalizes a list, or makes one of a single item. Items that are dropped
// are left out.
func (n *normalizer) list(node *Node, where string, item func(*Node) *Node) *Node {
	items := []*Node{node}
	if node.Kind == List {
		items = node.Items
		if first := items[0]; first.Kind == List && len(items) > 1 {
			n.note(first.Line, FirstOfList, where, "", "")
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
