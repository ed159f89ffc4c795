package main

import (
	"errors"

	"convox-travis/internal/clock"
	"convox-travis/internal/pace"
	"convox-travis/internal/secret"
	"convox-travis/travisapi"
)

// missingToken tells where a token comes from.
const missingToken = "copy it from https://app.travis-ci.com/account/preferences and export TRAVIS_TOKEN, or log in with the Travis client"

// travisPlace is where Travis is, and what the Travis client has saved.
type travisPlace struct {
	endpoint string
	saved    travisapi.CLIConfig
}

// travisPlace finds the endpoint, and says nothing to Travis. slug is the
// repository for which the Travis client may have one.
func (p *program) travisPlace(o *options, slug string) (travisPlace, error) {
	saved, err := travisapi.ReadCLIConfig(p.env, p.home)
	if err != nil && o.travisEndpoint == "" && p.env("TRAVIS_ENDPOINT") == "" {
		return travisPlace{}, err // the token may be for the endpoint that the file names
	}
	endpoint, err := travisapi.FindEndpoint(o.travisEndpoint, p.env, saved, slug)
	if err != nil {
		return travisPlace{}, &usageError{what: err.Error(), hints: hintsOf(err)}
	}
	return travisPlace{endpoint: endpoint, saved: saved}, nil
}

// token is the one that is found for the place, empty where there is none.
func (t travisPlace) token(env func(string) string) (secret.String, error) {
	token, _, err := travisapi.FindToken(t.endpoint, env, t.saved)
	if err != nil {
		return token, &usageError{what: err.Error(), hints: hintsOf(err)}
	}
	return token, nil
}

// travisClient calls an endpoint with a token. All runs with that token keep to
// one pace.
func (p *program) travisClient(endpoint string, token secret.String) (*travisapi.Client, error) {
	posts := pace.NewShared(p.cache, "posts-"+travisapi.Fingerprint(endpoint, token), pace.Limit{Calls: pace.TravisPosts, Per: pace.TravisWindow}, clock.System{})
	client, err := travisapi.New(travisapi.Config{Endpoint: endpoint, Token: token, UserAgent: userAgent(), Posts: posts.Wait})
	if err != nil {
		return nil, &usageError{what: err.Error(), hints: hintsOf(err)}
	}
	return client, nil
}

// travisAccess is where Travis is and what opens it.
type travisAccess struct {
	endpoint string
	token    secret.String
}

// travis finds both.
func (p *program) travis(o *options, slug string) (travisAccess, error) {
	place, err := p.travisPlace(o, slug)
	if err != nil {
		return travisAccess{}, err
	}
	token, err := place.token(p.env)
	return travisAccess{endpoint: place.endpoint, token: token}, err
}

// typedEndpoint is where a token that was typed belongs: the page that it is
// copied from is travis-ci.com's, and a file that cannot be read names no other.
func typedEndpoint(place travisPlace, err error) (string, error) {
	if _, broken := errors.AsType[*travisapi.ConfigError](err); broken {
		return travisapi.HostedEndpoint, nil
	}
	return place.endpoint, err
}
