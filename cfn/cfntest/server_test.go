package cfntest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"convox-travis/cfn/cfntest"
)

// test is a test that is watched.
type test struct {
	cleanups []func()
	failures []string
}

func (*test) Helper()            {}
func (t *test) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }
func (t *test) Errorf(format string, arguments ...any) {
	t.failures = append(t.failures, fmt.Sprintf(format, arguments...))
}

func TestAnUnknownRequestFailsTheTest(t *testing.T) {
	watched := &test{}
	server := cfntest.Start(watched)
	for _, c := range []struct{ method, path string }{{http.MethodGet, "/metadata?secret=x"}, {http.MethodPut, "/"}} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, server.URL+c.path, strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
	}
	for _, cleanup := range watched.cleanups {
		cleanup()
	}
	if got := strings.Join(watched.failures, "\n"); got != "cfntest: unknown request: GET /metadata\ncfntest: unknown request: PUT /" {
		t.Errorf("the test failed with %q", got)
	}
}

func TestARoleGivesASessionThatExpires(t *testing.T) {
	const serial = "arn:aws:iam::" + account + ":mfa/ann"
	c := newClient(t)
	role := cfntest.Role{Account: account, Name: "admin", MFASerial: serial, ExternalID: "x"}
	c.server.AddRole(role)
	c.server.AddMFACode(serial, "123456")
	assume := func(parameters ...string) reply {
		return c.sts("AssumeRole", append([]string{"RoleArn", role.ARN(), "RoleSessionName", "s1", "ExternalId", "x"}, parameters...)...)
	}
	c.wantError(assume("RoleArn", "arn:aws:iam::1:role/none"), http.StatusForbidden, "AccessDenied", "sts:AssumeRole")
	c.wantError(assume("ExternalId", "y"), http.StatusForbidden, "AccessDenied", "sts:AssumeRole")
	c.wantError(assume("RoleSessionName", "a b"), http.StatusBadRequest, "ValidationError", "roleSessionName")
	c.wantError(assume("DurationSeconds", "1"), http.StatusBadRequest, "ValidationError", "durationSeconds")
	c.wantError(assume(), http.StatusForbidden, "AccessDenied", "sts:AssumeRole")
	c.wantError(assume("SerialNumber", serial, "TokenCode", "1"), http.StatusBadRequest, "ValidationError", "tokenCode")
	c.wantError(assume("SerialNumber", serial, "TokenCode", "654321"), http.StatusForbidden, "AccessDenied", "MultiFactorAuthentication")
	got := assume("SerialNumber", serial, "TokenCode", "123456")
	if got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.text)
	}
	c.wantError(assume("SerialNumber", serial, "TokenCode", "123456"), http.StatusForbidden, "AccessDenied", "MultiFactorAuthentication")

	session := aws.Credentials{AccessKeyID: got.Credentials.AccessKeyID, SecretAccessKey: got.Credentials.SecretAccessKey}
	c.credentials = session
	c.wantError(c.sts("GetCallerIdentity"), http.StatusForbidden, "InvalidClientTokenId", "")
	session.SessionToken = got.Credentials.SessionToken
	c.credentials = session
	if got = c.sts("GetCallerIdentity"); got.Arn != "arn:aws:sts::"+account+":assumed-role/admin/s1" {
		t.Errorf("%s", got.text)
	}
	c.server.ExpireSessions()
	c.wantError(c.sts("GetCallerIdentity"), http.StatusForbidden, "ExpiredToken", "expired")
}
