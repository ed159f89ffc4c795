//go:build unix

package cli

import (
	"slices"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/faults"
	"convox-travis/travisapi/travistest"
)

func previews(r faults.Request) bool { return strings.HasSuffix(r.Path, "/request/preview") }

func TestTravisHasTheLastWordInACheck(t *testing.T) {
	t.Parallel()
	const denied = `{"@type": "error", "error_type": "insufficient_access", "error_message": "operation requires create_request access to repository", "permission": "create_request"}`
	toMaster := strings.Replace(goodFile, "branch: main", "branch: master", 1)
	importing := "language: ruby\nimport: deploy.yml\n"
	const imported = "acme/web:deploy.yml@main"
	for name, c := range map[string]struct {
		file    string // "" is goodFile
		reading travistest.Reading
		fault   faults.Kind
		code    int
		codes   string
		travis  travisDocument
	}{
		"it agrees": {travis: travisDocument{Confirmed: true}},
		"it differs": {
			reading: travistest.Reading{Text: toMaster}, code: 5, codes: "warning never_deploys, note yml_differs",
			travis: travisDocument{Difference: "Travis reads job 1.1 differently than convox-travis: deploy"},
		},
		"it differs for the better": {
			file: toMaster, reading: travistest.Reading{Text: goodFile}, codes: "note yml_differs",
			travis: travisDocument{Difference: "Travis reads job 1.1 differently than convox-travis: deploy"},
		},
		"it imports the step": {
			file: importing, reading: travistest.Reading{Text: goodFile, Sources: []string{imported}},
			travis: travisDocument{Confirmed: true, Imports: []string{imported}},
		},
		"it denies": {
			reading: travistest.Reading{Status: 403, Body: denied},
			travis:  travisDocument{Reason: "preview a build of acme/web: Travis denied create_request (HTTP 403)"},
		},
		"it doesn't know the call": {
			reading: travistest.Reading{Status: 404, Body: "<html>"},
			travis:  travisDocument{Reason: "preview a build of acme/web: Travis doesn't know it, or this account can't see it (HTTP 404)"},
		},
		"it can't read the file": {
			reading: travistest.Reading{Status: 400, Body: "{}"},
			travis:  travisDocument{Reason: "preview a build of acme/web: Travis doesn't accept these values (HTTP 400)"},
		},
		"it is busy": {
			reading: travistest.Reading{Status: 429, Body: "Retry later"},
			travis:  travisDocument{Reason: "preview a build of acme/web: too many requests in a minute (HTTP 429)"},
		},
		"it hangs":            {fault: faults.Hang, travis: travisDocument{Reason: "preview a build of acme/web: no answer in 1s"}},
		"it answers in HTML":  {fault: faults.WrongContentType, travis: travisDocument{Reason: "preview a build of acme/web: a web page answers, not Travis's API (HTTP 200)"}},
		"its answer is huge":  {fault: faults.EndlessBody, travis: travisDocument{Reason: "preview a build of acme/web: the answer is too large (HTTP 200)"}},
		"its jobs are null":   {reading: travistest.Reading{Status: 200, Body: `{"request_config": {"config": {}}, "job_configs": null}`}, travis: travisDocument{Reason: "preview a build of acme/web: the answer isn't one of Travis's"}},
		"its jobs are nested": {reading: travistest.Reading{Status: 200, Body: `{"request_config": {"config": {}}, "job_configs": [{"config": {"a":` + strings.Repeat("[", 600) + strings.Repeat("]", 600) + `}}]}`}, travis: travisDocument{Reason: "read Travis's answer: job 1: the file is nested too deep"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newInside(t)
			w.setUp()
			if c.file == "" {
				c.file = goodFile
			}
			w.checkout(t, c.file)
			w.Travis.ReadAs("acme/web", c.reading)
			if c.fault != "" {
				w.deadline = time.Second
				w.Travis.Faults.Add(faults.Rule{Kind: c.fault, Match: previews, Times: -1})
			}
			e := w.run("", "check", "--json")
			w.want(e, c.code)
			document := w.checked(e)
			if codes := codesOf(document); codes != c.codes {
				t.Errorf("found %s", e.out)
			}
			got := document.Repositories[0].Travis
			c.travis.Imports = append([]string{}, c.travis.Imports...)
			if got == nil || got.Confirmed != c.travis.Confirmed || got.Difference != c.travis.Difference || got.Reason != c.travis.Reason || !slices.Equal(got.Imports, c.travis.Imports) {
				t.Errorf("Travis said %+v", got)
			}
			w.Travis.Pardon() // of a 429
			text := w.run("", "check")
			w.want(text, c.code)
			if strings.Contains(text.out, "Travis confirms what a push") != c.travis.Confirmed || text.err != "" {
				t.Errorf("it says %q, %q", text.out, text.err)
			}
			w.wantNoWrite()
		})
	}
}

func TestAPreviewOfACheckObeysTheTimeout(t *testing.T) {
	w := newInside(t)
	w.setUp()
	w.checkout(t, goodFile)
	w.Travis.Faults.Add(faults.Rule{Kind: faults.Hang, Match: previews, Times: -1})
	begun := time.Now()
	w.want(w.run("", "check", "--timeout", "1s"), exitFailed, "--timeout")
	if took := time.Since(begun); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestNothingIsPreviewedOfAnotherRepository(t *testing.T) {
	t.Parallel()
	w := newInside(t)
	w.setUp()
	w.checkout(t, goodFile)
	w.want(w.run("", "check", "--repo", "acme/admin"), 0)
	if sent := w.Travis.Previews(); len(sent) > 0 {
		t.Errorf("%+v", sent)
	}
}
