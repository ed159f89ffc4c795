package flow_test

import (
	"net/http"

	"convox-travis/internal/faults"
)

// failWrites makes Travis refuse every write for a while.
func (w *world) failWrites(fail bool) {
	w.travis.Faults.Clear()
	if fail {
		w.travis.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1, Match: func(r faults.Request) bool { return r.Method == http.MethodPost }})
	}
}
