// Package travisapi is a client of the Travis CI API, version 3
// (https://developer.travis-ci.com/): repositories, their variables, keys and settings,
// and builds. It also finds the token and the endpoint that the Travis CLI has saved
// (https://github.com/travis-ci/travis.rb#configuration).
//
// Reads are retried, and so is what is safe to do twice (Activate). A variable or a build
// is written once: if the answer doesn't say whether that succeeded, the Error says so
// (Failure.FateUnknown), and the caller looks it up before sending anything again. Travis
// loses one of two simultaneous writes to a repository, so callers make them in sequence.
// A write of settings takes a transport.Stop: it starts before Soft ends, even if it
// waits for its turn, and is canceled with Hard.
//
// Travis's behavior is taken from its public sources
// (https://github.com/travis-ci/travis-api, lib/travis/api/v3).
//
// Next room: cfn, which finds a Rack.
package travisapi

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
)

// HostedEndpoint is the API of travis-ci.com.
const HostedEndpoint = "https://api.travis-ci.com"

// Config is what a Client needs.
type Config struct {
	Endpoint  string        // https://HOST/PATH, or http to loopback
	Token     secret.String // copied from https://app.travis-ci.com/account/preferences
	UserAgent string        // "" is convox-travis
	HTTP      *http.Client  // nil is a client of package transport

	// Retry is how reads are retried; its Deadline limits each call.
	Retry transport.Retry
	// Calls is called before each call, and then Posts before each POST; they may wait.
	// The function that Posts returns is called once the POST was answered or canceled.
	// nil doesn't wait.
	Calls func(context.Context) error
	Posts func(context.Context) (answered func(), err error)
	// OnWrite is called before a call that may change something is sent. It may be nil.
	OnWrite func()
}

// Client calls one endpoint with one token. It is safe for concurrent use. Once Travis
// has banned or rejected the token, it sends nothing more, and every call fails with that
// code.
type Client struct {
	endpoint *url.URL
	config   Config
	gate     *gate
	budget   *transport.Budget
}

// New returns a client without making any call. Its errors have CodeBadEndpoint, or
// CodeClosedEndpoint for travis-ci.org.
func New(config Config) (*Client, error) {
	endpoint, err := readEndpoint(config.Endpoint)
	if err != nil {
		return nil, err
	}
	if config.HTTP == nil {
		config.HTTP = transport.NewClient(nil, nil)
	}
	if config.UserAgent == "" {
		config.UserAgent = "convox-travis"
	}
	if config.Calls == nil {
		config.Calls = func(context.Context) error { return nil }
	}
	if config.Posts == nil {
		config.Posts = func(context.Context) (func(), error) { return func() {}, nil }
	}
	if config.OnWrite == nil {
		config.OnWrite = func() {}
	}
	config.Retry = config.Retry.Defaults()
	return &Client{endpoint: endpoint, config: config, gate: newGate(), budget: new(transport.Budget)}, nil
}

// Endpoint is the address of the API, without a trailing slash.
func (c *Client) Endpoint() string { return c.endpoint.String() }

// address returns the URL of an escaped path below the endpoint. A slug's slash stays %2F
// in it.
func (c *Client) address(path string, query url.Values) string {
	address := c.endpoint.String() + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	return address
}

func segment(text string) string {
	// Anything that cleans the path would take dots alone as folders.
	if text == "." || text == ".." {
		return strings.ReplaceAll(text, ".", "%2E")
	}
	return url.PathEscape(text)
}
