package flow

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"convox-travis/internal/connect"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/problem"
	"convox-travis/internal/text"
	"convox-travis/travisapi"
)

var repositoryStep = step{
	id: StepRepository, name: "Repository",
	wait:  until("reading the clone", func(f *Flow) bool { return f.found.cloneDone }),
	pass:  (*Flow).passRepository,
	begin: (*Flow).listRepositories,
	ask: func(f *Flow) Question {
		rows, title, help := f.repositoryRows(), "Which repository?", repositoryHelp
		if f.answers.onlyExisting {
			title, help = "Which repositories get the new values?", repositoryHelp[2:]
		}
		q := Question{
			Kind: Pick, Title: title,
			Reason:   f.repositoryReason(),
			Help:     help,
			Headings: []string{"REPOSITORY", "PROVIDER"},
			Rows:     rows,
			Growing:  !f.found.repositoriesDone,
			Several:  true,
			Initial:  Value{Key: f.likelyRepository(rows), Keys: f.pickedKeys()},
		}
		switch {
		case f.found.repositoriesErr != nil:
			q.More = "not all are listed: " + f.found.repositoriesErr.Error()
		case q.Growing && f.answers.onlyExisting:
			q.More = "asking Travis which have both variables"
		case q.Growing:
			q.More = "asking Travis for more"
		default:
			q.Found = text.Count(len(f.found.repositories), "repository") + ", " + inSeconds(f.found.repositoriesTook)
		}
		return q
	},
	take: (*Flow).takeRepositories,
	do: func(f *Flow) *Work {
		if f.needsOwned() {
			return f.listOwned()
		}
		return nil
	},
	shown: func(f *Flow) string {
		if len(f.answers.targets) == 0 {
			return ""
		}
		branches := "all branches"
		if f.answers.branch != "" {
			branches = "only branch " + f.answers.branch
		}
		return nameOf(f.targets()) + " · " + branches
	},
}

var repositoryHelp = []string{
	"Listed are the repositories of this clone's remotes, then those of your Travis account.",
	"You can pick several: they get the same two variables. The deploy step is then added in each clone, with convox-travis yml.",
	"Travis never shows the values of private variables, so it can't tell which Rack a repository already deploys to.",
	"If a repository is missing, enter its name: Travis can be asked to sync.",
}

// cloneSource is the setting of the clone that decided on the repository, or "".
func (f *Flow) cloneSource() string {
	target, source, ok := connect.CloneTarget(f.found.clone, f.given.Provider)
	if !ok || source == "" || target != f.only() || len(f.given.Targets) > 0 {
		return ""
	}
	return source
}

// passRepository takes the repositories that the flags name, or the clone's if there is only one.
func (f *Flow) passRepository() bool {
	target, _, isDecided := connect.CloneTarget(f.found.clone, f.given.Provider)
	switch {
	case f.problem != nil:
		return false
	case len(f.given.Targets) > 0:
		f.setTargets(f.given.Targets)
	case f.answers.onlyExisting:
		return false // nothing but the person decides
	case f.outside.Owned != nil: // they are listed next
	case isDecided:
		f.setTargets([]connect.Target{target})
	default:
		return false
	}
	return true
}

// takeRepositories takes what was marked, or the focused row. A name that is entered is one more.
func (f *Flow) takeRepositories(v Value) {
	if f.needsOwned() {
		return
	}
	keys := v.Keys
	if len(keys) == 0 && v.Key != typeRow {
		keys = []string{v.Key}
	}
	f.answers.marked = nil
	for _, key := range keys {
		if provider, slug, found := strings.Cut(key, " "); found {
			f.answers.marked = append(f.answers.marked, connect.Target{Provider: travisapi.Provider(provider), Slug: slug})
		}
	}
	if len(f.answers.marked) > 0 {
		f.setTargets(f.answers.marked)
	}
	if v.Key == typeRow {
		f.answers.repository = typeRow
	}
	f.answers.entry = v.Text
}

func (f *Flow) needsOwned() bool {
	return f.outside.Owned != nil && len(f.answers.targets) == 0 && !f.chosen[StepRepository]
}

func (f *Flow) listOwned() *Work {
	owned := f.outside.Owned
	return f.travisWork("listing the repositories", func(stop connect.Stop, travis Travis, _ Tell) Outcome {
		targets, _, err := owned(stop.Soft, travis)
		if err != nil {
			return Outcome{Err: err, To: fixedAt(err, StepRepository)}
		}
		return Outcome{Set: func(f *Flow) { f.setTargets(targets) }}
	})
}

var slugStep = step{
	id: StepSlug, name: "Repository",
	when: func(f *Flow) bool { return f.answers.repository == typeRow },
	ask: func(f *Flow) Question {
		return Question{
			Kind: Text, Title: "What's the repository's name?",
			Reason:  []string{"OWNER/NAME on GitHub, or its address on GitHub, GitLab, Bitbucket or Assembla."},
			Initial: Value{Text: cmp.Or(f.answers.entry, f.answers.slug)},
			Check: func(v Value) error {
				_, err := readTarget(v.Text)
				return err
			},
		}
	},
	take: func(f *Flow, v Value) {
		target, _ := readTarget(v.Text) // Check read it
		f.answers.slug, f.answers.entry = v.Text, ""
		f.setTargets(append(slices.Clone(f.answers.marked), target))
		if !f.several() {
			f.answers.repository = typeRow // an error is fixed here
		}
	},
}

func readTarget(text string) (connect.Target, error) {
	remote, err := gitrepo.ParseRepository(text)
	switch {
	case err != nil:
		return connect.Target{}, err
	case remote.Host == "":
		return connect.Target{Provider: travisapi.GitHub, Slug: remote.Slug}, nil
	case remote.Provider == "":
		return connect.Target{}, &problem.Error{Reason: "Travis doesn't support " + remote.Host, Hints: []string{"go back and pick it from the list"}}
	}
	return connect.Target{Provider: travisapi.Provider(remote.Provider), Slug: remote.Slug}, nil
}

// several reports whether more than one repository was picked.
func (f *Flow) several() bool { return len(f.answers.targets) > 1 }

// targets are the repositories to set up: those that were picked and not left out.
func (f *Flow) targets() []connect.Target {
	if f.result.read == nil {
		return f.answers.targets
	}
	return f.readTargets(func(r connect.RepositoryPlan) bool { return !f.isLeftOut(r) })
}

// only is the repository that was picked, the zero Target where several were.
func (f *Flow) only() connect.Target {
	if len(f.answers.targets) != 1 {
		return connect.Target{}
	}
	return f.answers.targets[0]
}

func (f *Flow) onlyKnown() travisapi.Repository {
	if f.several() || f.result.read == nil {
		return travisapi.Repository{}
	}
	return f.result.read.Repositories[0].Repository
}

// setTargets takes repositories, and drops the answers about others.
func (f *Flow) setTargets(targets []connect.Target) {
	targets = connect.RemoveDuplicates(targets)
	if !slices.Equal(f.answers.targets, targets) {
		f.result.read, f.answers.unknown, f.answers.inactive, f.answers.leftOut = nil, 0, 0, nil
		f.answers.allowMixed = f.given.AllowMixed
		f.answers.encrypt = false // the file may be another repository's
	}
	f.answers.targets = targets
	if len(targets) > 0 {
		f.answers.repository = repositoryKey(targets[0])
	}
}

func nameOf(targets []connect.Target) string {
	if len(targets) != 1 {
		return text.Count(len(targets), "repository")
	}
	return targets[0].String()
}

// fixedAt is the step where an error can be fixed: the account's if Travis rejects the token.
func fixedAt(err error, otherwise string) string {
	if travisapi.Failed(err, travisapi.CodeUnknownToken, travisapi.CodeLoginRequired) {
		return StepAccount
	}
	return otherwise
}

func (f *Flow) likelyRepository(rows []Row) string {
	if f.answers.repository != "" || f.answers.onlyExisting {
		return f.answers.repository
	}
	if len(f.found.clone.Candidates()) > 0 {
		return rows[0].Key // also one that can't be picked: its namesake elsewhere is another repository
	}
	for _, row := range rows {
		if row.Disabled == "" {
			return row.Key
		}
	}
	return ""
}

func repositoryKey(t connect.Target) string { return string(t.Provider) + " " + t.Slug }

// cloneTargets are what the clone can be on Travis.
func (f *Flow) cloneTargets() []connect.Target {
	return connect.CloneTargets(f.found.clone, f.given.Provider)
}

// pickedKeys are the rows of several that were picked before. A single one has the focus instead.
func (f *Flow) pickedKeys() []string {
	var keys []string
	if f.several() {
		for _, target := range f.answers.targets {
			keys = append(keys, repositoryKey(target))
		}
	}
	return keys
}

// withPicked adds those of several that were named and aren't listed.
func (f *Flow) withPicked(rows []Row) []Row {
	if !f.several() {
		return rows
	}
	listed := make(map[string]bool, len(rows))
	for _, row := range rows {
		listed[row.Key] = true
	}
	for _, target := range f.answers.targets {
		if key := repositoryKey(target); !listed[key] {
			rows = append(rows, Row{Key: key, Cells: []string{target.Slug, string(target.Provider)}, Note: "not in your account's list", Warn: true})
		}
	}
	return rows
}

// listRepositories starts to list the account's repositories, once, and again after an error.
func (f *Flow) listRepositories() {
	if f.found.repositoriesErr == nil && (f.found.repositoriesDone || f.found.repositories != nil) {
		return
	}
	f.forgetRepositories()
	f.found.repositories = []travisapi.Repository{} // started
	token, outside, listing := f.token(), f.outside, f.found.listing
	isOnly, branch := f.answers.onlyExisting, f.given.Branch
	f.result.searches = append(f.result.searches, func(ctx context.Context, tell func(Update)) {
		start := time.Now()
		found := latest(tell, func(f *Flow) bool { return f.found.listing == listing })
		add := func(page []travisapi.Repository) {
			found(func(f *Flow) { f.found.repositories = append(f.found.repositories, page...) })
		}
		travis, err := outside.Travis(token)
		switch {
		case err != nil:
		case isOnly:
			var existing []travisapi.Repository
			existing, err = outside.listExisting(ctx, travis, branch)
			add(existing)
		default:
			_, err = travis.Repositories(ctx, travisapi.ListOptions{Page: add})
		}
		took := time.Since(start)
		found(func(f *Flow) {
			f.found.repositoriesErr, f.found.repositoriesTook, f.found.repositoriesDone = err, took, true
		})
	})
}

// forgetRepositories drops the list, and what of it is still on its way.
func (f *Flow) forgetRepositories() {
	f.found.listing++
	f.found.repositories, f.found.repositoriesErr, f.found.repositoriesDone = nil, nil, false
}

func (f *Flow) repositoryRows() []Row {
	rows, host := make([]Row, 0, len(f.found.repositories)+4), f.Host()
	listed := map[string]int{}
	remotes := f.found.clone.Candidates()
	if f.answers.onlyExisting {
		remotes = nil // only the list knows what is set
	}
	for _, remote := range remotes {
		provider, ok := connect.MatchProvider(remote, f.given.Provider)
		if !ok {
			rows = append(rows, Row{
				Key: "remote " + remote.Host + " " + remote.Slug, Cells: []string{remote.Slug, remote.Host},
				Note: remote.Source(), Disabled: f.whyNot(remote),
			})
			continue
		}
		key := string(provider) + " " + remote.Slug
		listed[strings.ToLower(key)] = len(rows)
		rows = append(rows, Row{
			Key: key, Cells: []string{remote.Slug, string(provider)}, Note: remote.Source(), Warn: !remote.IsRemote(),
		})
	}
	for _, r := range f.found.repositories {
		provider := string(cmp.Or(r.Provider, travisapi.GitHub))
		key := provider + " " + r.Slug
		detail := []Detail{{"default branch", r.DefaultBranch}, {"will deploy to", host}}
		if i, isListed := listed[strings.ToLower(key)]; isListed {
			rows[i].Detail = detail
			continue
		}
		row := Row{Key: key, Cells: []string{r.Slug, provider}, Detail: detail}
		switch {
		case r.Denies("create_env_var"):
			row.Disabled = "you can't change its settings"
		case !r.Active:
			row.Note, row.Warn = "inactive on Travis", true
		}
		rows = append(rows, row)
	}
	return append(f.withPicked(rows), Row{Key: typeRow, Cells: []string{"Enter a repository…"}, Other: true})
}

func (f *Flow) repositoryReason() []string {
	if f.answers.onlyExisting {
		return []string{
			"These have both variables" + connect.OnBranch(f.given.Branch) + ". Mark those that deploy to " + f.Host() + ".",
			"Travis doesn't show which Rack or Console a repository uses.",
		}
	}
	var reason []string
	for _, remote := range f.found.clone.Candidates() {
		if remote.Setting != "" {
			reason = append(reason, remote.Source()+" names "+remote.Slug+"; a setting alone doesn't decide.")
			break
		}
	}
	switch {
	case f.found.cloneErr != nil:
		reason = append(reason, "Can't read this clone: "+strings.TrimPrefix(f.found.cloneErr.Error(), "read the clone: ")+".")
		if problem.Has(f.found.cloneErr, gitrepo.CodeOwnership) {
			reason = append(reason, ProblemOf(f.found.cloneErr).Do...)
		}
	case len(f.found.clone.Candidates()) == 0:
		reason = append(reason, "There's no clone with a remote here.")
	case len(f.cloneTargets()) == 0:
		reason = append(reason, "This clone's remotes are on hosts that Travis doesn't support.")
	}
	if reason == nil {
		return []string{"Both variables go into its Travis settings."}
	}
	return reason
}

func (f *Flow) whyNot(remote gitrepo.Remote) string {
	if remote.Provider == "" {
		return "Travis doesn't support this host"
	}
	return "not on " + string(f.given.Provider)
}

// inSeconds is a duration such as 0.4 s, which is never none.
func inSeconds(d time.Duration) string {
	return fmt.Sprintf("%.1f s", max(d, 100*time.Millisecond).Seconds())
}
