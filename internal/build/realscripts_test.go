package build_test

import (
	"testing"

	"go.yaml.in/yaml/v3"

	"convox-travis/internal/build"
)

// realScripts returns the commands of a file's phases, one script for each phase
// of it and of its jobs.
func realScripts(t *testing.T, text string) []build.Script {
	t.Helper()
	var root yaml.Node
	if yaml.Unmarshal([]byte(text), &root) != nil {
		return nil
	}
	phases := map[string]bool{"before_install": true, "install": true, "before_script": true, "script": true, "after_success": true, "after_failure": true, "after_script": true, "before_deploy": true, "after_deploy": true}
	var scripts []build.Script
	var look func(n *yaml.Node)
	look = func(n *yaml.Node) {
		if n.Kind == yaml.MappingNode {
			for i := 0; i+1 < len(n.Content); i += 2 {
				if !phases[n.Content[i].Value] {
					continue
				}
				values := []*yaml.Node{n.Content[i+1]}
				if values[0].Kind == yaml.SequenceNode {
					values = values[0].Content
				}
				list := &build.Node{Kind: build.List}
				for _, value := range values {
					if value.Kind == yaml.ScalarNode {
						list.Items = append(list.Items, &build.Node{Kind: build.Text, Text: value.Value, Line: value.Line, Rows: value.Style&yaml.LiteralStyle != 0})
					}
				}
				job := build.Job{Language: "generic", Config: &build.Node{Kind: build.Mapping, Fields: []build.Field{{Key: n.Content[i].Value, Value: list}}}}
				if script := build.ScriptOf(job, build.Event{Type: build.Push, Repo: "acme/api", Branch: "main"}); len(script.Steps) > 0 {
					scripts = append(scripts, script)
				}
			}
		}
		for _, child := range n.Content {
			look(child)
		}
	}
	look(&root)
	return scripts
}
