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

// hasMerged reports whether a mapping has one of some keys, also by an alias or a merge
// key.
func hasMerged(mapping *yaml.Node, names ...string) bool {
	var all map[string]yaml.Node
	if mapping != nil {
		_ = mapping.Decode(&all) // what can be decoded
	}
	return slices.ContainsFunc(names, func(name string) bool { _, found := all[name]; return found })
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

// isSkipped reports whether a value makes Travis skip a phase. As a command, false would
// do the same
// (https://docs.travis-ci.com/user/job-lifecycle/#skipping-the-installation-phase).
func isSkipped(value *yaml.Node) bool {
	return value.Kind == yaml.ScalarNode && (value.Value == "skip" || value.Value == "false")
}

// DeployHooks lists which of before_deploy and after_deploy the top of the file has.
// Travis runs them for each item of deploy
// (https://github.com/travis-ci/travis-build/blob/master/lib/travis/build/addons/deploy/script.rb).
func (d *Document) DeployHooks() []string {
	var hooks []string
	for _, hook := range []string{"before_deploy", "after_deploy"} {
		if found, ok := d.whole().find(hook); ok && !isEmptyNode(found.value) && !isSkipped(found.value) {
			hooks = append(hooks, hook)
		}
	}
	return hooks
}
