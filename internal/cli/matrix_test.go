//go:build unix

package cli

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/convox/convoxtest"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/travisapi/travistest"
)

// way is a way in, for apply.
type way struct {
	name   string
	args   func(*inside) []string
	host   func(*inside) string // what CONVOX_HOST becomes
	secret func(*inside) string
	stored func(*inside) string // what CONVOX_PASSWORD becomes
}

var (
	canary       = func(*inside) string { return secrettest.Canary }
	quotedSecret = func(*inside) string { return quotedCanary }
	deployKey    = func(w *inside) string { return w.setting("DEMO_DEPLOY_KEY") }
	toRack       = func(w *inside) string { return w.setting("DEMO_RACK_HOST") }
	toConsole    = func(w *inside) string { return w.setting("DEMO_CONSOLE_HOST") }
)

const (
	byHost = "Rack by host"
	byName = "Rack by name"
)

var ways = []way{
	{"Console", func(w *inside) []string { return []string{"--console=" + toConsole(w), "--rack", "acme/production"} }, toConsole, deployKey, deployKey},
	{byHost, func(w *inside) []string { return []string{"--host", toRack(w)} }, toRack, canary, quotedSecret},
	{byName, func(w *inside) []string { return []string{"--rack", "production", "--region", "us-east-1"} }, toRack, canary, quotedSecret},
}

// ownCertificate is a Rack that signs its own, under a name that is not exempt
// from having it looked at.
var ownCertificate = way{
	"Rack with a certificate of its own",
	func(w *inside) []string {
		return []string{"--host", "rack.example.com", "--fingerprint", w.Rack.Fingerprint()}
	},
	func(*inside) string { return "rack.example.com" }, canary, quotedSecret,
}

// before is what a repository has when it is found.
type before struct {
	name string
	vars []travistest.EnvVar
}

var befores = []before{
	{"new repository", nil},
	{"repository with a pair", []travistest.EnvVar{
		{ID: "11111111-1111-4111-8111-111111111111", Name: "CONVOX_HOST", Value: "rack.old-1600000000.us-east-1.convox.site"},
		{ID: "22222222-2222-4222-8222-222222222222", Name: "CONVOX_PASSWORD", Value: "old"},
	}},
}

const matrixRepo = "acme/web"

// part is the part of the matrix that is about one request.
type part struct {
	way    way
	before before
	at     place
	blows  []blow
}

func (p part) String() string { return fmt.Sprintf("%s, %s, %s", p.way.name, p.before.name, p.at) }

func (w *inside) apply(y way) ending {
	w.Helper()
	args := append([]string{"apply", "--repo", matrixRepo, "--password-stdin", "--json"}, y.args(w)...)
	return w.run(y.secret(w)+"\n", args...)
}

// found lays what the repository has, and forgets what was asked.
func (w *inside) found(b before) {
	w.Travis.SetEnvVars(matrixRepo, b.vars)
	w.Travis.Pardon() // the runs before count for neither side
	if err := os.RemoveAll(filepath.Join(w.dir, "cache")); err != nil {
		w.Fatal(err)
	}
	for _, s := range w.servers() {
		s.layer.Forget()
	}
}

// TestMatrixFactsOfApply makes every request of an apply fail in every way: to a new
// repository for each sign-in method, and to one that has both variables for a single
// method, since what Travis is asked then doesn't depend on it. The requests are found
// by recording a run without a fault, so the matrix grows with the program. Its size is
// what
//
//	go test -v -run Matrix ./internal/cli | grep cases:
//
// prints.
func TestMatrixFactsOfApply(t *testing.T) {
	shareAWS(t)
	var parts []part
	for _, y := range ways {
		for _, b := range befores {
			if y.name != byHost && b.vars != nil {
				continue
			}
			for _, at := range recorded(t, y, b) {
				if y.name == byName && at.server == "Travis" {
					continue // the same as with the Rack by host
				}
				p := part{y, b, at, blows(at)}
				if at.server == "Console" {
					p.blows = append(p.blows, otherCertificate(at))
				}
				parts = append(parts, p)
			}
		}
	}
	for _, at := range recorded(t, ownCertificate, befores[0]) {
		if at.server == "Rack" {
			parts = append(parts, part{ownCertificate, befores[0], at, []blow{otherCertificate(at)}})
		}
	}
	if len(parts) < 20 {
		t.Fatalf("only %d requests were recorded", len(parts))
	}
	var cases tally
	var held matrixFacts
	sideBySide(t, parts, func(t *testing.T, p part) { p.play(t, &cases, &held) })
	held.compare(t, "matrix-apply")
	t.Logf("apply: %s, at %d requests, in %d ways", &cases, len(parts), len(parts[0].blows))
	cases.want(t, exitDone, exitFailed, exitUsage, exitPartial, exitRefused)
}

// recorded is what a good run asks.
func recorded(t *testing.T, y way, b before) []place {
	t.Helper()
	good := newInside(t)
	if y.name == ownCertificate.name {
		good.signsItsOwn()
	}
	good.found(b)
	good.want(good.apply(y), 0)
	return good.places()
}

// signsItsOwn gives the Rack a certificate of its own, and a name.
func (w *inside) signsItsOwn() {
	w.Helper()
	if err := w.Rack.SetCertificate(convoxtest.OldRack); err != nil {
		w.Fatal(err)
	}
	w.network.routes["rack.example.com:443"] = w.Rack.Host
}

// play plays all blows of a part, one after the other in one world.
func (p part) play(t *testing.T, cases *tally, ended *matrixFacts) {
	w := newInside(t)
	if p.way.name == ownCertificate.name {
		w.signsItsOwn()
	}
	for _, b := range p.blows {
		w.found(p.before)
		heal := w.suffer(p.at, b)
		e := w.apply(p.way)
		fell := heal()
		cases.count(e.code, fell)
		ended.note(p.way.name+", "+p.before.name, p.at, b, fell, e, w.allVars())
		w.judge(p, b, e)
		if e.code != exitDone {
			w.want(w.apply(p.way), 0, `"result":"done"`)
		}
		w.wantPair(matrixRepo, "CONVOX_HOST="+p.way.host(w), "CONVOX_PASSWORD="+p.way.stored(w))
		if t.Failed() {
			t.Fatalf("that was: %s\n%s%s", b, e.err, e.out)
		}
	}
}

// judge holds a run that met a blow against what Travis really has.
func (w *inside) judge(p part, b blow, e ending) {
	w.Helper()
	document := w.document(e)
	r := document.Repositories[0]
	failed := document.Error != nil || r.Error != nil
	code := ""
	if r.Error != nil {
		code = r.Error.Code
	}
	reported := map[string]string{"CONVOX_HOST": "", "CONVOX_PASSWORD": ""}
	for _, v := range r.Variables {
		reported[v.Name] = *v.Result
	}
	want := map[string]string{"CONVOX_HOST": p.way.host(w), "CONVOX_PASSWORD": p.way.stored(w)}
	have := map[string][]string{}
	for _, v := range w.Travis.EnvVars(matrixRepo) {
		have[v.Name] = append(have[v.Name], v.Value)
		if v.Public {
			w.Errorf("%s is public", v.Name)
		}
	}
	stands := false
	for name, result := range reported {
		isNew := slices.Contains(have[name], want[name])
		if result == "done" && !isNew || result == "failed" && isNew || result == "undone" && len(have[name]) > 0 || result == "" && isNew {
			w.Errorf("%s is reported as %q, and Travis has it: %t", name, result, isNew)
		}
		stands = stands || result == "done" || result == "unknown" || code == "variable_lost"
	}
	hasPassword := slices.Contains(have["CONVOX_PASSWORD"], want["CONVOX_PASSWORD"])
	hosts := have["CONVOX_HOST"]
	if hasPassword && len(hosts) > 0 && hosts[len(hosts)-1] != want["CONVOX_HOST"] {
		w.Errorf("the new password meets %s", hosts)
	}
	// What cannot be taken away again, because Travis lets nobody in any more, is
	// named.
	isUnknown := reported["CONVOX_HOST"] == "unknown" || reported["CONVOX_PASSWORD"] == "unknown"
	if half := len(hosts) != len(have["CONVOX_PASSWORD"]); half && !isUnknown && code != "variable_lost" && !(b.lasting && p.at.server == "Travis") {
		w.Errorf("it left %q", w.pair(matrixRepo))
	}
	w.wantExit(p, b, e.code, failed, stands)
	word := map[int]string{exitDone: "done", exitFailed: "failed", exitUsage: "failed", exitPartial: "partial", exitRefused: "refused"}[e.code]
	if document.Result != word || failed != (e.code != exitDone) || failed != strings.Contains(e.err, "error: ") {
		w.Errorf("exit %d, result %q, failed: %t, and it says %q", e.code, document.Result, failed, e.err)
	}
	if ahead := w.clock.reset(); ahead > maxPauses {
		w.Errorf("it wanted to wait for %v", ahead)
	}
}

// wantExit holds the exit code against the design's list.
func (w *inside) wantExit(p part, b blow, code int, failed, stands bool) {
	w.Helper()
	unchanged := slices.EqualFunc(w.Travis.EnvVars(matrixRepo), p.before.vars, func(a, b travistest.EnvVar) bool {
		return a.ID == b.ID && a.Value == b.Value
	})
	switch {
	case !failed:
		if code != exitDone || w.pair(matrixRepo) != "CONVOX_HOST="+p.way.host(w)+"\nCONVOX_PASSWORD="+p.way.stored(w) {
			w.Errorf("exit %d without an error, and Travis has\n%s", code, w.pair(matrixRepo))
		}
	case stands:
		if code != exitPartial {
			w.Errorf("exit %d, and something stands", code)
		}
	case !unchanged:
		w.Errorf("exit %d, nothing stands by the report, and Travis has\n%s", code, w.pair(matrixRepo))
	case code != cmp.Or(b.exit, exitFailed):
		w.Errorf("exit %d", code)
	}
}
