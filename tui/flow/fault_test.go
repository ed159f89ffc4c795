package flow_test

import (
	"net/http"
	"strings"

	"convox-travis/internal/faults"
)

// failWrites makes Travis refuse every write for a while.
func (w *world) failWrites(fail bool) {
	w.travis.Faults.Clear()
	if fail {
		w.travis.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1, Match: func(r faults.Request) bool { return r.Method == http.MethodPost }})
	}
}

// failVariables makes Travis refuse to set variables, and nothing else.
func (w *world) failVariables() {
	w.travis.Faults.Clear()
	w.travis.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1, Match: func(r faults.Request) bool {
		return r.Method == http.MethodPost && strings.HasSuffix(r.Path, "/env_vars")
	}})
}
