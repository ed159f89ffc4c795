package travisapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"convox-travis/internal/transport"
)

// BuildRequest is a request for a build, which Travis turns into one
// (https://developer.travis-ci.com/resource/request).
type BuildRequest struct {
	ID     int     `json:"id"`
	State  string  `json:"state"`  // pending, finished, …
	Result string  `json:"result"` // approved or rejected, once it is finished
	Builds []Build `json:"builds"` // once it is approved
}

func (r BuildRequest) isValid() bool { return r.ID > 0 }

// Build is a build (https://developer.travis-ci.com/resource/build).
type Build struct {
	ID     int    `json:"id"`
	Number string `json:"number"`
	State  string `json:"state"` // created, received, started, passed, failed, errored or canceled
}

func (b Build) isValid() bool { return b.ID > 0 && b.State != "" }

var overStates = []string{"passed", "failed", "errored", "canceled"}

// IsOver reports whether the build has reached its final state.
func (b Build) IsOver() bool { return slices.Contains(overStates, b.State) }

type pendingAnswer struct {
	Request BuildRequest `json:"request"`
}

func (a pendingAnswer) isValid() bool { return a.Request.isValid() }

// BuildOptions says which build to start
// (https://docs.travis-ci.com/user/triggering-builds/).
type BuildOptions struct {
	Branch  string
	Message string
	// Config replaces the branch's .travis.yml; nil doesn't.
	Config map[string]any
}

// StartBuild requests a build. It is sent once: a second request would start a second
// build. Some ten an hour are allowed (CodeRequestLimit).
func (c *Client) StartBuild(ctx context.Context, repository Ref, options BuildOptions) (BuildRequest, error) {
	r := repository.call(http.MethodPost, "/requests", "start a build of")
	request := map[string]any{"branch": options.Branch, "message": options.Message}
	if options.Config != nil {
		request["config"], request["merge_mode"] = options.Config, "replace"
	}
	r.body = map[string]any{"request": request}
	answer, err := once(transport.Until(ctx), c, r, pendingAnswer.isValid)
	return answer.Request, err
}

// BuildRequest reads the state of a request.
func (c *Client) BuildRequest(ctx context.Context, repository Ref, id int) (BuildRequest, error) {
	return read(ctx, c, repository.call(http.MethodGet, "/request/"+strconv.Itoa(id), "read a build request of"), BuildRequest.isValid)
}

// Build reads the state of a build.
func (c *Client) Build(ctx context.Context, id int) (Build, error) {
	r := call{action: "read build", object: strconv.Itoa(id), method: http.MethodGet, path: "/build/" + strconv.Itoa(id)}
	return read(ctx, c, r, Build.isValid)
}

// PreviewDeadline limits Preview, including the wait for its turn.
const PreviewDeadline = 5 * time.Second

// PreviewOptions is a file, and the event for which Travis should expand it. An empty field
// isn't sent: conditions that use it are then false.
type PreviewOptions struct {
	Text          string `json:"-"`                // of .travis.yml; it doesn't have to be the branch's own
	Event         string `json:"type,omitempty"`   // push, pull_request, cron or api
	Branch        string `json:"branch,omitempty"` // for a pull request its target; imported files are read from it
	Tag           string `json:"tag,omitempty"`
	HeadBranch    string `json:"head_branch,omitempty"` // for a pull request
	Sender        string `json:"sender,omitempty"`
	CommitMessage string `json:"commit_message,omitempty"`
}

// Preview is what Travis makes of a file. None of its texts is validated.
type Preview struct {
	Config   json.RawMessage   // an object: the file with its imports, with repaired keys and values
	Jobs     []json.RawMessage // one object per job, with everything it inherits, in order
	Messages []PreviewMessage
	Sources  []string // the files that were read: "api" for the one that was sent, otherwise OWNER/NAME:PATH@REF
}

// PreviewMessage is what Travis reports about a file. The file's values, which it quotes,
// are left out: they can be secrets.
type PreviewMessage struct {
	Section  string // where in the config: root, jobs.include, …
	Code     string // unknown_key, find_key, duplicate_key, …
	Key      string // the key that it is about, or the file to import that doesn't exist
	Original string // how the key is written, if Travis reads another one
	Other    string // the key that Key overwrites
	Known    string // the value that Travis reads instead of an unknown one
	Source   string // one of Sources
	Line     int    // counted from 1; 0 if Travis doesn't say
}

type previewAnswer struct {
	Sources []struct {
		Source string `json:"source"`
	} `json:"raw_configs"`
	Request configAnswer   `json:"request_config"`
	Jobs    []configAnswer `json:"job_configs"`
	// Only texts are needed from the arguments; they can be anything.
	Messages []struct {
		Section string                     `json:"key"`
		Code    string                     `json:"code"`
		Args    map[string]json.RawMessage `json:"args"`
		Source  string                     `json:"src"`
		Line    *int                       `json:"line"` // counted from 0
	} `json:"messages"`
}

type configAnswer struct {
	Config json.RawMessage `json:"config"`
}

func (a configAnswer) isValid() bool { return bytes.HasPrefix(a.Config, []byte("{")) }

func (a previewAnswer) isValid() bool {
	return a.Jobs != nil && a.Request.isValid() && !slices.ContainsFunc(a.Jobs, func(job configAnswer) bool { return !job.isValid() })
}

func (a previewAnswer) preview() Preview {
	p := Preview{Config: a.Request.Config}
	for _, source := range a.Sources {
		p.Sources = append(p.Sources, source.Source)
	}
	for _, job := range a.Jobs {
		p.Jobs = append(p.Jobs, job.Config)
	}
	for _, said := range a.Messages {
		text := func(name string) (text string) {
			_ = json.Unmarshal(said.Args[name], &text) // anything that isn't a text is dropped
			return text
		}
		message := PreviewMessage{
			Section: said.Section, Code: said.Code, Source: said.Source,
			Key: text("key"), Original: text("original"), Other: text("other"),
		}
		switch message.Code {
		case "find_value", "clean_value":
			message.Original, message.Known = "", text("value")
		case "unknown_import":
			message.Key = text("source")
		}
		if said.Line != nil && *said.Line >= 0 {
			message.Line = *said.Line + 1
		}
		p.Messages = append(p.Messages, message)
	}
	return p
}

// Preview lets Travis expand a file as for an event; nothing is built. Travis adds
// imports and the variables of the repository's settings. It requires the same permission
// as starting a build, and counts as a POST, so it is sent once. The web page's build
// preview uses it (https://github.com/travis-ci/travis-api,
// lib/travis/api/v3/services/request/preview.rb and queries/request_preview.rb); the
// answer is travis-yml's (https://github.com/travis-ci/travis-yml,
// lib/travis/yml/configs/configs.rb).
//
// A failure says nothing about other calls: no answer within PreviewDeadline is
// CodeTimeout, a file that Travis can't read is CodeInvalid.
func (c *Client) Preview(ctx context.Context, repository Ref, options PreviewOptions) (Preview, error) {
	r := repository.call(http.MethodPost, "/request/preview", "preview a build of")
	r.asks = true
	r.body = map[string]any{"configs": []map[string]string{{"config": options.Text, "mode": "replace"}}, "data": options}
	if options.Branch != "" {
		r.body["ref"] = options.Branch
	}
	deadline := min(PreviewDeadline, c.config.Retry.Deadline)
	within, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	answer, err := once(transport.Until(within), c, r, previewAnswer.isValid)
	switch {
	case err == nil:
		return answer.preview(), nil
	case ctx.Err() == nil && within.Err() != nil:
		return Preview{}, r.failed(CodeTimeout, fmt.Sprintf("no answer in %v", deadline), Failure{})
	}
	return Preview{}, err
}

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
	Build
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

func (a pastBuildsAnswer) isValid() bool {
	return a.Builds != nil && len(a.Builds) <= 1 && !slices.ContainsFunc(a.Builds, func(b pastBuildAnswer) bool { return !b.isValid() })
}

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
	answer, err := read(ctx, c, r, pastBuildsAnswer.isValid)
	if err != nil || len(answer.Builds) == 0 {
		return PastBuild{}, err
	}
	found := answer.Builds[0]
	return PastBuild{
		Build: found.Build, Event: found.Event, Branch: found.Branch.Name, Tag: found.Tag.Name,
		Commit: shortSHA(found.Commit.SHA), Jobs: found.Jobs, request: found.Request.ID,
	}, nil
}

// HasBuilds reports whether Travis has a build of a branch, or of a tag of that name. It
// lists builds: GET /repo/SLUG/branch/NAME would make Travis note the branch
// (https://github.com/travis-ci/travis-api, lib/travis/api/v3/models/repository.rb).
func (c *Client) HasBuilds(ctx context.Context, repository Ref, branch string) (bool, error) {
	r := repository.call(http.MethodGet, "/builds", "read the builds of")
	r.query = url.Values{"branch.name": {branch}, "limit": {"1"}}
	answer, err := read(ctx, c, r, pastBuildsAnswer.isValid)
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

func (a filesAnswer) isValid() bool { return a.Files != nil }

// Files returns the files that a build was made of: its own .travis.yml first, then what
// that imports. A job's config, as Travis returns it, has no deployments
// (https://github.com/travis-ci/travis-api, lib/travis/api/v3/config_obfuscator.rb).
func (c *Client) Files(ctx context.Context, repository Ref, build PastBuild) ([]BuildFile, error) {
	r := repository.call(http.MethodGet, "/request/"+strconv.Itoa(build.request), "read the config of a build of")
	r.query = url.Values{"include": {"request.raw_configs"}}
	answer, err := read(ctx, c, r, filesAnswer.isValid)
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
