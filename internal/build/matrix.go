package build

// matrix normalizes jobs: a list is what it includes, and so is a mapping that
// is one job.
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
			for range deepest {
				if item.Kind != List || len(item.Items) == 0 {
					break
				}
				item = item.Items[0]
			}
			if item.Kind != Mapping {
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

// isJob reports whether a mapping under jobs is one job: it includes nothing,
// and has keys of a job alone beside those of jobs.
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

// deploys normalizes deploy to a list of mappings. A text is a provider; other
// scalars are dropped.
func (n *normalizer) deploys(node *Node) *Node {
	made := n.list(node, "deploy", func(item *Node) *Node {
		for range deepest {
			if item.Kind != List || len(item.Items) == 0 {
				break
			}
			item = item.Items[0]
		}
		switch item.Kind {
		case Text:
			if !item.Secure {
				return &Node{Kind: Mapping, Line: item.Line, Fields: []Field{{"provider", item.Line, item}}}
			}
		case Mapping:
			return n.provider(item)
		}
		n.note(item.Line, WrongType, "deploy", "", "")
		return nil
	})
	if made == nil {
		made = &Node{Kind: List, Line: node.Line} // it still replaces the root's
	}
	return made
}

// provider reads if and true as on, as Travis does, and drops what is blank.
func (n *normalizer) provider(node *Node) *Node {
	made := &Node{Kind: Mapping, Line: node.Line}
	for _, f := range node.Fields {
		if f.Value.isBlank() {
			continue
		}
		if (f.Key == "if" || f.Key == "true") && node.Get("on") == nil {
			f.Key = "on"
		}
		if f.Key == "on" && f.Value.Kind == Text && !f.Value.Secure {
			f.Value = &Node{Kind: Mapping, Line: f.Value.Line, Fields: []Field{{"branch", f.Value.Line, f.Value}}}
		}
		made.Fields = append(made.Fields, f)
	}
	return made
}
