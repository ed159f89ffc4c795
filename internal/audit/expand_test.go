package audit_test

import (
	"reflect"
	"testing"

	"convox-travis/internal/audit"
	"convox-travis/internal/build"
	"convox-travis/travisapi"
	"convox-travis/travisapi/travistest"
)

var pushOfMain = build.Event{Type: build.Push, Repo: slug, Branch: "main"}

// expanding is a Travis that expands files, and what it says about one.
func expanding(t *testing.T, reading travistest.Reading, change func(*travistest.Repository)) (*travistest.Server, func(text string) (build.Adoption, []string, error)) {
	server := travistest.Start(t)
	server.AddAccount(travistest.Account{ID: 1, Login: "ann", Token: token, Organizations: []string{"acme"}})
	r := travistest.Repository{ID: 17, Slug: slug, Active: true, EnvVars: goodPair}
	if change != nil {
		change(&r)
	}
	server.AddRepository(r)
	server.ReadAs(slug, reading)
	client := newClient(t, server.URL)
	return server, func(text string) (build.Adoption, []string, error) {
		config, err := build.Parse(t.Context(), []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		repository, err := client.Repository(t.Context(), travisapi.BySlug(travisapi.GitHub, slug))
		if err != nil {
			t.Fatal(err)
		}
		return audit.Expand(t.Context(), client, repository, text, config, pushOfMain)
	}
}

func TestTravisConfirmsAFileAsItIsSent(t *testing.T) {
	server, expand := expanding(t, travistest.Reading{}, nil)
	const text = "script: make\nscipt: test\nlanguage: go\nlanguage: go\nfoo: bar\nmatrix:\n  include:\n    - os: [linux]\njobs: {}\ninstall:\n- \"a\"\n- echo \"b: c\"\nenv: \"A='\"\n"
	config, err := build.Parse(t.Context(), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	adoption, imports, err := expand(text)
	if err != nil || !adoption.Confirms() || imports != nil {
		t.Fatalf("%+v, %v, %v", adoption, imports, err)
	}
	if len(config.Messages) < 4 || !reflect.DeepEqual(adoption.Config.Messages, config.Messages) {
		t.Errorf("the messages are\n%+v\nnot\n%+v", adoption.Config.Messages, config.Messages)
	}
	if sent := server.Previews(); len(sent) != 1 || sent[0].Text != text || sent[0].Ref != "main" {
		t.Errorf("it was sent as %+v", sent)
	}
}

func TestTravisCorrectsWhatIsReadHere(t *testing.T) {
	_, expand := expanding(t, travistest.Reading{Text: "script: [make, make test]\n", Sources: []string{"acme/shared:ci.yml@main"}}, nil)
	adoption, imports, err := expand("script: make\n")
	if err != nil || adoption.Difference == "" || !reflect.DeepEqual(imports, []string{"acme/shared:ci.yml@main"}) {
		t.Errorf("%+v, %v, %v", adoption, imports, err)
	}
}

func TestConditionsSeeTheSettingsOfTravis(t *testing.T) {
	_, expand := expanding(t, travistest.Reading{}, nil)
	adoption, _, err := expand("if: env(CONVOX_HOST) = " + rackHost + "\nscript: make\n")
	if err != nil || !adoption.Confirms() {
		t.Fatalf("%+v, %v", adoption, err)
	}
	built, err := adoption.Config.Build(t.Context(), pushOfMain)
	if err != nil || len(built.Jobs) != 1 || len(built.Unseen) != 0 {
		t.Errorf("%+v, %v", built, err)
	}
}

func TestTravisIsNotAskedForWhatItDenies(t *testing.T) {
	server, expand := expanding(t, travistest.Reading{}, func(r *travistest.Repository) {
		r.Permissions = map[string]bool{"create_request": false}
	})
	if _, _, err := expand("script: make\n"); err == nil {
		t.Error("it was expanded")
	}
	if n := len(server.Faults.Requests()); n != 1 {
		t.Errorf("%d requests", n)
	}
}
