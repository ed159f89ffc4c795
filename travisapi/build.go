package travisapi

import (
	"context"
	"net/http"
	"slices"
	"strconv"
)

// BuildRequest is the wish for a build, which Travis turns into one
// (https://developer.travis-ci.com/resource/request).
type BuildRequest struct {
	ID     int
	State  string  // pending, finished, …
	Result string  // approved or rejected, once it is finished
	Builds []Build // once it is approved
}

// Build is a build (https://developer.travis-ci.com/resource/build).
type Build struct {
	ID     int
	Number string
	State  string // created, received, started, passed, failed, errored or canceled
}

// IsOver reports whether the build has its last state.
func (b Build) IsOver() bool {
	return slices.Contains([]string{"passed", "failed", "errored", "canceled"}, b.State)
}

type buildAnswer struct {
	ID     int    `json:"id"`
	Number string `json:"number"`
	State  string `json:"state"`
}

func (a buildAnswer) whole() bool { return a.ID > 0 && a.State != "" }

type requestAnswer struct {
	ID     int           `json:"id"`
	State  string        `json:"state"`
	Result *string       `json:"result"`
	Builds []buildAnswer `json:"builds"`
}

func (a requestAnswer) whole() bool { return a.ID > 0 }

func (a requestAnswer) request() BuildRequest {
	r := BuildRequest{ID: a.ID, State: a.State}
	if a.Result != nil {
		r.Result = *a.Result
	}
	for _, build := range a.Builds {
		r.Builds = append(r.Builds, Build(build))
	}
	return r
}

// pendingAnswer is what a new request is answered with.
type pendingAnswer struct {
	Request requestAnswer `json:"request"`
}

func (a pendingAnswer) whole() bool { return a.Request.whole() }

// BuildWish says which build is wanted
// (https://docs.travis-ci.com/user/triggering-builds/).
type BuildWish struct {
	Branch  string
	Message string
	// Config takes the place of the branch's .travis.yml; nil leaves it.
	Config map[string]any
}

// StartBuild asks for a build. It is sent once: a second one would start a second
// build. Some ten an hour are allowed (CodeRequestLimit).
func (c *Client) StartBuild(ctx context.Context, repository Ref, wish BuildWish) (BuildRequest, error) {
	r := repository.call(http.MethodPost, "/requests", "start a build of")
	request := map[string]any{"branch": wish.Branch, "message": wish.Message}
	if wish.Config != nil {
		request["config"], request["merge_mode"] = wish.Config, "replace"
	}
	r.body = map[string]any{"request": request}
	answer, err := once(ctx, c, r, pendingAnswer.whole)
	if err != nil {
		return BuildRequest{}, err
	}
	return answer.Request.request(), nil
}

// BuildRequest reads what became of a request.
func (c *Client) BuildRequest(ctx context.Context, repository Ref, id int) (BuildRequest, error) {
	r := repository.call(http.MethodGet, "/request/"+strconv.Itoa(id), "read a build request of")
	answer, err := read(ctx, c, r, requestAnswer.whole)
	if err != nil {
		return BuildRequest{}, err
	}
	return answer.request(), nil
}

// Build reads the state of a build.
func (c *Client) Build(ctx context.Context, id int) (Build, error) {
	r := call{action: "read build", object: strconv.Itoa(id), method: http.MethodGet, path: "/build/" + strconv.Itoa(id)}
	answer, err := read(ctx, c, r, buildAnswer.whole)
	return Build(answer), err
}
