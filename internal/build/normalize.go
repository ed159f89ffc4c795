package build

import (
	"cmp"
	"context"
	"maps"
	"regexp"
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

func isCustom(key string) bool { return strings.HasPrefix(key, "_") || strings.HasPrefix(key, ".") }

// fixKeys repairs keys. A repaired key wins over the right one: matrix over jobs.
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

// deploys makes a list of mappings. A text is a provider; other scalars deploy nothing.
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
