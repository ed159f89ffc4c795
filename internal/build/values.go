package build

import (
	"maps"
	"regexp"
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
		if parseCondition(node.Text) == nil {
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
	text := node.Text
	if booleans[text] == "" {
		text = closest(slices.Sorted(maps.Keys(booleans)), notInKey.ReplaceAllString(text, ""))
	}
	if text := booleans[text]; text != "" {
		return &Node{Kind: Bool, Text: text, Line: node.Line}
	}
	return node
}

var booleans = map[string]string{
	"true": "true", "on": "true", "yes": "true", "enabled": "true", "required": "true",
	"false": "false", "off": "false", "no": "false", "disabled": "false", "not required": "false",
}

var notLetter = regexp.MustCompile(`[^a-z]`)

// word repairs a text from a fixed list (travis-yml, lib/travis/yml/doc/change/value.rb).
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
		n.step()
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

// matrix normalizes jobs: a list is taken as include, and so is a mapping that is a
// single job.
func (n *normalizer) matrix(node *Node) *Node {
	switch {
	case node.Kind == Mapping && isJob(node):
		var job, own []Field
		for _, f := range node.Fields {
			if _, known := matrixSection.resolve(f.Key); known {
				own = append(own, f)
			} else {
				job = append(job, f)
			}
		}
		include := &Node{Kind: Mapping, Line: node.Line, Fields: job}
		node = &Node{Kind: Mapping, Line: node.Line, Fields: append(own, Field{"include", node.Line, include})}
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

// isJob reports whether a mapping under jobs is a single job: it includes nothing, and
// has keys that only a job has.
func isJob(node *Node) bool {
	if node.Get("include") != nil {
		return false
	}
	found := false
	for _, f := range node.Fields {
		if _, known := matrixSection.resolve(matrixSection.fixKey(f.Key)); known {
			continue
		}
		if _, known := jobSection.resolve(jobSection.fixKey(f.Key)); !known {
			return false
		}
		if f.Key == "env" && (f.Value.Get("global") != nil || f.Value.Get("jobs") != nil || f.Value.Get("matrix") != nil) {
			return false
		}
		found = true
	}
	return found
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
