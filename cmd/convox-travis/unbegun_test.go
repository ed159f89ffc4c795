package main

import (
	"encoding/json"
	"strings"
	"testing"

	"convox-travis/internal/secret/secrettest"
)

// A script that asked for JSON gets its one document, whatever is wrong with the
// command line.
func TestWrongUsageIsToldInTheDocumentOfItsCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for line, fields := range map[string]string{
		"apply --json --nope":                            "host repositories warnings",
		"apply --nope --json=document":                   "host repositories warnings",
		"apply --json --repo ":                           "host repositories warnings",
		"apply --json --branch a..b":                     "host repositories warnings",
		"apply --json --owner acme":                      "host repositories warnings",
		"apply --json --timeout -1s":                     "host repositories warnings",
		"apply --json --timeout soon":                    "host repositories warnings",
		"apply --json --password CANARY":                 "host repositories warnings",
		"apply --json acme/web":                          "host repositories warnings",
		"apply --json=xml":                               "host repositories warnings",
		"apply --json":                                   "host repositories warnings",
		"remove --json --nope":                           "host repositories warnings",
		"remove --json --branch main --all-branches":     "host repositories warnings",
		"check --json --nope":                            "host repositories findings",
		"check --json --owner acme --all --build":        "host repositories findings",
		"racks --json --nope":                            "racks skipped",
		"racks --json --region ":                         "racks skipped",
		"racks --json production":                        "racks skipped",
		"reset-password --json":                          "rack phase changes",
		"reset-password production --json --nope":        "rack phase changes",
		"reset-password production --json --timeout -1s": "rack phase changes",
		"yml --json --nope":                              "file diff lines",
		"yml --json --step nope":                         "file diff lines",
		"yml --json --write --check":                     "file diff lines",
		"--json --nope":                                  "host repositories warnings",
		"--json --accessible --password-stdin":           "host repositories warnings",
		"--json":                                         "host repositories warnings",
	} {
		args := strings.Split(strings.ReplaceAll(line, "CANARY", secrettest.Canary), " ")
		e := w.run("", args...)
		w.want(e, 2, "error: ")
		var document map[string]json.RawMessage
		if err := json.Unmarshal([]byte(e.out), &document); err != nil {
			t.Errorf("%s: %v in %q", line, err, e.out)
			continue
		}
		for _, name := range append(strings.Fields(fields), "version", "result", "error") {
			if _, has := document[name]; !has && name != "result" {
				t.Errorf("%s: no %s in %s", line, name, e.out)
			}
		}
		if !strings.Contains(string(document["error"]), `"code":"usage"`) || strings.Count(e.err, "error: ") != 1 {
			t.Errorf("%s: %s%s", line, e.out, e.err)
		}
	}
	for _, line := range []string{"apply --nope", "apply --json=lines --nope", "check --json=lines --nope", "racks --nope", "demo --json", "apply -- --json"} {
		if e := w.run("", strings.Fields(line)...); e.code != 2 || e.out != "" {
			t.Errorf("%s: exit %d, %q", line, e.code, e.out)
		}
	}
	w.wantNoWrite()
}
