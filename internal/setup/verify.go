package setup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"convox-travis/internal/problem"
	"convox-travis/travisapi"
)

// verifyRounds is how often the pair is read back and mended: somebody else's
// write to the same repository at the same moment can lose one of ours.
const verifyRounds = 3

// verify reads names, branches and privacy back, and mends what is not as it
// was written. A private value is never given back, so success means accepted
// and there, not compared.
func (p *pairRun) verify(calls Stop) error {
	p.tell(StepVerify, "")
	for round := 1; ; round++ {
		wrong, err := p.readBack(calls.Hard)
		switch {
		case err != nil:
			return &problem.Error{
				Code:   "not_verified",
				Action: fmt.Sprintf("%s: both variables were accepted, but could not be read back", p.repository.Target),
				Hints:  []string{"run this again: it ends in the same state"},
				Cause:  err,
			}
		case len(wrong) == 0:
			return nil
		case round == verifyRounds:
			p.doubt(wrong)
			return overwritten(p.repository.Target, wrong)
		}
		p.doubt(wrong)
		for _, w := range wrong {
			if err := p.mend(calls, w); err != nil {
				return err
			}
		}
	}
}

// readBack lists what is not as it was written. What was accepted and is not there
// is looked for again: a list can be behind.
func (p *pairRun) readBack(ctx context.Context) ([]deviation, error) {
	for pause := betweenLooks; ; pause *= 2 {
		vars, err := p.travis.EnvVars(ctx, p.ref)
		if err != nil {
			return nil, err
		}
		wrong := p.wrong(vars)
		absent := slices.ContainsFunc(wrong, func(d deviation) bool { return d.write && d.id == "" })
		if !absent || pause > longestLook || p.stop.Asked() != nil || p.retry.Defaults().Clock.Sleep(ctx, pause) != nil {
			return wrong, nil
		}
	}
}

// longestLook is the longest pause before another look at the list.
const longestLook = time.Second

// doubt takes back what was said of variables that were read back otherwise,
// until they are written again.
func (p *pairRun) doubt(wrong []deviation) {
	for _, d := range wrong {
		if d.write {
			p.states[d.name].result = Unknown
		}
	}
}

func overwritten(target Target, wrong []deviation) error {
	var names []string
	err := &problem.Error{Code: "overwritten", Object: target.String()}
	for _, d := range wrong {
		names = append(names, d.name)
		if d.name == PasswordName && d.public {
			err.Hints = append(err.Hints, "the new password is public there: make it private, and change it wherever it is good")
		}
	}
	err.Reason = fmt.Sprintf("not as it was written: %s; something else writes to these settings", strings.Join(names, " and "))
	err.Hints = append(err.Hints, "find out what else sets variables of this repository, then run this again")
	return err
}

// deviation is a variable that is not as it was written.
type deviation struct {
	name    string
	write   bool               // it has to be written again
	id      string             // what stands in its place; "" is nothing
	public  bool               // whether that is public
	doubles []travisapi.EnvVar // others of its name and scope
}

func (p *pairRun) wrong(vars []travisapi.EnvVar) []deviation {
	var all []deviation
	for _, name := range []string{HostName, PasswordName} {
		last, others, found := lastInScope(vars, name, p.branch)
		p.public[name] = found && last.Public
		d := deviation{name: name, id: last.ID, public: last.Public, doubles: others}
		d.write = !found || last.Public || last.ID != p.states[name].id
		if d.write || len(others) > 0 {
			all = append(all, d)
		}
	}
	return all
}

func (p *pairRun) mend(calls Stop, d deviation) error {
	if err := p.stop.Asked(); err != nil {
		return p.stopped(err)
	}
	if d.write {
		if err := p.put(calls, d.name, d.id); err != nil {
			return err
		}
	}
	for _, double := range d.doubles {
		if err := p.deleteDouble(calls, double); err != nil {
			return err
		}
	}
	return nil
}
