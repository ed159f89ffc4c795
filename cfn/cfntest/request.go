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

// action carries out a call and returns what its result element holds.
type action func(*Server, call) (any, *failure)

// service is one API: its version, its namespace, and what it can do. One with
// a target speaks JSON.
type service struct {
	version   string
	namespace string
	target    string
	actions   map[string]action
}

// actions is all that the server can do.
func actions() map[string]service {
	return map[string]service{
		"cloudformation": {
			version:   "2010-05-15",
			namespace: "http://cloudformation.amazonaws.com/doc/2010-05-15/",
			actions: map[string]action{
				"DescribeStacks":        describeStacks,
				"DescribeStackResource": describeStackResource,
				"DescribeStackEvents":   describeStackEvents,
				"CreateChangeSet":       createChangeSet,
				"DescribeChangeSet":     describeChangeSet,
				"DeleteChangeSet":       deleteChangeSet,
				"ExecuteChangeSet":      executeChangeSet,
			},
		},
		"ssm": {
			target:  "AmazonSSM",
			actions: map[string]action{"GetParameter": getParameter},
		},
		"ecs": {
			target: "AmazonEC2ContainerServiceV20141113",
			actions: map[string]action{
				"DescribeTaskDefinition": describeTaskDefinition,
				"DescribeServices":       describeServices,
				"UpdateService":          updateService,
			},
		},
		"sts": {
			version:   "2011-06-15",
			namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
			actions: map[string]action{
				"GetCallerIdentity": getCallerIdentity,
				"AssumeRole":        assumeRole,
			},
		},
	}
}

// position is where a list continues. A token is valid only for its own list.
type position struct {
	where  place
	action string
	filter string
	before int // the number of the page's last stack, event or change
}

// continued returns where the list of a call continues. The caller holds s.mu.
func (s *Server) continued(c call, here position) (position, *failure) {
	token := c.parameters.Get("NextToken")
	if token == "" {
		return here, nil
	}
	at, known := s.pages[token]
	here.before = at.before
	if !known || at != here {
		return here, invalid("NextToken is not valid")
	}
	return here, nil
}

func (s *Server) token(next position) string {
	token := random(48)
	s.pages[token] = next
	return token
}

func (c call) place() place { return place{c.caller.account, c.region} }

// members returns the values of a list in a form: NAME.member.1 and so on.
func (c call) members(name string) []string {
	var values []string
	for key, value := range c.parameters {
		if strings.HasPrefix(key, name+".member.") {
			values = append(values, value...)
		}
	}
	return values
}
