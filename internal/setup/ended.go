package setup

import "errors"

// Ended is why the reading for a plan ended before all repositories were read,
// or nil: nothing can be written either.
func (p Plan) Ended() error {
	var ended error
	for _, r := range p.Repositories {
		if !endsRun(r.Err) {
			continue
		}
		ended = r.Err
		if decided, is := errors.AsType[*Error](ended); !is || decided.code != CodeNotBegun {
			return ended // the one that ended it
		}
	}
	return ended
}
