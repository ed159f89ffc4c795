package build

import "strings"

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
