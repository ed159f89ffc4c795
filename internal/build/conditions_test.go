package build

import (
	"context"
	"testing"
)

func TestConditionsHoldAsWithTravis(t *testing.T) {
	event := pushToMain
	event.Settings = []Setting{{Name: "CI_MODE", Value: "full"}}
	job := parse(t, "os: linux\ndist: focal\nenv: {FOO: foo, YES: 'true', NO: 'false', EMPTY: '', KEY: {secure: x}}").Root
	build, err := (&Config{Root: job}).Build(context.Background(), event)
	if err != nil {
		t.Fatal(err)
	}
	for condition, want := range map[string]bool{
		"branch = main": true, "branch == main": true, "branch=main": true, "branch != main": false, "branch = 'main'": true,
		`branch = "main"`: true, "branch = dev": false, "main = branch": true, "type = push": true, "type IN (push, cron)": true,
		"type in (cron)": false, "type NOT IN (cron, api)": true, "type IN (push": false, "type IN ()": false,
		"branch =~ ^ma": true, "branch =~ /^ma/": true, "branch ~= /in$/": true, "branch !~ /^ma/": false,
		"branch =~ /^(main|dev)$/": true, "branch =~ /^(?!main)/": false, "branch =~ /[/": false, "tag =~ /v/": false,
		"tag IS present": false, "tag IS blank": true, "tag IS NOT present": true, "tag is blank": true, "fork IS true": false,
		"fork IS false": true, "fork = false": true, "tags IS present": true,
		"branch = main AND type = push": true, "branch = main && type = cron": false, "branch = dev || type = push": true,
		"branch = dev OR type = push AND tag IS present": false, "(branch = dev OR type = push) AND tag IS blank": true,
		"NOT branch = dev": true, "NOT (branch = main OR type = push)": false, "!(branch = dev)": true, "not tag IS blank AND branch = x": false,
		"env(FOO) = foo": true, "env('FOO') = foo": true, "env(YES) = true": true, "env(YES)": true, "env(NO)": false,
		"env(NO) IS present": false, "env(EMPTY) IS blank": true, "env(NONE) IS blank": true, "env(CI_MODE) = full": true,
		"env(FOO) =~ ^f": true, "branch = concat(ma, in)": true, "branch =~ concat('^', ma)": true, "os = linux": true,
		"env(KEY) IS present": true, "env(KEY)": true, "env(KEY) = x": false, "env(KEY) != x": true, "env(KEY) =~ .*": false,
		`branch !~ /x\\/ OR type = cron`: true, "dist = focal": true, "repo = acme/api": true, "sender = ann": true, `commit_message =~ /^Fix/`: true,
		"head_branch IS blank": true, "release": true, "true": true, "false": false, "branch": true, "tag": false,
		"$TRAVIS_BRANCH != main": false, "branch != $BRANCH": false, "branch = '$BRANCH'": false, "branch =": false, "= main": false,
		"branch = main extra": false, "branch = 'main": false, "branch = main AND": false, "branch = main \\\n AND type = push": true,
		"BRANCH = main": false,
	} {
		got, unseen := accepts(condition, &event, build.Jobs[0].Config)
		if got != want || unseen != nil {
			t.Errorf("%s: %t %v", condition, got, unseen)
		}
	}
}

func accepts(condition string, event *Event, job *Node) (bool, []string) {
	tree := parseCondition(condition)
	if tree == nil {
		return false, nil
	}
	e := evaluation{ctx: context.Background(), event: event, job: job}
	return e.accept(tree)
}
