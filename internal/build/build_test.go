package build

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// at returns the texts that stand under keys of a file.
func at(t *testing.T, text string, keys ...string) string {
	t.Helper()
	node := parse(t, text).Root
	for _, key := range keys {
		node = node.Get(key)
	}
	return strings.Join(node.Texts(), "|")
}

func TestValuesAreReadAsTravisReadsThem(t *testing.T) {
	for _, c := range []struct{ name, text, key, want string }{
		{"bytes that aren't ASCII are dropped", "\ufeffscript: caf\u00e9 \u201cx\u201d", "script", "caf x"},
		{"the first line's indentation is cut", "\n  script: a\n  install: b", "install", "b"},
		{"yes and no in lower case are texts", "script: [yes, no, on, off, nodes]", "script", "yes|no|on|off|nodes"},
		{"others are booleans", "script: [Yes, NO, On, true]", "script", "true|false|true|true"},
		{"a fraction stays", "python: [3.10, 1.0]", "python", "3.10|1.0"},
		{"numbers are counted", "python: [0x10, 010, 1_000, +5]", "python", "16|8|1000|5"},
		{"quoted ones aren't", "python: ['010', \"yes\"]", "python", "010|yes"},
		{"a colon before a text goes", "rvm: :head", "rvm", "head"},
		{"null is nothing", "script: [~, null, '', a]", "script", "a"},
		{"the last of equal keys counts", "script: a\ninstall: x\nscript: b", "script", "b"},
		{"an unknown alias is null", "script: [*nobody, a, *else]", "script", "a"},
		{"an alias inside its anchor is null", "script: &a [b, *a]", "script", "b"},
		{"a merge loses to keys below", "_x: &x {script: a}\n<<: *x\nscript: b", "script", "b"},
		{"and overrides keys above", "_x: &x {script: a}\nscript: b\n<<: *x", "script", "a"},
		{"a merged alias of a list isn't merged", "_x: &x [{script: a}]\n<<: *x", "script", ""},
		{"of merged ones the first wins", "_x: &x {script: a}\n_y: &y {script: b}\n<<: [*x, *y]", "script", "a"},
		{"a list alone in a list is the list", "_x: &x [a, b]\nscript: [*x]", "script", "a|b"},
		{"a list at the beginning of a list is the list", "_x: &x [a, b]\nscript: [*x, c]", "script", "a|b"},
		{"a list inside a list is its first item", "script: [a, [b, c]]", "script", "a|b"},
		{"a mapping among texts stays", "script: [a, {b: c}]", "script", "a|"},
		{"of a list the first counts", "language: [go, c]", "language", "go"},
		{"an alias of a language", "language: NodeJS", "language", "node_js"},
		{"a misspelled language", "language: pyton", "language", "python"},
		{"a system", "os: [macos, Linux, win]", "os", "osx|linux|windows"},
		{"a misspelled key", "before_scirpt: a", "before_script", "a"},
		{"one with hyphens", "after-success: a", "after_success", "a"},
		{"one in another case", "beforeInstall: a", "before_install", "a"},
		{"one with spaces", "'before script': a", "before_script", "a"},
		{"one that Travis has in its list", "distro: focal", "dist", "focal"},
		{"no key becomes one of R", "latext: a", "latex", ""},
		{"nor elm_test", "e2e_test: a", "elm_test", ""},
		{"a misspelled boolean", "filter_secrets: enable", "filter_secrets", "true"},
		{"a block at the end has no last line break", "install: |\n  a\nscript: |\n  b\n  c\n\n", "script", "b\nc"},
		{"the misspelled one wins", "scripts: a\nscript: b", "script", "a"},
		{"an alias of a key", "ruby: 2.7", "rvm", "2.7"},
		{"a key of another place isn't repaired", "licenses: a\non: b", "services", ""},
	} {
		if got := at(t, c.text, c.key); got != c.want {
			t.Errorf("%s: %s\n got %q\nwant %q", c.name, c.text, got, c.want)
		}
	}
}

func TestTheShorthandsOfKeys(t *testing.T) {
	for _, c := range []struct {
		text string
		keys []string
		want string
	}{
		{"branches: [a, b]", []string{"branches", "only"}, "a|b"},
		{"branches: [{only: a}, {only: b}]", []string{"branches", "only"}, "a"},
		{"branches: {exclude: a}", []string{"branches", "except"}, "a"},
		{"jobs: {allowed_failures: {rvm: 1}, fast_failure: yes}", []string{"jobs", "fast_finish"}, "true"},
		{"env: [A=1]", []string{"env", "jobs"}, ""},
	} {
		if got := at(t, c.text, c.keys...); got != c.want {
			t.Errorf("%s: got %q, want %q", c.text, got, c.want)
		}
	}
	for _, text := range []string{"deploy: heroku", "deploy: [heroku]", "deploy: {provider: heroku}"} {
		if got := parse(t, text).Root.Get("deploy").Items[0].Get("provider").text(); got != "heroku" {
			t.Errorf("%s: %q", text, got)
		}
	}
	for _, text := range []string{
		"deploy: {on: main}", "deploy: {if: main}", "deploy: {true: {branch: main}}", "deploy: {on: {branch: main}}",
		"deploy: {provider: Script, 'on': {brnach: main}}", "deploy: {provider: heroku, if: {branch: main}, on: dev}",
	} {
		if got := parse(t, text).Root.Get("deploy").Items[0].Get("on").Get("branch").text(); got != "main" {
			t.Errorf("%s: %q", text, got)
		}
	}
}

func TestMessagesNameTheLine(t *testing.T) {
	for _, c := range []struct {
		text string
		want []Message
	}{
		{"script: a\nscript: b", []Message{{2, DuplicateKey, "", "script", ""}}},
		{"jobs: []\nmatrix: {include: [{script: a}]}", []Message{{2, OverwrittenKey, "root", "matrix", "jobs"}}},
		{"\nbefore_scirpt: a", []Message{{2, RepairedKey, "root", "before_scirpt", "before_script"}}},
		{"jobs:\n- scirpt: a", []Message{{2, RepairedKey, "jobs.include", "scirpt", "script"}}},
		{"jobs:\n- skip_cleanup: true", []Message{{2, UnknownKey, "jobs.include", "skip_cleanup", ""}}},
		{"global:\n- A=1", []Message{{1, UnknownKey, "root", "global", ""}}},
		{"_x: 1\n.y: 2\nx: &x 3", nil},
		{"language: pyton", []Message{{1, RepairedValue, "root.language", "", "python"}}},
		{"language: kotlin", []Message{{1, UnknownValue, "root.language", "", ""}}},
		{"dist:\n- focal\n- jammy", []Message{{2, FirstOfList, "root.dist", "", ""}}},
		{"deploy: false", []Message{{1, WrongType, "deploy", "", ""}}},
		{"deploy:\n  provider: scripts\n  script: a\n  strategy: git\n  on:\n    branches: main", []Message{
			{2, RepairedValue, "deploy.provider", "", "script"}, {6, UnknownKey, "deploy.on", "branches", ""},
		}},
		{"deploy: {provider: script, scrpt: a}", []Message{{1, RepairedKey, "deploy", "scrpt", "script"}}},
		{"deploy: {provider: heroku, app_name: a, onn: b, on: {tags: yes}}", nil},
		{"script:\n- a\n- echo \"b: c\"", []Message{{3, CommandMapping, "root.script", "", ""}}},
		{"env:\n- \"A='\"", []Message{{2, InvalidEnv, "env.jobs", "", ""}}},
		{"if: branch =", []Message{{1, InvalidCondition, "root.if", "", ""}}},
	} {
		if got := parse(t, c.text).Messages; !slices.Equal(got, c.want) {
			t.Errorf("%s\n got %v\nwant %v", c.text, got, c.want)
		}
	}
}

func TestLinesAreThoseOfTheFile(t *testing.T) {
	for _, text := range []string{"\n\nscript:\n- a\n", "\n\nscript: [\na, *unknown]\n", "\n\n  script:\n  - a\n"} {
		if line := parse(t, text).Root.Get("script").Items[0].Line; line != 4 {
			t.Errorf("%q: line %d", text, line)
		}
	}
}

func TestAFileThatCannotBeReadIsAnError(t *testing.T) {
	for _, text := range []string{
		"a: [", "- a", "just text", "? [a]\n: b", "a:\n\tb: c", "a: b: c", "'a", "%YAML 9",
		strings.Repeat("[", 20_000), strings.Repeat("a: {", 20_000), strings.Repeat("- ", 20_000), strings.Repeat("x", largestFile+1),
		"a: [" + strings.Repeat("x,", mostMarks) + "]",
	} {
		if _, err := Parse(context.Background(), []byte(text)); err == nil {
			t.Errorf("%.40q is read", text)
		}
	}
	_, err := Parse(context.Background(), []byte("script: [*unknown]\nb: c: d"))
	if err == nil || err.Error() != "line 2: mapping values are not allowed in this context" {
		t.Errorf("got %v", err)
	}
	if config := parse(t, ""); len(config.Root.Fields) != 2 {
		t.Errorf("an empty file has %v", config.Root.Fields)
	}
}

// hostile are files that are small and mean much.
func hostile() map[string]string {
	lists, merges := "_a0: &a0 [x, x]\n", "_b0: &b0 {k: v}\n"
	for level := range 30 {
		lists += fmt.Sprintf("_a%d: &a%d [*a%d, *a%d]\n", level+1, level+1, level, level)
		merges += fmt.Sprintf("_b%d: &b%d {<<: [*b%d, *b%d], k%d: v}\n", level+1, level+1, level, level, level)
	}
	var keys, aliases strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&keys, "k%d: v\n", i)
		fmt.Fprintf(&aliases, "*y%d, ", i)
	}
	wide := "_w: &w {" + strings.ReplaceAll(keys.String(), "\n", ", ") + "}\n"
	return map[string]string{
		"lists of aliases":  lists + "script: *a30\nenv: *a30\njobs: *a30\ndeploy: *a30\nstages: *a30\n",
		"merged aliases":    merges + "jobs: {include: [*b30, *b30]}\n",
		"wide merges":       wide + "jobs:\n" + strings.Repeat("- <<: *w\n", 20_000),
		"many axes":         "os: [linux, osx]\nrvm: &l [" + strings.Repeat("x, ", 5_000) + "]\ngemfile: *l\njdk: *l\nenv: *l\n",
		"wide root":         keys.String() + "rvm: [" + strings.Repeat("x, ", 20_000) + "]\n",
		"unknown aliases":   "script: [" + aliases.String() + "]\n",
		"a long key":        strings.Repeat("scrip", 200_000) + ": a\n",
		"nested values":     "env:\n- A=" + strings.Repeat("$(", 500_000) + "\n",
		"unclosed quotes":   "env:\n- A=" + strings.Repeat("$(\"", 300_000) + "\n",
		"nested brackets":   "script: " + strings.Repeat("[", 20_000) + "\n",
		"closed brackets":   "script: " + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "\n",
		"nested mappings":   "env: " + strings.Repeat("{a: ", 20_000) + "x" + strings.Repeat("}", 20_000) + "\n",
		"nested lines":      strings.Repeat("- ", 20_000) + "x\n",
		"nested questions":  strings.Repeat("? ", 20_000) + "x\n",
		"its own alias":     "script: &a [*a, *a]\nenv: &b {c: *b}\n",
		"its own merge":     "_a: &a {<<: *a, b: c}\njobs: {include: [{<<: *a}]}\n",
		"merges in a ring":  "_a: &a {<<: [*b, *a]}\n_b: &b {<<: [*a, *b]}\n<<: [*a, *b]\n",
		"a huge anchor":     "_a: &" + strings.Repeat("a", 1_000_000) + " x\nscript: *" + strings.Repeat("a", 1_000_000) + "\n",
		"many anchors":      "script: [" + strings.Repeat("&a x, *a, ", 50_000) + "]\n",
		"many documents":    strings.Repeat("---\nscript: x\n", 50_000),
		"many tags":         "script: " + strings.Repeat("!!str ", 50_000) + "x\n",
		"a huge number":     "rvm: [" + strings.Repeat("9", 500_000) + ", 1e999999999, 0x" + strings.Repeat("f", 500_000) + "]\n",
		"a folded text":     "script: >\n" + strings.Repeat("  a\n\n", 100_000),
		"nested conditions": "if: " + strings.Repeat("(env", 300_000) + "\n",
	}
}

func TestAStoppedContextStopsIt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	config := parse(t, "rvm: [1, 2]")
	cancel()
	if _, err := Parse(ctx, []byte("script: a")); !errors.Is(err, context.Canceled) {
		t.Errorf("Parse: %v", err)
	}
	if _, err := config.Build(ctx, pushToMain); !errors.Is(err, context.Canceled) {
		t.Errorf("Build: %v", err)
	}
}
