package travisyml

import "go.yaml.in/yaml/v3"

// isSkipped reports whether a value has Travis pass over a phase. As a command
// false would do as little
// (https://docs.travis-ci.com/user/job-lifecycle/#skipping-the-installation-phase).
func isSkipped(value *yaml.Node) bool {
	value = behind(value)
	return value != nil && value.Kind == yaml.ScalarNode && (value.Value == "skip" || value.Value == "false")
}

// DeployHooks lists which of before_deploy and after_deploy the top of the file
// has. Travis runs them for each item of deploy
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
