package build

import "context"

// Outcome is what an event makes of a file, and what its jobs do.
type Outcome struct {
	Event  Event
	Build  *Build
	Played []Played // one per job of Build
}

// EventsOf returns the kinds of builds of a repository: a push to a branch, a push to
// another branch, a pull request from that one to the first, a tag, and a cron and an API
// build of the first. The repository is OWNER/NAME, or "" if unknown.
func EventsOf(repo, branch string) []Event {
	other := "feature/x"
	if branch == other {
		other = "feature/y"
	}
	return []Event{
		{Type: Push, Repo: repo, Branch: branch},
		{Type: Push, Repo: repo, Branch: other},
		{Type: PullRequest, Repo: repo, Branch: branch, HeadBranch: other, HeadRepo: repo},
		{Type: Push, Repo: repo, Branch: "v1.0", Tag: "v1.0"},
		{Type: Cron, Repo: repo, Branch: branch},
		{Type: API, Repo: repo, Branch: branch},
	}
}

// Outcomes returns what each event makes of a file, in order. The error is that of ctx,
// of a file that makes too many jobs, or of starting the player.
func (p Player) Outcomes(ctx context.Context, c *Config, events []Event) ([]Outcome, error) {
	outcomes := make([]Outcome, len(events))
	for i, event := range events {
		made, err := c.Build(ctx, event)
		if err != nil {
			return nil, err
		}
		outcomes[i] = Outcome{Event: event, Build: made}
	}
	played, err := p.play(ctx, func(yield func(Script) bool) {
		for _, outcome := range outcomes {
			for _, job := range outcome.Build.Jobs {
				if !c.asksNumber {
					job.Number = "" // equal jobs are played once
				}
				if !yield(ScriptOf(job, outcome.Event)) {
					return
				}
			}
		}
	})
	if err != nil {
		return nil, err
	}
	for i := range outcomes {
		jobs := len(outcomes[i].Build.Jobs)
		outcomes[i].Played, played = played[:jobs:jobs], played[jobs:]
	}
	return outcomes, nil
}

// Phases returns the names of the phases that a job sets, in the order in which they run.
func (j Job) Phases() []string {
	set := []string{}
	for _, phase := range phases {
		if isSet(j.Config.Get(phase)) {
			set = append(set, phase)
		}
	}
	return set
}
