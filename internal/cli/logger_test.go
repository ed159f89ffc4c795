//go:build unix

package cli

import (
	"strings"
	"testing"

	"convox-travis/internal/faults"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/terminal"
)

// babbling lets every server send more than it was asked for, over HTTP/1.1 and,
// where http2 is set, has HTTP/2 explained by the standard logger.
func babbling(t *testing.T, http2 bool) *world {
	t.Helper()
	w := newWorld(t).watched()
	for _, layer := range []*faults.Layer{&w.Travis.Faults, &w.AWS.Faults, &w.Rack.Faults, &w.Console.Faults} {
		layer.Add(faults.Rule{Kind: faults.Unsolicited, Times: -1})
	}
	w.env["GODEBUG"] = "http2client=0"
	if http2 {
		w.env["GODEBUG"] = "http2debug=2"
	}
	w.secrets = append(w.secrets, faults.UnsolicitedText)
	return w
}

// A server's bytes come out of no command. w.run searches both streams.
func TestTheStandardLoggerIsSilent(t *testing.T) {
	t.Parallel()
	lost := "1\nproduction\n3\n3\nyes\n1\n1\nyes\nproduction\n"
	for name, c := range map[string]struct {
		input func(*world) string
		args  func(*world) []string
	}{
		"apply": {(*world).password, func(w *world) []string {
			return []string{"apply", "--rack", "production", "--repo", w.setting("DEMO_REPO"), "--password-stdin"}
		}},
		"apply to a Console": {(*world).key, func(w *world) []string {
			return []string{"apply", "--console=" + w.setting("DEMO_CONSOLE_HOST"), "--repo", w.setting("DEMO_REPO"), "--password-stdin"}
		}},
		"check": {(*world).password, func(w *world) []string {
			return []string{"check", "--rack", "production", "--repo", w.setting("DEMO_REPO"), "--password-stdin"}
		}},
		"remove": {(*world).password, func(w *world) []string { return []string{"remove", "--repo", w.setting("DEMO_REPO")} }},
		"racks":  {(*world).password, func(*world) []string { return []string{"racks"} }},
		"reset-password": {func(*world) string { return brandNew }, func(*world) []string {
			return []string{"reset-password", "production", "--region", "us-east-1", "--password-stdin", "--yes"}
		}},
		"yml": {(*world).password, func(w *world) []string {
			return []string{"yml", "--encrypt", "--rack", "production", "--app", "web", "--branch", "main", "--file", w.file("script: make\n", w.dir, ".travis.yml"), "--repo", w.setting("DEMO_REPO"), "--password-stdin"}
		}},
		"the wizard in plain lines": {func(*world) string { return lost }, func(w *world) []string {
			return []string{"--accessible", "--dry-run", "--repo", w.setting("DEMO_REPO")}
		}},
	} {
		for _, way := range []struct {
			http2 bool
			form  string
		}{{}, {form: "--json"}, {http2: true, form: "--json=lines"}} {
			t.Run(name+" "+way.form, func(t *testing.T) {
				t.Parallel()
				w := babbling(t, way.http2)
				args := c.args(w)
				if way.form != "" {
					args = append(args, way.form)
				}
				// How it ends depends on whether the next request meets those bytes.
				e := w.run(c.input(w), args...)
				if strings.Contains(e.err, "http2: ") {
					t.Error("the logger explains HTTP/2")
				}
				if e.code == exitUsage {
					t.Errorf("%s", e.err)
				}
			})
		}
	}
}

func TestTheStandardLoggerIsSilentOnTheFullScreen(t *testing.T) {
	t.Parallel()
	w := babbling(t, false).inClone().saved()
	z := w.open(terminal.Options{}, "--rack", "production", "--saved")
	z.sees(atReview)
	z.types(terminal.CtrlC)
	z.ends(130)
	secrettest.Absent(t, "the output", z.Output(), faults.UnsolicitedText)
}
