package cfntest_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"convox-travis/cfn/cfntest"
	"convox-travis/internal/transport"
)

const (
	account = "123456789012"
	keyID   = "AKIAIOSFODNN7EXAMPLE"
	secret  = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
)

// client speaks to the server in bare HTTP, signed by the SDK's signer.
type client struct {
	*testing.T
	server      *cfntest.Server
	credentials aws.Credentials
	region      string
}

func newClient(t *testing.T) *client {
	t.Helper()
	server := cfntest.Start(t)
	server.AddUser(cfntest.User{Account: account, Name: "ann", KeyID: keyID, Secret: secret})
	return &client{T: t, server: server, credentials: aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret}, region: "us-east-1"}
}

// reply is what came back, as far as the tests look at it.
type reply struct {
	status int
	text   string

	XMLName   xml.Name
	Code      string `xml:"Error>Code"`
	Message   string `xml:"Error>Message"`
	RequestID string `xml:"RequestId"`
	Stacks    []struct {
		StackID    string `xml:"StackId"`
		StackName  string
		ParentID   string                                          `xml:"ParentId"`
		RootID     string                                          `xml:"RootId"`
		Parameters []struct{ ParameterKey, ParameterValue string } `xml:"Parameters>member"`
	} `xml:"DescribeStacksResult>Stacks>member"`
	NextToken   string `xml:"DescribeStacksResult>NextToken"`
	Arn         string `xml:"GetCallerIdentityResult>Arn"`
	Credentials struct {
		AccessKeyID     string `xml:"AccessKeyId"`
		SecretAccessKey string
		SessionToken    string
	} `xml:"AssumeRoleResult>Credentials"`
}

// request prepares a signed request; form is "NAME=VALUE&…".
func (c *client) request(service, form string) *http.Request {
	c.Helper()
	r, err := http.NewRequestWithContext(c.Context(), http.MethodPost, c.server.URL+"/", strings.NewReader(form))
	if err != nil {
		c.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	c.sign(r, service, form, time.Now())
	return r
}

func (c *client) sign(r *http.Request, service, body string, at time.Time) {
	c.Helper()
	sum := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(context.Background(), c.credentials, r, hex.EncodeToString(sum[:]), service, c.region, at); err != nil {
		c.Fatal(err)
	}
}

func (c *client) send(r *http.Request) reply {
	c.Helper()
	answer, err := transport.NewClient(nil, nil).Do(r)
	if err != nil {
		c.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		c.Fatal(err)
	}
	got := reply{status: answer.StatusCode, text: string(text)}
	if answer.Header.Get("Content-Type") == "text/xml" {
		if err := xml.Unmarshal(text, &got); err != nil {
			c.Fatalf("%v in %s", err, text)
		}
	}
	return got
}

// cloudformation asks for an action with parameters "NAME", "VALUE", ….
func (c *client) cloudformation(action string, parameters ...string) reply {
	c.Helper()
	return c.send(c.request("cloudformation", form("2010-05-15", action, parameters)))
}

func (c *client) sts(action string, parameters ...string) reply {
	c.Helper()
	return c.send(c.request("sts", form("2011-06-15", action, parameters)))
}

func form(version, action string, parameters []string) string {
	values := url.Values{"Version": {version}, "Action": {action}}
	for i := 0; i < len(parameters); i += 2 {
		values.Set(parameters[i], parameters[i+1])
	}
	return values.Encode()
}

func (c *client) wantError(got reply, status int, code, words string) {
	c.Helper()
	if got.status != status || got.Code != code || !strings.Contains(got.Message, words) || got.RequestID == "" {
		c.Errorf("got %d %s, not %d %s: %s", got.status, got.Code, status, code, got.Message)
	}
}

func (r reply) names() string {
	var all []string
	for _, stack := range r.Stacks {
		all = append(all, stack.StackName)
	}
	return strings.Join(all, " ")
}
