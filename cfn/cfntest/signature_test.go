package cfntest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

const describe = "Action=DescribeStacks&Version=2010-05-15"

func TestAGoodSignatureIsAccepted(t *testing.T) {
	c := newClient(t)
	got := c.send(c.request("cloudformation", describe+"&X=a%20b%2Bc%7E%C3%A9%2F&X=a&Empty="))
	if got.status != http.StatusOK || got.XMLName.Local != "DescribeStacksResponse" || got.XMLName.Space != "http://cloudformation.amazonaws.com/doc/2010-05-15/" {
		t.Errorf("%d %s", got.status, got.text)
	}
	if got := c.sts("GetCallerIdentity"); got.Arn != "arn:aws:iam::"+account+":user/ann" || got.XMLName.Space != "https://sts.amazonaws.com/doc/2011-06-15/" {
		t.Errorf("%s", got.text)
	}
}

func TestASignatureThatDoesNotMatchIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*client, *http.Request){
		"a wrong secret": func(c *client, r *http.Request) {
			c.credentials.SecretAccessKey = secret + "x"
			c.sign(r, "cloudformation", "", time.Now())
		},
		"another host":   func(_ *client, r *http.Request) { r.Host = "cloudformation.us-east-1.amazonaws.com" },
		"another region": func(_ *client, r *http.Request) { replace(r, "us-east-1", "us-east-2") },
		"another service": func(_ *client, r *http.Request) {
			replace(r, "/cloudformation/", "/s3/")
		},
		"an old one": func(c *client, r *http.Request) {
			c.sign(r, "cloudformation", "", time.Now().Add(-16*time.Minute))
		},
		"one of tomorrow": func(c *client, r *http.Request) {
			c.sign(r, "cloudformation", "", time.Now().Add(24*time.Hour))
		},
		"no hex":       func(_ *client, r *http.Request) { replace(r, "Signature=", "Signature=x") },
		"another day":  func(_ *client, r *http.Request) { replace(r, "/20", "/19") },
		"another time": func(_ *client, r *http.Request) { r.Header.Set("X-Amz-Date", "nonsense") },
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t)
			r := c.request("cloudformation", describe)
			spoil(c, r)
			c.wantError(c.send(r), http.StatusForbidden, "SignatureDoesNotMatch", "")
		})
	}
}

func replace(r *http.Request, old, new string) {
	r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, new, 1))
}

func TestAKeyThatIsUnknownOrMissing(t *testing.T) {
	c := newClient(t)
	r := c.request("cloudformation", describe)
	r.Header.Del("Authorization")
	c.wantError(c.send(r), http.StatusForbidden, "MissingAuthenticationToken", "")
	for _, broken := range []string{"Basic x", "AWS4-HMAC-SHA256 x", "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=x, Signature=00"} {
		r = c.request("cloudformation", describe)
		r.Header.Set("Authorization", broken)
		c.wantError(c.send(r), http.StatusBadRequest, "IncompleteSignature", "")
	}
	r = c.request("cloudformation", describe)
	r.Header.Set("X-Amz-Security-Token", "none of this user's")
	c.wantError(c.send(r), http.StatusForbidden, "InvalidClientTokenId", "security token")
	c.credentials.AccessKeyID = "AKIAUNKNOWN"
	c.wantError(c.cloudformation("DescribeStacks"), http.StatusForbidden, "InvalidClientTokenId", "security token")
}

func TestActionsThatAreUnknown(t *testing.T) {
	c := newClient(t)
	c.wantError(c.cloudformation("DeleteStacks"), http.StatusBadRequest, "InvalidAction", "DeleteStacks")
	c.wantError(c.cloudformation("GetCallerIdentity"), http.StatusBadRequest, "InvalidAction", "")
	c.wantError(c.send(c.request("cloudformation", "Action=DescribeStacks&Version=2011-06-15")), http.StatusBadRequest, "InvalidAction", "2011")
}
