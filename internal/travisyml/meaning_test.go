package travisyml_test

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// meaning is what a text says to a program that only sees its values: mappings,
// lists, and texts with their type. Aliases and merge keys are followed; of a
// key that is there twice the last counts, as for Travis.
func meaning(t testing.TB, text string) map[string]any {
	t.Helper()
	var document yaml.Node
	err := yaml.NewDecoder(strings.NewReader(strings.TrimPrefix(text, "\ufeff"))).Decode(&document)
	if err == io.EOF {
		return map[string]any{}
	}
	if err != nil {
		t.Fatalf("the text does not parse: %v", err)
	}
	all, _ := value(document.Content[0], 0).(map[string]any)
	if all == nil {
		all = map[string]any{}
	}
	return all
}

func value(node *yaml.Node, depth int) any {
	if depth > 40 {
		return "too deep"
	}
	switch node.Kind {
	case yaml.AliasNode:
		return value(node.Alias, depth+1)
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range node.Content {
			list = append(list, value(item, depth+1))
		}
		return list
	case yaml.MappingNode:
		all := map[string]any{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == "<<" {
				for _, merged := range listed(value(node.Content[i+1], depth+1)) {
					inner, _ := merged.(map[string]any)
					for k, v := range inner {
						if _, set := all[k]; !set {
							all[k] = v
						}
					}
				}
			}
		}
		for i := 0; i+1 < len(node.Content); i += 2 {
			if key := node.Content[i]; key.Value != "<<" {
				all[strings.ReplaceAll(key.Value, "-", "_")] = value(node.Content[i+1], depth+1)
			}
		}
		return all
	}
	if node.Tag == "!!null" {
		return nil
	}
	return node.ShortTag() + " " + node.Value
}

// listed is how Travis reads most keys: what is no list is a list of one, and
// nothing is an empty one.
func listed(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// travisEnv is what Travis takes for the variables of every job, and for the
// entries that make a job each
// (https://github.com/travis-ci/travis-yml/blob/master/lib/travis/yml/schema/def/env.rb):
// what is no mapping with keys of its own it puts under jobs.
func travisEnv(env any) (global, jobs []any) {
	all, isMapping := env.(map[string]any)
	if !isMapping {
		return nil, listed(env)
	}
	_, hasGlobal := all["global"]
	for _, key := range []string{"jobs", "matrix"} {
		if under, has := all[key]; has {
			return flat(all["global"]), listed(under)
		}
	}
	if hasGlobal {
		return flat(all["global"]), nil
	}
	return nil, listed(env)
}

// flat takes mappings of several variables apart, as Travis does
// (https://github.com/travis-ci/travis-yml/blob/master/lib/travis/yml/doc/change/env_vars.rb).
func flat(global any) []any {
	var all []any
	for _, entry := range listed(global) {
		pairs, isMapping := entry.(map[string]any)
		if !isMapping || len(pairs) < 2 {
			all = append(all, entry)
			continue
		}
		for name, v := range pairs {
			all = append(all, map[string]any{name: v})
		}
	}
	return all
}

// travisJobs are the listed jobs; matrix is another name for jobs, and what is
// no mapping with keys of its own is jobs.include.
func travisJobs(all map[string]any) []any {
	var jobs []any
	for _, key := range []string{"matrix", "jobs"} {
		under := all[key]
		if mapping, is := under.(map[string]any); is {
			under = mapping["include"]
		}
		for _, job := range listed(under) {
			if _, is := job.(map[string]any); is {
				jobs = append(jobs, job)
			}
		}
	}
	return jobs
}

// text is a value without its type.
func text(v any) string {
	s, _ := v.(string)
	_, s, _ = strings.Cut(s, " ")
	return s
}

// sorted makes lists comparable whose order says nothing.
func sorted(list []any) []string {
	var all []string
	for _, v := range list {
		all = append(all, fmt.Sprint(v))
	}
	slices.Sort(all)
	return all
}
