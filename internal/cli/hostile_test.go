//go:build unix

package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"al.essio.dev/pkg/shellescape"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/cfn/cfntest"
	"convox-travis/internal/convox"
	"convox-travis/internal/convox/convoxtest"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/travisapi/travistest"
)

// What a name from outside can try: to colour, to write the clipboard and the
// title, to clear the screen in the way of eight bits, to turn the reading
// direction, to hide, to begin a line of its own, and to fill the screen.
const (
	forged   = "error: forged"
	inLetter = "\u009b2J\u202eB\u2066\u2028\u200b\u200d\ufeff\r\n" + forged + "\t語e\u0301" // also in XML
	hostile  = "\x1b[31;45mA\x1b]52;c;ZXZpbA==\x07\x1b]0;title\x1b\\" + inLetter
	innocent = "[31;45mA" // what is left of it, and shows that it was shown
)

var long = strings.Repeat("w", 300)

// file lays a file, and its folder where that is not there.
func (w *world) file(text string, elements ...string) string {
	w.Helper()
	name := filepath.Join(elements...)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		w.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
	return name
}

// harmless fails the test when a text could steer a terminal that it is written
// to line by line.
func harmless(t testing.TB, place, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if !utf8.ValidString(line) || shellescape.StripUnsafe(line) != line || strings.HasPrefix(line, forged) {
			t.Errorf("%s: %q", place, line)
		}
	}
}

// poisoned puts a server before the small Travis, and appends what is hostile to
// each text of its answers but those that calls and decisions need.
func (w *world) poisoned() *world {
	w.Helper()
	real, err := url.Parse(w.setting("TRAVIS_ENDPOINT"))
	if err != nil {
		w.Fatal(err)
	}
	between := httputil.NewSingleHostReverseProxy(real)
	between.ModifyResponse = func(answer *http.Response) error {
		var document any
		if json.NewDecoder(answer.Body).Decode(&document) != nil {
			return nil
		}
		text, err := json.Marshal(poison("", document))
		answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
		answer.Header.Del("Content-Length")
		return err
	}
	server := httptest.NewServer(between)
	w.Cleanup(server.Close)
	w.env["TRAVIS_ENDPOINT"] = server.URL
	return w
}

func poison(key string, value any) any {
	kept := []string{"@type", "@href", "id", "provider", "vcs_type", "public_key", "error_type", "value", "slug"}
	switch value := value.(type) {
	case map[string]any:
		for k := range value {
			if k == "name" && strings.HasPrefix(fmt.Sprint(value[k]), "CONVOX_") {
				continue // else it is none of the pair
			}
			value[k] = poison(k, value[k])
		}
	case []any:
		for i := range value {
			value[i] = poison(key, value[i])
		}
	case string:
		if !slices.Contains(kept, key) {
			return value + hostile + long
		}
	}
	return value
}

// besieged is a world of which everything that comes from outside is hostile.
func (w *world) besieged() *world {
	w.Helper()
	set := func(id, name, branch string, public bool) travistest.EnvVar {
		return travistest.EnvVar{ID: id, Name: name, Value: "x", Branch: &branch, Public: public}
	}
	w.Travis.SetEnvVars("acme/web", []travistest.EnvVar{
		set("1", "CONVOX_HOST", hostile+long, false), set("2", "CONVOX_PASSWORD", "own"+hostile, false), set("3", "RACK_URL", "", false),
		set("4", "X"+hostile, "", false), set("5", "CONVOX_PASSWORD", "open"+hostile, true),
	})
	w.Travis.SetOrganizationEnvVars("acme", []travistest.EnvVar{{Name: "RACK_URL", Value: hostile, Public: true}})
	w.Travis.AddRepository(travistest.Repository{Slug: "acme/" + hostile + long, Active: true, EnvVars: []travistest.EnvVar{{Name: "CONVOX_HOST", Value: "h"}}})
	w.Rack.SetSystem(convoxtest.System{Name: hostile, Status: hostile, Provider: hostile, Region: hostile, Version: hostile})
	w.Console.AddRack(convox.Rack{Organization: hostile, Name: "production"})
	w.Console.AddRack(convox.Rack{Organization: "acme", Name: hostile + long, Status: hostile, Provider: hostile, Region: hostile, Version: hostile})
	w.AWS.AddStack(cfntest.Stack{
		Region: "us-east-1", Name: "evil" + inLetter + long, Status: "UPDATE_" + inLetter + "_FAILED", Tags: map[string]string{"System": "convox", "Type": "rack"},
		Outputs:    map[string]string{"Dashboard": inLetter + long, "Version": inLetter + long, "Rack": inLetter},
		Parameters: map[string]string{"WhiteList": inLetter + "," + long, "PrivateApi": "Yes"},
	})
	return w.poisoned()
}

// hostileFile is a .travis.yml with all of it that YAML takes, and a step that
// deploys; without its last line it has none.
var hostileFile = "language: ruby # \u202eB\u2066\u200b" + long + "\n" +
	`env: {global: ["CONVOX_HOST=\e[31;45mA", "RACK_URL=x\e[31;45mA"]}` + "\n" +
	`script: "\e[31;45mA\e]52;c;ZXZpbA==\a\u009b2J\r\n` + forged + `" # [31;45mA` + "\u202e\u200b\n" +
	`after_success: "convox deploy --rack '\e[31;45mA\u202e' --app \e[31;45mA"` + "\n"

func TestNothingFromOutsideSteersTheTerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone().saved().besieged()
	gitIn(t, w.dir, "remote", "add", "evil", "https://x:"+secrettest.Canary+"@gitlab.com/acme/"+hostile)
	w.writeYML(hostileFile)
	noStep := filepath.Join(w.dir, "other.yml")
	if err := os.WriteFile(noStep, []byte(hostileFile[:strings.Index(hostileFile, "after_success")]), 0o600); err != nil {
		t.Fatal(err)
	}
	rack, console := w.setting("DEMO_RACK_HOST"), "--console="+w.setting("DEMO_CONSOLE_HOST")
	for name, run := range map[string]struct {
		args  string // divided by blanks; an E is all that is hostile
		input string
		shows bool // what is left of it
	}{
		"racks":            {args: "racks"},
		"a profile":        {args: "racks --profile E", shows: true},
		"a region":         {args: "racks --region E"},
		"remove":           {args: "remove --repo acme/web --all-branches --dry-run", shows: true},
		"remove, asked":    {args: "remove --repo acme/web --all-branches --accessible", input: "n\n", shows: true},
		"check":            {args: "check --repo acme/web", shows: true},
		"check, in JSON":   {args: "check --repo acme/web --json", shows: true},
		"check all":        {args: "check --owner acme --all", shows: true},
		"check a Rack":     {args: "check --repo acme/web --password-stdin --host " + rack, input: w.password(), shows: true},
		"check a Console":  {args: "check --repo acme/web --rack acme/none --password-stdin " + console, input: w.key(), shows: true},
		"apply":            {args: "apply --repo acme/web --saved --rack production --dry-run", shows: true},
		"apply, in JSON":   {args: "apply --repo acme/web --saved --rack production --allow-mixed --json", shows: true},
		"apply, for good":  {args: "apply --repo acme/web --saved --rack production --allow-mixed", shows: true},
		"apply, read-only": {args: "apply --repo acme/handbook --saved --rack production"},
		"apply, Console":   {args: "apply --repo acme/web --rack acme/none --password-stdin " + console, input: w.key(), shows: true},
		"a Rack":           {args: "apply --saved --rack E", shows: true},
		"a host":           {args: "apply --saved --host E"},
		"a branch":         {args: "apply --branch E"},
		"a repository":     {args: "apply --repo acme/E"},
		"a list":           {args: "apply --repos-from - --saved --rack production", input: hostile},
		"a file":           {args: "apply --repos-from E --saved --rack production"},
		"a flag":           {args: "--E", shows: true},
		"a flag's value":   {args: "apply --timeout E"},
		"a command":        {args: "E"},
		"an endpoint":      {args: "check --travis-endpoint E"},
		"yml":              {args: "yml --rack production --branch main --app web", shows: true},
		"yml --explain":    {args: "yml --explain", shows: true},
		"yml --check":      {args: "yml --check --rack production --branch main --app web", shows: true},
		"yml of a file":    {args: "yml --explain --file E", shows: true},
		"an app":           {args: "yml --rack production --branch main --app E"},
		"a guide":          {args: "reset-password E --region us-east-1 --guide", shows: true},
		"a reset":          {args: "reset-password E --region us-east-1 --password-stdin --yes", input: brandNew, shows: true},
		"the demo":         {args: "demo E"},
		"a completion":     {args: "__complete apply --repo acme/"},
		"yml, in JSON":     {args: "yml --rack production --branch main --app web --json --file " + noStep, shows: true},
		"the plain lines":  {args: "--accessible", input: "1\nevil\n1\n<\n"},
		"plain, Console":   {args: "--accessible " + console, input: w.key(), shows: true},
		"plain, to Review": {args: "--accessible --saved --rack production", input: "yes\nno\n\n", shows: true},
	} {
		args := strings.Split(run.args, " ")
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "E", hostile)
		}
		e := w.run(run.input, args...)
		if name == "yml" || name == "yml --check" { // a diff in a pipe is the file's own text
			e.out = ansi.Strip(w.onTerminal("", "", args...).out)
		}
		harmless(t, name+", standard output", e.out)
		harmless(t, name+", standard error", e.err)
		if run.shows != strings.Contains(e.out+e.err, innocent) {
			t.Errorf("%s shows something hostile: %t\n%s%s", name, !run.shows, e.out, e.err)
		}
	}
}

// Why CloudFormation took an update back is AWS's own text.
func TestNoReasonOfAStackSteersTheTerminal(t *testing.T) {
	t.Parallel()
	for name, driven := range map[string]func(*world) ending{
		"a script":        func(w *world) ending { return w.resetsTo(brandNew) },
		"a script's JSON": func(w *world) ending { return w.resetsTo(brandNew, "--json=lines") },
	} {
		w := resetWorld(t)
		w.AWS.FailNextUpdate("us-east-1", w.setting("DEMO_RACK"), cfntest.Fate{Resource: "ServiceMonitorApi", Reason: inLetter})
		e := driven(w)
		harmless(t, name, e.out)
		harmless(t, name, e.err)
		if !strings.Contains(e.out+e.err, "forged\\t語") && !strings.Contains(e.out+e.err, "forged 語") && !strings.Contains(e.out+e.err, "forged語") {
			t.Errorf("%s does not show it: exit %d\n%s%s", name, e.code, e.out, e.err)
		}
	}
}

// A name that is offered behind the end of a long list stands in the prompt.
func TestNoNameThatIsOfferedSteersTheTerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone().saved()
	const other = "rack.other-1234.us-east-1.convox.site"
	w.env["CONVOX_CONFIG"] = filepath.Dir(w.file(`{"`+other+`": "x"}`, w.dir, "settings", "auth"))
	w.file(other, w.dir, "settings", "host")
	rack := func(name, host string) {
		w.AWS.AddStack(cfntest.Stack{
			Region: "us-east-1", Name: name, Status: "UPDATE_COMPLETE",
			Tags: map[string]string{"System": "convox", "Type": "rack"}, Outputs: map[string]string{"Dashboard": host},
		})
	}
	for i := range 20 {
		rack(fmt.Sprintf("a%d", i), fmt.Sprintf("rack.a%d-1234.us-east-1.convox.site", i))
	}
	rack("z"+inLetter, other)
	e := w.run("1\n", "--accessible")
	w.want(e, 2, "part of a name [z2JB")
	harmless(t, "the prompt", e.out+e.err)
}
