package main

import (
	"convox-travis/internal/clock"
	"convox-travis/internal/pace"
	"convox-travis/travisapi"
)

// missingToken tells where a token comes from.
const missingToken = "copy it from https://app.travis-ci.com/account/preferences and export TRAVIS_TOKEN, or log in with the Travis client"

// travisAccess is where Travis is and what opens it.
type travisAccess struct {
	config travisapi.Config
	found  bool // whether there is a token
}

// travis finds the endpoint and the token, and says nothing to Travis.
func (p *program) travis(o *options, slug string) (travisAccess, error) {
	file, err := travisapi.ReadCLIConfig(p.env, p.home)
	if err != nil && (p.env("TRAVIS_TOKEN") == "" || (o.travisEndpoint == "" && p.env("TRAVIS_ENDPOINT") == "")) {
		return travisAccess{}, err // the token may be for the endpoint that the file names
	}
	endpoint, err := travisapi.FindEndpoint(o.travisEndpoint, p.env, file, slug)
	if err != nil {
		return travisAccess{}, &usageError{what: err.Error(), hints: hintsOf(err)}
	}
	token, _, err := travisapi.FindToken(endpoint, p.env, file)
	if err != nil {
		return travisAccess{}, &usageError{what: err.Error(), hints: hintsOf(err)}
	}
	posts := pace.NewShared(p.cache, "posts-"+travisapi.Fingerprint(endpoint, token), pace.TravisPosts, pace.TravisWindow, clock.System{})
	return travisAccess{
		found:  !token.IsEmpty(),
		config: travisapi.Config{Endpoint: endpoint, Token: token, UserAgent: userAgent(), Pace: posts.Wait},
	}, nil
}

func (a travisAccess) client() (*travisapi.Client, error) {
	client, err := travisapi.New(a.config)
	if err != nil {
		return nil, &usageError{what: err.Error(), hints: hintsOf(err)}
	}
	return client, nil
}
