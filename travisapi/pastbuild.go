package travisapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"convox-travis/internal/transport"
)

// PastBuild is a build that is over (https://developer.travis-ci.com/resource/builds).
// None of its texts is validated.
type PastBuild struct {
	Build
	Event  string // push, pull_request, cron or api
	Branch string // for a pull request its target, for a tag the tag
	Tag    string
	Commit string // the start of its SHA, as git shows it, or ""
	Jobs   []Job  // in order

	request int
}

// Job is a job of a PastBuild.
type Job struct {
	ID           int    `json:"id"`
	Number       string `json:"number"` // 12.1
	State        string `json:"state"`  // like a build's; that of one that was never started can also be created
	AllowFailure bool   `json:"allow_failure"`
	Stage        Stage  `json:"stage"` // zero without stages
}

// Stage is a stage of a build.
type Stage struct {
	Number int    `json:"number"` // from 1
	Name   string `json:"name"`
}

type pastBuildAnswer struct {
	buildAnswer
	Event   string     `json:"event_type"`
	Branch  nameAnswer `json:"branch"`
	Tag     nameAnswer `json:"tag"` // null without one
	Request struct {
		ID int `json:"id"`
	} `json:"request"`
	Commit struct {
		SHA string `json:"sha"`
	} `json:"commit"`
	Jobs []Job `json:"jobs"`
}

type nameAnswer struct {
	Name string `json:"name"`
}

type pastBuildsAnswer struct {
	Builds []pastBuildAnswer `json:"builds"`
}

func (a pastBuildsAnswer) whole() bool {
	return a.Builds != nil && len(a.Builds) <= 1 && !slices.ContainsFunc(a.Builds, func(b pastBuildAnswer) bool { return !b.whole() })
}

// overStates are the states of builds that are over.
var overStates = []string{"passed", "failed", "errored", "canceled"}

// LastBuild returns the newest build of a branch that is over, of one of the events, or
// of any if none is given. Its ID is 0 if there is none.
//
// The order is that of the builds' numbers: a build that was canceled early may have no
// time at which it finished, and Travis sorts those first
// (https://github.com/travis-ci/travis-api, lib/travis/api/v3/queries/builds.rb).
func (c *Client) LastBuild(ctx context.Context, repository Ref, branch string, events ...string) (PastBuild, error) {
	r := repository.call(http.MethodGet, "/builds", "read the builds of")
	r.query = url.Values{
		"branch.name": {branch},
		"build.state": {strings.Join(overStates, ",")},
		"include":     {"build.jobs,build.request"},
		"limit":       {"1"},
		"sort_by":     {"id:desc"},
	}
	if len(events) > 0 {
		r.query.Set("build.event_type", strings.Join(events, ","))
	}
	answer, err := read(ctx, c, r, pastBuildsAnswer.whole)
	if err != nil || len(answer.Builds) == 0 {
		return PastBuild{}, err
	}
	found := answer.Builds[0]
	return PastBuild{
		Build: Build(found.buildAnswer), Event: found.Event, Branch: found.Branch.Name, Tag: found.Tag.Name,
		Commit: shortSHA(found.Commit.SHA), Jobs: found.Jobs, request: found.Request.ID,
	}, nil
}

// HasBuilds reports whether Travis has a build of a branch, or of a tag of that name. It
// lists builds: GET /repo/SLUG/branch/NAME would make Travis note the branch
// (https://github.com/travis-ci/travis-api, lib/travis/api/v3/models/repository.rb).
func (c *Client) HasBuilds(ctx context.Context, repository Ref, branch string) (bool, error) {
	r := repository.call(http.MethodGet, "/builds", "read the builds of")
	r.query = url.Values{"branch.name": {branch}, "limit": {"1"}}
	answer, err := read(ctx, c, r, pastBuildsAnswer.whole)
	return len(answer.Builds) > 0, err
}

func shortSHA(sha string) string {
	const shown = 7
	if len(sha) < shown || strings.Trim(sha, "0123456789abcdef") != "" {
		return ""
	}
	return sha[:shown]
}

// BuildFile is a config file that a build was made of. Its text can contain secrets.
type BuildFile struct {
	Source string `json:"source"` // OWNER/NAME:PATH@REF, or api
	Text   string `json:"config"`
}

type filesAnswer struct {
	Files []BuildFile `json:"raw_configs"`
}

func (a filesAnswer) whole() bool { return a.Files != nil }

// Files returns the files that a build was made of: its own .travis.yml first, then what
// that imports. A job's config, as Travis returns it, has no deployments
// (https://github.com/travis-ci/travis-api, lib/travis/api/v3/config_obfuscator.rb).
func (c *Client) Files(ctx context.Context, repository Ref, build PastBuild) ([]BuildFile, error) {
	r := repository.call(http.MethodGet, "/request/"+strconv.Itoa(build.request), "read the config of a build of")
	r.query = url.Values{"include": {"request.raw_configs"}}
	answer, err := read(ctx, c, r, filesAnswer.whole)
	return answer.Files, err
}

// longestLog limits a log, in bytes. Travis ends a job whose log exceeds 4 MB
// (https://docs.travis-ci.com/user/common-build-problems/).
const longestLog = 8 << 20

// Log returns a job's log, which can contain anything. The error has CodeNotFound if
// there is none, and CodeDenied if the repository's settings keep it from the account, or
// it is too old for them.
func (c *Client) Log(ctx context.Context, job Job) (log []byte, err error) {
	r := call{action: "read the log of", object: "job " + strconv.Itoa(job.ID), method: http.MethodGet, path: "/job/" + strconv.Itoa(job.ID) + "/log.txt", isText: true}
	err = c.config.Retry.Repeat(ctx, func(ctx context.Context) error {
		return c.attempt(transport.Until(ctx), r, func(body []byte) error {
			log = body
			return nil
		})
	})
	return log, err
}
