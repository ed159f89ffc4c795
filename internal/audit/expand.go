package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"convox-travis/internal/build"
	"convox-travis/internal/connect"
	"convox-travis/internal/problem"
	"convox-travis/travisapi"
)

// Expander lets Travis expand a file; a travisapi.Client implements it.
type Expander interface {
	Preview(context.Context, travisapi.Ref, travisapi.PreviewOptions) (travisapi.Preview, error)
}

// Expand lets Travis expand the text of a .travis.yml for an event. It returns the file as
// Travis reads it, and the files that it imports, as OWNER/NAME:PATH@REF, safe to show.
// config is our own reading. The text goes only to Travis, which reads the file anyway. If
// Travis has no usable answer, the error says why; nothing else depends on it.
func Expand(
	ctx context.Context, travis Expander, repository travisapi.Repository, text string, config *build.Config, event build.Event,
) (adoption build.Adoption, imports []string, err error) {
	if repository.Denies("create_request") {
		return adoption, nil, &problem.Error{Code: "denied", Reason: "Travis denies create_request"}
	}
	preview, err := travis.Preview(ctx, repository.Ref(), travisapi.PreviewOptions{
		Text: text, Event: string(event.Type), Branch: event.Branch, Tag: event.Tag, HeadBranch: event.HeadBranch,
		Sender: event.Sender, CommitMessage: event.CommitMessage,
	})
	if err != nil {
		return adoption, nil, err
	}
	expansion := build.Expansion{Event: event, Config: preview.Config, Messages: messagesOf(preview)}
	for _, job := range preview.Jobs {
		expansion.Jobs = append(expansion.Jobs, job)
	}
	if adoption, err = config.Adopt(ctx, expansion); err != nil {
		return adoption, nil, fmt.Errorf("read Travis's answer: %w", err)
	}
	for _, source := range preview.Sources {
		if !isSent(source) {
			imports = append(imports, source)
		}
	}
	return adoption, imports, nil
}

// Confirm lets Travis expand the changed file for a push to the branch. The returned
// change has the builds that Travis makes of it; difference says how they differ from
// those of c, or is "". If Travis has no usable answer, the error says why, and c remains
// valid.
func (c FileChange) Confirm(ctx context.Context, travis Expander, repository travisapi.Repository) (confirmed FileChange, difference string, err error) {
	push := build.EventsOf(c.Builds.Target.Repo, c.Builds.Target.Branch)[pushed]
	adoption, _, err := Expand(ctx, travis, repository, c.New, c.Builds.config, push)
	if err != nil {
		return c, "", err
	}
	builds := Builds{Target: c.Builds.Target, IsConfirmed: adoption.Confirms(), player: c.Builds.player, source: c.Builds.source}
	if err := builds.read(ctx, adoption.Config, nil); err != nil {
		return c, "", err
	}
	c.Builds = builds
	isUnseen := func(w connect.Warning) bool { return w.Code == codeUnseen }
	if slices.ContainsFunc(c.Notes, isUnseen) {
		c.Notes = slices.DeleteFunc(slices.Clone(c.Notes), isUnseen)
		c.noteUnseen()
	}
	return c, adoption.Difference, nil
}

// isSent reports whether a source is the file that was sent
// (https://github.com/travis-ci/travis-yml, lib/travis/yml/configs/config/api.rb).
func isSent(source string) bool {
	return source == "api" || strings.HasPrefix(source, "api.")
}

// messageKinds are the messages of Travis that decide what runs, by code
// (https://github.com/travis-ci/travis-yml, lib/travis/yml.rb).
var messageKinds = map[string]build.MessageKind{
	"duplicate_key": build.DuplicateKey, "overwrite": build.OverwrittenKey, "unknown_key": build.UnknownKey,
	"find_key": build.RepairedKey, "clean_key": build.RepairedKey, "strip_key": build.RepairedKey, "underscore_key": build.RepairedKey,
	"find_value": build.RepairedValue, "clean_value": build.RepairedValue, "unknown_value": build.UnknownValue, "unknown_default": build.UnknownValue,
	"unexpected_seq": build.FirstOfList, "invalid_type": build.WrongType,
	"invalid_env_var": build.InvalidEnv, "invalid_condition": build.InvalidCondition, "unknown_import": build.UnknownImport,
}

// messagesOf returns Travis's messages about the file that was sent, without those about
// imported files.
func messagesOf(preview travisapi.Preview) []build.Message {
	messages := []build.Message{}
	for _, said := range preview.Messages {
		kind, known := messageKinds[said.Code]
		if !known || said.Source != "" && !isSent(said.Source) {
			continue
		}
		message := build.Message{Line: said.Line, Kind: kind, Section: said.Section}
		switch kind {
		case build.RepairedKey:
			message.Key, message.Instead = said.Original, said.Key
		case build.OverwrittenKey:
			message.Key, message.Instead = said.Key, said.Other
		case build.DuplicateKey, build.UnknownKey, build.UnknownImport:
			message.Key = said.Key
		case build.RepairedValue:
			message.Instead = said.Known
		}
		if !slices.Contains(messages, message) {
			messages = append(messages, message)
		}
	}
	return messages
}

// FoundDiffers is where Travis reads .travis.yml differently than this program.
const FoundDiffers = "yml_differs"

// Confirmation is whether Travis makes the same of a .travis.yml, for a push to the
// audited branch. The builds are judged as Travis reads the file.
type Confirmation struct {
	Branch     string
	Confirmed  bool
	Difference string   // in one sentence, or ""
	Imports    []string // the files that it imports, as OWNER/NAME:PATH@REF
	Reason     string   // why Travis didn't expand the file, or what wasn't sent, or ""
}

// branch is the audited branch.
func (f *repositoryFacts) branch(audited string) string {
	return cmp.Or(audited, f.repository.DefaultBranch, "main")
}

// expand lets Travis expand the file of a repository that was found, and takes over its
// reading. Nothing else depends on it.
func (f *repositoryFacts) expand(ctx context.Context, travis Expander, audited string) {
	if f.file == nil || f.file.err != nil || f.file.source.Missing {
		return
	}
	branch := f.branch(audited)
	event := build.Event{Type: build.Push, Repo: f.target.Slug, Branch: branch, Settings: settingsFor(f.vars, branch), SettingsKnown: true}
	adoption, imports, err := Expand(ctx, travis, f.repository, f.file.source.Text, f.file.config, event)
	if err != nil {
		f.confirmation = &Confirmation{Branch: branch, Reason: err.Error()}
		return
	}
	f.file.config = adoption.Config
	f.confirmation = &Confirmation{Branch: branch, Confirmed: adoption.Confirms(), Difference: adoption.Difference, Imports: imports}
	if adoption.Undetermined != "" {
		f.confirmation.Reason = "the jobs depend on " + adoption.Undetermined + " of the push"
	}
}

// withoutNoLine removes line 0 from a sentence: something that Travis reads and that
// isn't in the file itself.
func withoutNoLine(text string) string { return noLine.Replace(text) }

var noLine = strings.NewReplacer(" on line 0", "", " (line 0)", "", "line 0: ", "", "delete line 0", "delete it")
