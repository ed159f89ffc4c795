package travisyml

import "go.yaml.in/yaml/v3"

// pair is a key of a mapping with its value.
type pair struct{ key, value *yaml.Node }

// pairsOf are the pairs of a mapping, with those that it merges in.
func pairsOf(mapping *yaml.Node) []pair {
	var all []pair
	known := make(map[string]bool)
	addPairs(behind(mapping), &all, known, make(map[*yaml.Node]bool))
	return all
}

func addPairs(mapping *yaml.Node, all *[]pair, known map[string]bool, seen map[*yaml.Node]bool) {
	if mapping == nil || mapping.Kind != yaml.MappingNode || seen[mapping] {
		return
	}
	seen[mapping] = true
	var merged []*yaml.Node
	own := make(map[string]bool)
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], behind(mapping.Content[i+1])
		if key.Value == "<<" {
			merged = append(items(value), merged...) // of several the last counts
			continue
		}
		if !known[key.Value] {
			*all = append(*all, pair{key, value})
			own[key.Value] = true
		}
	}
	for name := range own {
		known[name] = true
	}
	for _, each := range merged {
		addPairs(each, all, known, seen)
	}
}
