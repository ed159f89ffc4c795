package travisyml

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// pasted makes of what could not be added the lines that a person can write in
// place of a key: the key with what it has, and the addition.
func (d *Document) pasted(p place, lines []string) (whole []string, ok bool) {
	if p.key == nil || p.value.Kind == yaml.AliasNode || p.value.Anchor != "" || len(items(p.value))+len(lines) == 0 {
		return nil, false
	}
	var kept []string
	for _, item := range items(p.value) {
		written, ok := writtenAnew(item)
		if !ok {
			return nil, false
		}
		kept = append(kept, asItem(written)...)
	}
	return d.nested(p.key.Value, append(kept, lines...)), true
}

// pastedEnv is pasted for env, whose entries go under jobs.
func (d *Document) pastedEnv(env place, lines []string) (whole []string, ok bool) {
	if global, found := env.find("global"); found && !isFlow(env.value) {
		return d.pasted(global, lines)
	}
	switch {
	case env.key == nil || env.value.Anchor != "":
		return nil, false
	case len(items(env.value)) == 0:
		return d.nestedGlobal(lines), true
	}
	var under []string
	if lookup(env.value, "global") == nil {
		under = d.nested("global", lines)
	}
	if lookup(env.value, "global", "jobs", "matrix") == nil {
		env.value = &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: "jobs"}, env.value}}
	}
	for i := 0; i+1 < len(env.value.Content); i += 2 {
		part, added := place{key: env.value.Content[i], value: env.value.Content[i+1]}, []string(nil)
		if keyName(part.key) == "global" {
			added = lines
		}
		written, ok := d.pasted(part, added)
		if !ok {
			return nil, false
		}
		under = append(under, written...)
	}
	return append([]string{env.key.Value + ":"}, indented(under, d.keyIndent())...), true
}

// inBrackets writes keys for a file that is written in brackets.
func inBrackets(lines []string) []string {
	mapping := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle, Content: withoutComments(nodesOf(lines))}
	text, err := yaml.Marshal(mapping)
	if err != nil {
		return lines
	}
	return []string{strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(string(text)), "{"), "}")}
}

// writtenAnew writes a value in lines.
func writtenAnew(node *yaml.Node) ([]string, bool) {
	copied := clone(node)
	if hasAnyAlias(copied) {
		return nil, false
	}
	withoutComments([]*yaml.Node{copied})
	if copied.Kind != yaml.ScalarNode {
		copied.Style &^= yaml.FlowStyle
	}
	text, err := yaml.Marshal(copied)
	if err != nil {
		return nil, false
	}
	return strings.Split(strings.TrimRight(string(text), "\n"), "\n"), true
}

func hasAnyAlias(node *yaml.Node) bool {
	if node.Kind == yaml.AliasNode || node.Anchor != "" {
		return true
	}
	for _, inner := range node.Content {
		if hasAnyAlias(inner) {
			return true
		}
	}
	return false
}

func withoutComments(nodes []*yaml.Node) []*yaml.Node {
	for _, node := range nodes {
		node.HeadComment, node.LineComment, node.FootComment = "", "", ""
		withoutComments(node.Content)
	}
	return nodes
}
