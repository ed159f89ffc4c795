package setup

import "convox-travis/internal/problem"

// Ended is why the reading for a plan ended before all repositories were read,
// or nil: nothing can be written either.
func (p Plan) Ended() error {
	var ended error
	for _, r := range p.Repositories {
		if !endsRun(r.Err) {
			continue
		}
		ended = r.Err
		if problem.Code(ended) != CodeNotBegun {
			return ended // the one that ended it
		}
	}
	return ended
}
