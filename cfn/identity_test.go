package cfn_test

import (
	"net/http"
	"testing"

	"convox-travis/cfn"
)

func TestIdentity(t *testing.T) {
	w := newWorld(t)
	got, err := w.finder().Identity(t.Context())
	want := cfn.Identity{Account: account, ARN: "arn:aws:iam::" + account + ":user/ann", Name: "ann"}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	w.set("AWS_SECRET_ACCESS_KEY", "wrong")
	_, err = w.finder().Identity(t.Context())
	w.wantCode(w.failed(err), cfn.CodeRefused)
}

func TestANameIsShort(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:iam::1:root":                         "root",
		"arn:aws:iam::1:user/team/ann":                "ann",
		"arn:aws:sts::1:assumed-role/deploy/travis-1": "deploy/travis-1",
		"arn:aws:sts::1:assumed-role/AWSReservedSSO_Admin_Access_0123456789abcdef/ann@example.com": "Admin_Access/ann@example.com",
		"arn:aws:sts::1:federated-user/bob": "bob",
		"nonsense":                          "nonsense",
		"":                                  "",
		"arn:aws:sts::1:assumed-role/only-the-role":  "only-the-role",
		"arn:aws:iam::1:user/division/a:b/with:this": "with:this",
	} {
		w := newWorld(t)
		w.scripted(http.StatusOK, "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>"+arn+"</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>")
		got, err := w.finder().Identity(t.Context())
		if err != nil || got.Name != want {
			t.Errorf("%s became %q, %v", arn, got.Name, err)
		}
	}
}
