package main

import (
	"sync"

	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/travisapi"
)

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
		return travisPlace{}, &problem.Error{Code: codeUsage, Reason: err.Error(), Hints: hintsOf(err)}
	}
	return travisPlace{endpoint: endpoint, saved: saved}, nil
}

// token is the one that is found for the place, empty where there is none.
func (t travisPlace) token(env func(string) string) (secret.String, error) {
	token, _, err := travisapi.FindToken(t.endpoint, env, t.saved)
	if err != nil {
		return token, &problem.Error{Code: codeUsage, Reason: err.Error(), Hints: hintsOf(err)}
	}
	return token, nil
}

// travisClients are the clients that were made, by endpoint and token: those who
// share both share what Travis allows, and what it has refused.
type travisClients struct {
	mu   sync.Mutex
	made map[string]*travisapi.Client
}

// travisClient calls an endpoint with a token. All runs with that token keep to
// one pace. A client that Travis does not let in is replaced, since only a person
// tries that again; but for a ban and the like, which have to be waited for.
func (p *program) travisClient(endpoint string, token secret.String) (*travisapi.Client, error) {
	name := travisapi.Fingerprint(endpoint, token)
	p.clients.mu.Lock()
	defer p.clients.mu.Unlock()
	if made := p.clients.made[name]; made != nil && (made.Refused() == nil || !travisapi.RefusedUntil(made.Refused()).IsZero()) {
		return made, nil
	}
	client, err := travisapi.New(travisapi.Config{
		Endpoint: endpoint, Token: token, UserAgent: userAgent(), HTTP: p.reach.travisHTTP(),
		Retry: p.reach.retry, Posts: p.posts(name).Begin, Calls: p.calls().Wait,
	})
	if err != nil {
		return nil, &problem.Error{Code: codeUsage, Reason: err.Error(), Hints: hintsOf(err)}
	}
	if p.clients.made == nil {
		p.clients.made = map[string]*travisapi.Client{}
	}
	p.clients.made[name] = client
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
	if problem.Has(err, travisapi.CodeConfig) {
		return travisapi.HostedEndpoint, nil
	}
	return place.endpoint, err
}
