package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"convox-travis/cfn"
)

func TestRacksOfAllRegionsAreListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.run("", "racks")
	w.want(e, 0, "production", w.setting("DEMO_RACK_HOST"), "staging-1612345678.eu-west-1.elb.amazonaws.com", "private API", "IP allowlist", "failed", "first", "skipped 4 regions: switched off for this account (af-south-1, ap-east-1, eu-south-1, me-south-1)", "aws cloudformation continue-update-rollback --stack-name retired --region ap-southeast-2")
	for _, other := range []string{"monitoring", "production-web", "acme"} {
		if strings.Contains(e.out, other) {
			t.Errorf("%s is no Rack:\n%s", other, e.out)
		}
	}
	if strings.Contains(e.out, "skipped") || !strings.HasPrefix(e.out, "NAME ") {
		t.Errorf("standard output has more than the Racks:\n%s", e.out)
	}
}

func TestARackIsNotedByItsStack(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]string{
		"REVIEW_IN_PROGRESS": "no working Rack", "CREATE_FAILED": "no working Rack", "ROLLBACK_COMPLETE": "no working Rack", "DELETE_FAILED": "no working Rack",
		"UPDATE_ROLLBACK_FAILED": "failed", "UPDATE_COMPLETE": "", "IMPORT_COMPLETE": "",
	} {
		if got := rackNote(cfn.Rack{Host: "h.example.com", Status: status}); got != want {
			t.Errorf("%s: %q", status, got)
		}
	}
}

func TestRacksAreListedAsJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var document racksDocument
	e := w.run("", "racks", "--json")
	w.want(e, 0)
	if err := json.Unmarshal([]byte(e.out), &document); err != nil || document.Version != 1 || len(document.Racks) != 9 || len(document.Skipped) != 4 {
		t.Fatalf("%v: %d Racks, %d regions passed over", err, len(document.Racks), len(document.Skipped))
	}
	at := slices.IndexFunc(document.Racks, func(r rackDocument) bool { return r.Name == "payments" })
	payments := document.Racks[at]
	if payments.Region != "eu-central-1" || payments.Private || len(payments.WhiteList) != 2 || payments.Status != "UPDATE_COMPLETE" {
		t.Errorf("%+v", payments)
	}
	if !strings.Contains(e.out, `"whitelist":[]`) {
		t.Error("a Rack without a white list has none in JSON")
	}
	lines := strings.Split(strings.TrimSpace(w.run("", "racks", "--json=lines", "--region", "eu-west-1").out), "\n")
	if len(lines) != 3 {
		t.Errorf("%d lines for three Racks", len(lines))
	}
}

func TestRegionsCanBeChosen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.run("", "racks", "--region", "eu-central-1", "--region", "us-west-2")
	w.want(e, 0, "payments", "backoffice", "2 regions")
	if strings.Contains(e.out, "staging") {
		t.Errorf("another region was searched:\n%s", e.out)
	}
	w.want(w.run("", "racks", "--region", "me-south-1"), 4, "me-south-1")
	w.want(w.run("", "racks", "--region", "eu-centrall-1"), 2, "eu-central-1")
	w.want(w.run("", "racks", "--region", "ap-northeast-3"), 0, "0 Racks", "hint: search another account with --profile, or use a Console deploy key")
}

func TestWhatAWSNeedsIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["AWS_EC2_METADATA_DISABLED"] = "true"
	delete(w.env, "AWS_ACCESS_KEY_ID")
	delete(w.env, "AWS_SECRET_ACCESS_KEY")
	w.want(w.run("", "racks"), 2, "hint: ")
	folder := filepath.Join(w.dir, ".aws")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	profiles := "[profile sso]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = us-east-1\nsso_account_id = 123456789012\nsso_role_name = dev\nregion = us-east-1\n" +
		"[profile mfa]\nrole_arn = arn:aws:iam::123456789012:role/deploy\nsource_profile = base\nmfa_serial = arn:aws:iam::123456789012:mfa/ann\n" +
		"[profile base]\naws_access_key_id = AKIADEMODEMODEMODEMO\naws_secret_access_key = " + w.secrets[2] + "\n"
	if err := os.WriteFile(filepath.Join(folder, "config"), []byte(profiles), 0o600); err != nil {
		t.Fatal(err)
	}
	w.want(w.run("", "racks", "--profile", "base"), 0, "production")
	w.want(w.run("", "racks", "--profile", "bas"), 2, "base")
	w.want(w.run("", "racks", "--profile", "sso"), 4, "aws sso login --profile sso")
	w.want(w.run("", "racks", "--profile", "mfa"), 2, "MFA")
}
