package travisyml

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// place is a key of the document with its value, or the whole document.
type place struct {
	key   *yaml.Node // nil for the whole
	value *yaml.Node
	path  []int // from the root to the value, as indexes into Content
	next  int   // index of the line where the next part begins
}

// whole is the document itself.
func (d *Document) whole() place { return place{value: d.root, next: d.end} }

// find returns the place of the first of names that the mapping at p has. Of duplicate
// keys the last one counts, as in Travis.
func (p place) find(names ...string) (place, bool) {
	if p.value == nil || p.value.Kind != yaml.MappingNode {
		return place{}, false
	}
	pairs := p.value.Content
	for _, name := range names {
		for i := len(pairs) - 2; i >= 0; i -= 2 {
			if keyName(pairs[i]) != name {
				continue
			}
			next := p.next
			if i+2 < len(pairs) {
				next = pairs[i+2].Line - 1
			}
			return place{pairs[i], pairs[i+1], append(slices.Clone(p.path), i+1), next}, true
		}
	}
	return place{}, false
}

// keyName is a key as Travis reads it, with underscores for dashes.
func keyName(key *yaml.Node) string {
	if key.Kind != yaml.ScalarNode {
		return ""
	}
	return strings.ReplaceAll(strings.TrimSpace(key.Value), "-", "_")
}

// lookup returns a mapping's value for the first of names that exists, after resolving
// aliases and merge keys, or nil.
func lookup(mapping *yaml.Node, names ...string) *yaml.Node {
	return lookupIn(mapping, names, make(map[*yaml.Node]bool))
}

// lookupIn skips what it has visited: a document can merge a mapping into itself.
func lookupIn(mapping *yaml.Node, names []string, seen map[*yaml.Node]bool) *yaml.Node {
	mapping = resolveAlias(mapping)
	if mapping == nil || mapping.Kind != yaml.MappingNode || seen[mapping] {
		return nil
	}
	seen[mapping] = true
	if found, ok := (place{value: mapping}).find(names...); ok {
		return resolveAlias(found.value)
	}
	for i := len(mapping.Content) - 2; i >= 0; i -= 2 {
		if mapping.Content[i].Value != "<<" {
			continue
		}
		for _, merged := range items(mapping.Content[i+1]) {
			if found := lookupIn(merged, names, seen); found != nil {
				return found
			}
		}
	}
	return nil
}

// resolveAlias returns the node that an alias refers to.
func resolveAlias(node *yaml.Node) *yaml.Node {
	if node != nil && node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// items returns a list's items; anything else is a list of one, and nothing an empty
// list, which is how Travis reads most keys.
func items(node *yaml.Node) []*yaml.Node {
	node = resolveAlias(node)
	switch {
	case node == nil, node.Tag == "!!null":
		return nil
	case node.Kind != yaml.SequenceNode:
		return []*yaml.Node{node}
	}
	all := make([]*yaml.Node, len(node.Content))
	for i, item := range node.Content {
		all[i] = resolveAlias(item)
	}
	return all
}

// isEmptyNode reports whether a node has no text in the file.
func isEmptyNode(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.Tag == "!!null" && node.Value == ""
}

func isFlow(node *yaml.Node) bool { return node.Style&yaml.FlowStyle != 0 }

// at follows a path from the root.
func at(root *yaml.Node, path []int) *yaml.Node {
	for _, i := range path {
		if i >= len(root.Content) {
			return &yaml.Node{}
		}
		root = root.Content[i]
	}
	return root
}

// isShared reports whether an alias elsewhere repeats a part of the document that
// includes the place: an addition there would be made twice.
func (d *Document) isShared(path []int) bool {
	node := d.root
	for i := 0; ; i++ {
		if node.Anchor != "" && hasAlias(d.root, node.Anchor) {
			return true
		}
		if i == len(path) {
			return false
		}
		node = node.Content[path[i]]
	}
}

// lastOf is the last node of a tree.
func lastOf(node *yaml.Node) *yaml.Node {
	for len(node.Content) > 0 {
		node = node.Content[len(node.Content)-1]
	}
	return node
}

func hasAlias(node *yaml.Node, anchor string) bool {
	if node.Kind == yaml.AliasNode {
		return node.Value == anchor
	}
	return slices.ContainsFunc(node.Content, func(inner *yaml.Node) bool { return hasAlias(inner, anchor) })
}

// clone copies a tree. An alias stays an alias.
func clone(node *yaml.Node) *yaml.Node {
	if node == nil {
		return nil
	}
	copied := *node
	copied.Content = make([]*yaml.Node, len(node.Content))
	for i, inner := range node.Content {
		copied.Content[i] = clone(inner)
	}
	return &copied
}

// equal compares everything of two trees except their positions and the comments that the
// parser attached to them.
func equal(a, b *yaml.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Kind == b.Kind && a.ShortTag() == b.ShortTag() && a.Value == b.Value && a.Anchor == b.Anchor &&
		slices.EqualFunc(a.Content, b.Content, equal)
}

// jobsOf returns the listed jobs. If a file has both matrix and jobs, it returns those of
// both.
func jobsOf(root *yaml.Node) []*yaml.Node {
	var all []*yaml.Node
	for _, key := range []string{"matrix", "jobs"} {
		jobs := lookup(root, key)
		if jobs != nil && jobs.Kind == yaml.MappingNode {
			jobs = lookup(jobs, "include")
		}
		for _, job := range items(jobs) {
			if job.Kind == yaml.MappingNode {
				all = append(all, job)
			}
		}
	}
	return all
}

func firstValue(node *yaml.Node) string {
	for _, item := range items(node) {
		return item.Value
	}
	return ""
}

// mappingEntry is a key of a mapping with its value.
type mappingEntry struct{ key, value *yaml.Node }

// mappingEntries are the entries of a mapping, including those that it merges in.
func mappingEntries(mapping *yaml.Node) []mappingEntry {
	var all []mappingEntry
	known := make(map[string]bool)
	addMappingEntries(resolveAlias(mapping), &all, known, make(map[*yaml.Node]bool))
	return all
}

func addMappingEntries(mapping *yaml.Node, all *[]mappingEntry, known map[string]bool, seen map[*yaml.Node]bool) {
	if mapping == nil || mapping.Kind != yaml.MappingNode || seen[mapping] {
		return
	}
	seen[mapping] = true
	var merged []*yaml.Node
	own := make(map[string]bool)
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], resolveAlias(mapping.Content[i+1])
		if key.Value == "<<" {
			merged = append(items(value), merged...) // of duplicates the last one counts
			continue
		}
		if !known[key.Value] {
			*all = append(*all, mappingEntry{key, value})
			own[key.Value] = true
		}
	}
	for name := range own {
		known[name] = true
	}
	for _, each := range merged {
		addMappingEntries(each, all, known, seen)
	}
}

// isSkipped reports whether a value makes Travis skip a phase. As a command, false would
// do the same
// (https://docs.travis-ci.com/user/job-lifecycle/#skipping-the-installation-phase).
func isSkipped(value *yaml.Node) bool {
	value = resolveAlias(value)
	return value != nil && value.Kind == yaml.ScalarNode && (value.Value == "skip" || value.Value == "false")
}

// DeployHooks lists which of before_deploy and after_deploy the top of the file has.
// Travis runs them for each item of deploy
// (https://github.com/travis-ci/travis-build/blob/master/lib/travis/build/addons/deploy/script.rb).
func (d *Document) DeployHooks() []string {
	var hooks []string
	for _, hook := range []string{"before_deploy", "after_deploy"} {
		if value := lookup(d.root, hook); len(items(value)) > 0 && !isSkipped(value) {
			hooks = append(hooks, hook)
		}
	}
	return hooks
}
