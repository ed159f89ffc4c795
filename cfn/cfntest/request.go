package cfntest

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const largestRequest = 1 << 20

// call is a request that was understood.
type call struct {
	service, region, action string
	parameters              url.Values
	body                    []byte // of one in JSON, which has no parameters
	caller                  *key
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" || r.URL.RawQuery != "" || r.Method != http.MethodPost {
		s.stray(r)
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestRequest))
	if err != nil {
		panic(http.ErrAbortHandler) // the caller broke off, or does not mean this server
	}
	c, failed := s.read(r, body)
	if failed == nil {
		failed = s.meet(r, c)
	}
	asked := s.actions[c.service]
	var result any
	if failed == nil {
		result, failed = asked.actions[c.action](s, c)
		s.runHooks()
	}
	switch {
	case failed != nil && asked.target != "":
		answerJSONFailure(w, failed)
	case failed != nil:
		answerFailure(w, asked.namespace, failed)
	case asked.target != "":
		answerJSON(w, result)
	default:
		answer(w, asked.namespace, c.action, result)
	}
}

// read understands a request: whose it is, where it goes, and what it asks.
func (s *Server) read(r *http.Request, body []byte) (call, *failure) {
	c := call{service: "cloudformation"}
	signed, failed := parseAuthorization(r)
	if failed != nil {
		return c, failed
	}
	if _, known := s.actions[signed.service]; !known {
		return c, refusal(http.StatusForbidden, "SignatureDoesNotMatch", "Credential should be scoped to correct service: 'cloudformation'.")
	}
	c.service, c.region = signed.service, signed.region
	if target := s.actions[c.service].target; target != "" {
		c.body, c.parameters = body, url.Values{}
		c.action = strings.TrimPrefix(r.Header.Get("X-Amz-Target"), target+".")
	} else {
		if c.parameters, failed = parameters(r, body); failed != nil {
			return c, failed
		}
		c.action = c.parameters.Get("Action")
	}
	s.mu.Lock()
	s.calls = append(s.calls, Call{Region: c.region, Action: c.service + ":" + c.action, KeyID: signed.keyID})
	caller := s.keys[signed.keyID]
	off := s.trouble(c.region).off
	if caller != nil && caller.partition != partition(c.region) {
		// https://github.com/hashicorp/terraform-provider-aws/issues/803
		off = refusal(http.StatusForbidden, "InvalidClientTokenId", unknownToken)
	}
	s.mu.Unlock()
	if off != nil {
		return c, off // the region does not know the account, so it checks nothing
	}
	if failed := caller.admit(r); failed != nil {
		return c, failed
	}
	c.caller = caller
	return c, signed.verify(r, body, caller.secret, time.Now())
}

func parameters(r *http.Request, body []byte) (url.Values, *failure) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, refusal(http.StatusBadRequest, "MalformedInput", "The request is not form encoded")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, refusal(http.StatusBadRequest, "MalformedQueryString", "The query string is malformed")
	}
	return form, nil
}

// meet plays the region's troubles, and then refuses what no service has.
func (s *Server) meet(r *http.Request, c call) *failure {
	if failed := s.play(r, c); failed != nil {
		return failed
	}
	version := c.parameters.Get("Version")
	known := s.actions[c.service]
	switch {
	case known.target != "" && known.actions[c.action] == nil:
		return refusal(http.StatusBadRequest, "UnknownOperationException", "")
	case known.target != "":
		return nil
	case version != known.version || known.actions[c.action] == nil:
		return refusal(http.StatusBadRequest, "InvalidAction", "Could not find operation "+c.action+" for version "+version)
	}
	return nil
}
