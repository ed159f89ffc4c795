//go:build unix

package cli

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mvdan.cc/sh/v3/shell"

	"convox-travis/internal/factstest"
	"convox-travis/internal/faults"
)

// factsRun is a run whose facts are held.
type factsRun struct {
	prepare func(*world)
	stopAt  func(faults.Request) bool // of Travis, upon which it is interrupted
	isRaced bool                      // which calls are made depends on what is faster
	input   string                    // the names of settings stand for their values
	args    string                    // so they do here
}

// TestFactsOfCommands compares the facts of runs of the program with
// testdata/facts/commands.txt.
func TestFactsOfCommands(t *testing.T) {
	t.Parallel()
	runs := append(factsOfExamples(t), factsRuns...)
	var mu sync.Mutex
	sheet := factstest.Sheet{}
	t.Run("run", func(t *testing.T) {
		times := map[string]int{}
		for _, r := range runs {
			times[r.args]++
			heading := r.args
			if n := times[r.args]; n > 1 {
				heading += fmt.Sprintf(" (%d)", n)
			}
			t.Run(heading, func(t *testing.T) {
				t.Parallel()
				lines := r.play(t)
				mu.Lock()
				defer mu.Unlock()
				sheet[heading] = lines
			})
		}
	})
	sheet.Compare(t, "commands", len(sheet) < len(runs))
}

func (r factsRun) play(t *testing.T) []string {
	w := newWorld(t)
	w.secrets = append(w.secrets, brandNew)
	if r.prepare != nil {
		r.prepare(w)
	}
	vars, files, stack := w.allVars(), w.allFiles(), w.stackPassword()
	args, err := shell.Fields(w.expanded(r.args), nil)
	if err != nil {
		t.Fatal(err)
	}
	cmd, out, errs := w.start(w.Context(), w.expanded(r.input), args...)
	if r.stopAt != nil {
		w.Travis.Faults.SetLatency(200 * time.Millisecond)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if r.stopAt != nil {
		w.awaits(r.stopAt)
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
	}
	e := w.ended(cmd.Wait(), out, errs)
	lines := append([]string{fmt.Sprintf("exit %d", e.code)}, jsonFacts(e.out)...)
	lines = append(lines, changes(vars, w.allVars())...)
	lines = append(lines, changes(files, w.allFiles())...)
	if w.stackPassword() != stack {
		lines = append(lines, "the Rack's stack has another password")
	}
	if r.stopAt == nil && !r.isRaced {
		lines = append(lines, w.httpFacts(slices.Contains([]int{exitDone, exitPartial, exitFound}, e.code))...)
	}
	return lines
}

// jsonFacts tells the fields of each line of JSON, and the values that scripts
// switch on.
func jsonFacts(out string) (lines []string) {
	switch {
	case out == "":
		return []string{"prints nothing"}
	case !strings.HasPrefix(out, "{"):
		return []string{"prints text"}
	}
	for line := range strings.Lines(out) {
		var document any
		if err := json.Unmarshal([]byte(line), &document); err != nil {
			return append(lines, "prints text behind JSON")
		}
		var values []string
		fields := fieldsOf(document, &values)
		text := fields + " " + strings.Join(values, " ")
		if len(lines) == 0 || lines[len(lines)-1] != text { // events come as often as AWS has them
			lines = append(lines, text)
		}
	}
	return lines
}

// switchedOn are the fields whose values are facts.
var switchedOn = []string{"result", "code", "phase", "severity", "action", "event", "verdict", "branch", "public", "step", "encrypted", "activated", "state"}

// fieldsOf names the fields of a value; those of an array's elements are taken
// together.
func fieldsOf(value any, values *[]string) string {
	switch value := value.(type) {
	case map[string]any:
		var fields []string
		for _, name := range slices.Sorted(maps.Keys(value)) {
			switch inner := value[name].(type) {
			case string, bool:
				if slices.Contains(switchedOn, name) {
					*values = append(*values, fmt.Sprintf("%s=%v", name, inner))
				}
			}
			fields = append(fields, name+fieldsOf(value[name], values))
		}
		return "{" + strings.Join(fields, " ") + "}"
	case []any:
		var all, same []string
		for _, element := range value {
			var inner []string
			if fields := fieldsOf(element, &inner); fields != "" {
				all = append(all, fields)
			}
			same = append(same, strings.Join(inner, " "))
		}
		*values = append(*values, inGroups(same)...)
		slices.Sort(all)
		return "[" + strings.Join(slices.Compact(all), "|") + "]"
	}
	return ""
}

// inGroups counts those that are alike, in the order in which they first come.
func inGroups(all []string) (groups []string) {
	count := map[string]int{}
	for _, one := range all {
		if count[one]++; count[one] == 1 && one != "" {
			groups = append(groups, one)
		}
	}
	for i, one := range groups {
		if n := count[one]; n > 1 {
			groups[i] = fmt.Sprintf("%d×(%s)", n, one)
		}
	}
	return groups
}

// allVars are the variables of all repositories, each with whatever tells a change.
func (w *world) allVars() map[[2]string]string {
	all := map[[2]string]string{}
	for _, slug := range w.slugs() {
		for _, v := range w.Travis.EnvVars(slug) {
			branch := "all branches"
			if v.Branch != nil && *v.Branch != "" {
				branch = "branch " + *v.Branch
			}
			what := v.Name + " for " + branch
			if v.Public {
				what += ", public"
			}
			all[[2]string{what, slug}] += v.Value + "\n"
		}
	}
	return all
}

func (w *world) slugs() []string {
	all := strings.Fields("ann/dotfiles ann/web")
	for _, name := range strings.Fields("web api admin billing payments mobile worker website handbook brand-new embedded") {
		all = append(all, "acme/"+name)
	}
	for i := range 40 {
		all = append(all, fmt.Sprintf("acme/service-%05d", i))
	}
	return all
}

// allFiles are the files of the world's place, and what is in them.
func (w *world) allFiles() map[[2]string]string {
	w.Helper()
	all := map[[2]string]string{}
	err := filepath.WalkDir(w.dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || strings.HasSuffix(entry.Name(), "cache")):
			return fs.SkipDir
		case entry.IsDir():
			return nil
		}
		text, err := os.ReadFile(path)
		all[[2]string{"file", strings.TrimPrefix(path, w.dir+"/")}] = string(text)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return all
}

// changes tells what was created, changed or deleted, and where.
func changes(before, after map[[2]string]string) (lines []string) {
	where := map[string][]string{}
	note := func(key [2]string, how string) { where[key[0]+" "+how] = append(where[key[0]+" "+how], key[1]) }
	for key, value := range after {
		if old, was := before[key]; !was {
			note(key, "created")
		} else if old != value {
			note(key, "changed")
		}
	}
	for key := range before {
		if _, is := after[key]; !is {
			note(key, "deleted")
		}
	}
	for what, places := range where {
		slices.Sort(places)
		lines = append(lines, what+": "+strings.Join(places, " "))
	}
	slices.Sort(lines)
	return lines
}

// asked is a request that a server got.
type asked struct {
	of    string // the repository or the server
	words string
	write bool
	at    time.Time
}

var (
	uuids     = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)
	ofBuild   = regexp.MustCompile(`/(build|request|job)/\d+`)
	ofSlug    = regexp.MustCompile(`\w+%2F[\w-]+`)
	ofRepo    = regexp.MustCompile(`/repo/(\d+)`)
	variables = regexp.MustCompile(`CONVOX_(HOST|PASSWORD)`)
)

// httpFacts tells what was asked: first what was read before anything was written,
// in any order, then in order what was written, and what was read between, a line
// for each repository and each server, those that are alike counted. A run that
// failed can have been stopped in the middle of its first reads.
func (w *world) httpFacts(readAll bool) (lines []string) {
	var all []asked
	for name, layer := range map[string]*faults.Layer{"Travis": &w.Travis.Faults, "Rack": &w.Rack.Faults, "Console": &w.Console.Faults} {
		for _, r := range layer.Requests() {
			one := asked{of: name, at: r.At, write: name == "Travis" && r.Method != http.MethodGet && !strings.HasSuffix(r.Path, "/preview")}
			path := ofBuild.ReplaceAllString(uuids.ReplaceAllString(r.Path, "ID"), "/$1/ID")
			if repo := ofRepo.FindStringSubmatch(path); repo != nil {
				one.of = repo[0]
				path = strings.Replace(path, repo[0], "/repo/ID", 1)
			}
			path = ofSlug.ReplaceAllString(path, "SLUG")
			one.words = name + " " + r.Method + " " + path
			if strings.Contains(path, "env_var") && one.write {
				one.words = strings.TrimSpace(one.words + " " + variables.FindString(r.Body))
			}
			all = append(all, one)
		}
	}
	slices.SortStableFunc(all, func(a, b asked) int { return a.at.Compare(b.at) })
	for _, call := range w.AWS.Calls() {
		_, action, _ := strings.Cut(call.Action, ":")
		write := !regexp.MustCompile(`^(Describe|Get|List|Assume)`).MatchString(action)
		all = append(all, asked{of: "AWS", words: call.Action, write: write})
	}
	first := map[string]bool{}
	wrote := map[bool]bool{} // of AWS, and of Travis
	then := map[string][]string{}
	reads := map[string][]string{}
	flush := func(of string) {
		slices.Sort(reads[of])
		then[of] = append(then[of], slices.Compact(reads[of])...)
		reads[of] = nil
	}
	for _, one := range all {
		onAWS := one.of == "AWS"
		switch {
		case one.write:
			wrote[onAWS] = true
			flush(one.of)
			then[one.of] = append(then[one.of], one.words)
		case !wrote[onAWS] && !(one.of == "Rack" && wrote[true]):
			first[one.words] = true
		default:
			reads[one.of] = append(reads[one.of], one.words)
		}
	}
	if wrote[true] { // a reset, whose new password is refused: maybe before this is sent
		delete(first, "Rack GET /system")
	}
	switch {
	case len(all) == 0:
		return []string{"asks nothing"}
	case readAll:
		lines = append(lines, "first: "+strings.Join(slices.Sorted(maps.Keys(first)), ", "))
	}
	var thens []string
	for of := range reads {
		flush(of)
	}
	for _, words := range then {
		thens = append(thens, "then: "+strings.Join(words, ", "))
	}
	slices.Sort(thens)
	return append(lines, inGroups(thens)...)
}

// inExample is the place that these examples assume: a clone, a saved
// login, the files that they read.
func inExample(w *world) {
	w.checkout(w.TB.(*testing.T), simple)
	git(w.TB.(*testing.T), w.dir, "update-ref", "refs/remotes/origin/main", "HEAD") // as after git clone
	git(w.TB.(*testing.T), w.dir, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
	w.saved()
	w.setUp()
	w.Travis.PlayBuilds(2*time.Second, w.Travis.OnBuild) // over at the second look, however slow the machine
	if err := os.WriteFile(filepath.Join(w.dir, "repositories.txt"), []byte("acme/web\nacme/api\n"), 0o600); err != nil {
		w.Fatal(err)
	}
}

// factsOfExamples are the commands of the README and the guide that end by themselves.
func factsOfExamples(t *testing.T) (runs []factsRun) {
	t.Helper()
	var text []byte
	for _, page := range []string{"README.md", "docs/guide.md"} {
		examples, err := os.ReadFile("../../" + page)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, examples...)
	}
	inputs := map[string]string{"deploy-key.txt": "$DEMO_DEPLOY_KEY\n", "new-password.txt": brandNew + "\n", "": ""}
	own := strings.NewReplacer("--console ", "--console=$DEMO_CONSOLE_HOST ", "rack.example-1234.us-east-1.convox.site", "$DEMO_RACK_HOST", `"`, "")
	code := false
	for _, line := range bytes.Split(text, []byte("\n")) {
		if bytes.HasPrefix(line, []byte("```")) {
			code = !code
		}
		command, _, _ := strings.Cut(string(line), "  #")
		command, _, _ = strings.Cut(command, " # ")
		piped, args, is := strings.Cut(command, "convox-travis ")
		if !code || !is || regexp.MustCompile(`^(demo|completion)|go install|go build`).MatchString(args) || strings.Contains(piped, "go ") || strings.Contains(piped, "source") {
			continue
		}
		args, file, _ := strings.Cut(args, " < ")
		args, _, _ = strings.Cut(args, " > ")
		input, known := inputs[strings.TrimSpace(file)]
		switch {
		case strings.Contains(piped, "DEMO_RACK_PASSWORD"):
			input = "$DEMO_RACK_PASSWORD\n"
		case strings.Contains(piped, "DEMO_DEPLOY_KEY"):
			input = "$DEMO_DEPLOY_KEY\n"
		case strings.Contains(piped, "echo"):
			input = brandNew + "\n"
		}
		if !known {
			t.Errorf("%q: what is in the file?", line)
		}
		runs = append(runs, factsRun{prepare: inExample, input: input, args: strings.TrimSpace(own.Replace(args + " "))})
	}
	if len(runs) < 15 {
		t.Errorf("only %d commands were found", len(runs))
	}
	return runs
}

const (
	withRack    = "--host $DEMO_RACK_HOST --password-stdin"
	withConsole = "--console=$DEMO_CONSOLE_HOST --password-stdin"
	rackSecret  = "$DEMO_RACK_PASSWORD\n"
	keySecret   = "$DEMO_DEPLOY_KEY\n"
)

// factsRuns are those beside the examples.
var factsRuns = slices.Concat(
	all(nil, rackSecret,
		"apply --json --repo acme/web "+withRack,
		"apply --json=lines --repo acme/web "+withRack,
		"apply --json --repo acme/admin "+withRack,
		"apply --json --repo acme/billing "+withRack,
		"apply --json --repo acme/billing --branch release "+withRack,
		"apply --json --repo acme/payments "+withRack,
		"apply --json --repo acme/payments --allow-mixed "+withRack,
		"apply --json --repo acme/mobile "+withRack,
		"apply --json --repo acme/worker "+withRack,
		"apply --json --repo acme/website "+withRack,
		"apply --json --repo acme/handbook "+withRack,
		"apply --json --repo acme/brand-new "+withRack,
		"apply --json --repo acme/nothere "+withRack,
		"apply --json --repo acme/embedded --provider gitlab "+withRack,
		"apply --json --repo acme/web --branch main "+withRack,
		"apply --json --repo acme/web --dry-run "+withRack,
		"apply --json=lines --repo acme/web --repo acme/admin --dry-run "+withRack,
		"apply --json --repo acme/web --repo acme/admin --skip-existing "+withRack,
		"apply --json --repo acme/web --repo acme/admin --only-existing "+withRack,
		"apply --json --repo acme/web --repo acme/api --repo acme/handbook "+withRack,
		"apply --json=lines --repo acme/web --repo acme/api "+withRack,
		"apply --json --owner acme --all --active --dry-run "+withRack,
		"apply --json --rack production --region us-east-1 --repo acme/web --password-stdin",
		"apply --json --rack nothere --repo acme/web --password-stdin",
		"apply --json --host 127.0.0.1:1 --no-verify --repo acme/web --password-stdin",
		"apply --json "+withRack,
	),
	all(nil, "wrong\n",
		"apply --json --repo acme/web "+withRack,
		"apply --json --repo acme/web "+withConsole,
		"check --json --repo acme/admin "+withRack,
	),
	all(nil, keySecret,
		"apply --json --repo acme/web "+withConsole,
		"apply --json --repo acme/web --rack acme/production "+withConsole,
		"apply --json --repo acme/web --rack acme/nothere "+withConsole,
		"apply --json --rack acme/production --owner acme --all --active --skip-existing "+withConsole,
	),
	// Which of two failures side by side is the first one is open, and so is how often
	// the reset before a rotation asks AWS.
	[]factsRun{
		{isRaced: true, prepare: resetAndListed, input: brandNew + "\n", args: "apply --json --repos-from repositories.txt --only-existing --rack production --region us-east-1 --password-stdin"},
		{isRaced: true, input: rackSecret, args: "apply --json --host 127.0.0.1:1 --repo acme/web --password-stdin"},
		{isRaced: true, input: rackSecret, args: "apply --json=document --repo acme/web " + withRack, prepare: anotherToken},
		{isRaced: true, input: rackSecret, args: "apply --json=lines --repo acme/web --repo acme/api " + withRack, prepare: anotherToken},
	},
	all(anotherToken, rackSecret,
		"check --json --repo acme/web",
		"remove --json --repo acme/admin --yes",
		"remove --json --repo acme/admin --repo acme/web --yes",
	),
	all(func(w *world) {
		w.Travis.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1, Match: posts("CONVOX_PASSWORD")})
	}, rackSecret, "apply --json --repo acme/web "+withRack),
	all(func(w *world) {
		w.Travis.Faults.Add(faults.Rule{Kind: faults.Hang, Times: -1, Match: func(r faults.Request) bool { return r.Method == http.MethodGet }})
	}, rackSecret,
		"apply --json --timeout 5s --repo acme/web "+withRack,
		"check --json --timeout 5s --repo acme/web",
		"remove --json --timeout 5s --yes --repo acme/admin"),
	all(nil, "",
		"remove --json --repo acme/admin --yes",
		"remove --json=lines --repo acme/admin --yes",
		"remove --json --repo acme/admin --dry-run",
		"remove --json --repo acme/admin",
		"remove --json --repo acme/billing --yes",
		"remove --json --repo acme/billing --branch release --yes",
		"remove --json --repo acme/worker --all-branches --yes",
		"remove --json --repo acme/web --yes",
		"remove --json --repo acme/admin --repo acme/mobile --yes",
		"remove --json --owner acme --all --yes",
		"check --json --repo acme/admin",
		"check --json=lines --repo acme/worker",
		"check --json --repo acme/mobile --repo acme/payments --repo acme/billing",
		"check --json --repo acme/handbook",
		"check --json --repo acme/nothere",
		"check --json=lines --owner acme --all",
		"check --json --build --repo acme/admin",
		"check --json --last-build --repo acme/admin",
		"check --json=lines --last-build --repo acme/mobile --repo acme/worker --repo acme/api",
		"check --last-build --repo acme/admin",
		"check --json --last-build --branch dev --repo acme/admin",
		"check --repo acme/admin",
		"racks", "racks --json", "racks --json=lines", "racks --json --region us-east-1", "racks --json --region nowhere-1",
		"reset-password production --region us-east-1 --dry-run",
		"reset-password production --region us-east-1 --dry-run --json",
		"reset-password production --region us-east-1 --dry-run --json=lines",
		"reset-password production --saved --yes --json",
		"reset-password production --guide",
		"reset-password nothere --dry-run --json",
	),
	all(nil, brandNew+"\n",
		"reset-password production --region us-east-1 --password-stdin --yes",
		"reset-password production --region us-east-1 --password-stdin --yes --json",
		"reset-password production --region us-east-1 --password-stdin --yes --json=lines",
		"reset-password sandbox --password-stdin --yes --json",
		"reset-password production --password-stdin --json",
	),
	all(nil, "production\n", "reset-password production --accessible"),
	all(func(w *world) { // a reset that was begun here
		w.saved()
		w.AWS.Faults.Add(faults.Rule{Kind: faults.Status500, Times: -1, Match: func(r faults.Request) bool { return strings.Contains(r.Body, "Action=ExecuteChangeSet") }})
		w.run("3\nyes\n1\n1\nyes\nproduction\n", "reset-password", "production", "--region", "us-east-1", "--accessible")
		w.AWS.Faults.Clear()
		for _, layer := range []*faults.Layer{&w.AWS.Faults, &w.Rack.Faults} {
			layer.Forget()
		}
	}, "", "reset-password production --region us-east-1 --saved --yes --json"),
	all(nil, "", "apply --json --owner acme --all --only-existing", "apply --json --repo acme/web --only-existing --skip-existing"),
	all(func(w *world) { w.setUp(); w.checkout(w.TB.(*testing.T), goodFile) }, rackSecret,
		"check --json", "check --json --build", "check --json "+withRack, "check --json=lines "+withRack),
	all(inYML(simple), "",
		"yml --json --console --rack acme/production --branch main --app web",
		"yml --json --console --rack acme/production --branch main --app web --write",
		"yml --json=lines --console --rack acme/production --branch main --app web",
		"yml --json --host $DEMO_RACK_HOST --branch main --app web --step after_success --write",
		"yml --json --check --branch main", "yml --check --branch main", "yml --json --explain", "yml --explain",
	),
	all(inYML(simple), rackSecret, "yml --json --encrypt --write --branch main --app web "+withRack),
	all(inYML(goodFile), "", "yml --json --check --rack production --branch main", "yml --json --rack production --branch main --app web --write"),
	all(inYML("a: [1\n"), "", "yml --json --console --rack acme/production --branch main --app web --write", "yml --json --check", "yml --json --explain"),
	all(inYML("language: c\nscript: 'true'\nbranches: {only: [other]}\n"), "", "yml --json --console --rack acme/production --branch main --app web", "yml --json --check --branch main"),
	all(nil, "",
		"--json", "--json --nope", "--json --accessible --password-stdin", "--nope", "aply", "aply --json", "--version", "help",
		"apply --json", "apply", "apply --json --nope", "apply --nope", "apply --json --repo= ", "apply --json --branch a..b", "apply --json --owner acme", "apply --json acme/web",
		"apply --json=xml", "apply --json=lines --nope", "apply --json --timeout soon", "apply --json --timeout -1s", "apply --json --password x", "apply --json --console --host a --repo acme/web",
		"remove --json", "remove --json --nope", "remove --json --branch main --all-branches", "remove --json --repo= ",
		"check --json", "check --json --nope", "check --json --owner acme --all --build", "check --json=lines --nope", "check --json --repo= ",
		"racks --json --nope", "racks --json --region= ", "racks --json production", "racks --nope",
		"reset-password --json", "reset-password production --json --nope", "reset-password production --json --region= ", "reset-password production --json --timeout -1s", "reset-password production --yes",
		"yml --json", "yml --json --nope", "yml --json --step nope", "yml --json --write --check", "yml --json --file= ",
		"demo --json", "completion nope",
	),
	[]factsRun{
		{stopAt: posts("CONVOX_HOST"), input: rackSecret, args: "apply --json --repo acme/web " + withRack},
		{stopAt: posts("CONVOX_PASSWORD"), input: rackSecret, args: "apply --json --repo acme/web " + withRack},
		{stopAt: func(faults.Request) bool { return true }, input: rackSecret, args: "apply --json --repo acme/web " + withRack},
		{stopAt: func(r faults.Request) bool { return r.Method == http.MethodDelete }, args: "remove --json --repo acme/admin --yes"},
		{stopAt: func(faults.Request) bool { return true }, args: "check --json --repo acme/admin"},
	},
)

// resetAndListed resets a password, and leaves the list of the repositories to rotate it in.
func resetAndListed(w *world) {
	w.want(w.run(brandNew+"\n", "reset-password", "production", "--region", "us-east-1", "--password-stdin", "--yes"), 0)
	list := w.run("", "apply", "--owner", "acme", "--all", "--only-existing")
	edited := strings.ReplaceAll(list.out, "acme/worker\n", "")
	if err := os.WriteFile(filepath.Join(w.dir, "repositories.txt"), []byte(edited), 0o600); err != nil {
		w.Fatal(err)
	}
}

func anotherToken(w *world) { w.Travis.SetToken("ann", "another") }

// all are runs in one kind of world.
func all(prepare func(*world), input string, commands ...string) (runs []factsRun) {
	for _, args := range commands {
		runs = append(runs, factsRun{prepare: prepare, input: input, args: strings.TrimSpace(args)})
	}
	return runs
}

func inYML(text string) func(*world) {
	return func(w *world) { w.checkout(w.TB.(*testing.T), text) }
}

// matrixFacts are what the runs of a matrix end with.
type matrixFacts struct {
	mu    sync.Mutex
	sheet factstest.Sheet
}

// decisive is what is said of a run's end; its fields are those of any run.
var decisive = regexp.MustCompile(`\b(code|result|phase)=\w+`)

// note adds a run that met a blow. Those that a slow machine can end otherwise are
// left out. Reads are made side by side: which one is met is open.
func (m *matrixFacts) note(runs string, at place, b blow, fell bool, e ending, vars map[[2]string]string, also ...string) {
	if !fell || b.kind == faults.Hang || raced {
		return
	}
	outcome := []string{fmt.Sprintf("exit %d", e.code)}
	if e.out != "" {
		outcome = append(outcome, decisive.FindAllString(strings.Join(jsonFacts(e.out), " "), -1)...)
	}
	heading := factstest.AnyOf + "reads of " + at.server
	if at.server == "Travis" && at.request.Method != http.MethodGet {
		heading = fmt.Sprintf("%s, Travis: %s %s", runs, at.request.Method, variables.FindString(at.request.Body))
		for _, key := range slices.SortedFunc(maps.Keys(vars), func(a, b [2]string) int { return strings.Compare(a[0], b[0]) }) {
			if key[1] == matrixRepo {
				outcome = append(outcome, strings.TrimSuffix(key[0], " for all branches"))
			}
		}
		if !b.refused { // a connection can be one that is not used
			outcome = append(outcome, also...)
		}
	} else if e.code == exitDone {
		return // a read beside it was enough, or it was made again
	}
	line := fmt.Sprintf("%s: %s", b, strings.Join(outcome, " "))
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sheet == nil {
		m.sheet = factstest.Sheet{}
	}
	m.sheet[heading] = append(m.sheet[heading], line)
}

var matrices = flag.Bool("matrices", false, "compare the facts of the fault matrices too: what they show depends a little on what is faster, so look at the lines")

func (m *matrixFacts) compare(t *testing.T, name string) {
	t.Helper()
	if raced || !*matrices { // raced plays a part of them
		return
	}
	for heading, lines := range m.sheet {
		slices.Sort(lines)
		m.sheet[heading] = slices.Compact(lines)
	}
	m.sheet.Compare(t, name, false)
}
