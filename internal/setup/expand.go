package setup

import (
	"context"
	"slices"
	"strings"

	"convox-travis/internal/build"
	"convox-travis/internal/problem"
	"convox-travis/travisapi"
)

// Expander lets Travis expand a file; a travisapi.Client is one.
type Expander interface {
	Preview(context.Context, travisapi.Ref, travisapi.PreviewWish) (travisapi.Preview, error)
}

// Expand lets Travis expand the text of a .travis.yml for an event. The text goes
// to Travis alone, which reads the file anyway. Where Travis gives no answer, the
// error says why; nothing else depends on it.
func Expand(ctx context.Context, travis Expander, repository travisapi.Repository, text string, event build.Event) (Expanded, error) {
	if repository.Denies("create_request") {
		return Expanded{}, errNoPreview
	}
	preview, err := travis.Preview(ctx, repository.Ref(), travisapi.PreviewWish{
		Text: text, Event: string(event.Type), Branch: event.Branch, Tag: event.Tag, HeadBranch: event.HeadBranch,
		Sender: event.Sender, CommitMessage: event.CommitMessage,
	})
	return Expanded{preview}, err
}

var errNoPreview = &problem.Error{Code: "denied", Reason: "Travis denies create_request"}

// Expanded is what Travis makes of a file.
type Expanded struct{ preview travisapi.Preview }

// Adopt returns the file as Travis reads it, where config is how it was read here,
// and event the one for which it was expanded.
func (e Expanded) Adopt(ctx context.Context, config *build.Config, event build.Event) (build.Adoption, error) {
	expansion := build.Expansion{Event: event, Config: e.preview.Config, Messages: messagesOf(e.preview)}
	for _, job := range e.preview.Jobs {
		expansion.Jobs = append(expansion.Jobs, job)
	}
	return config.Adopt(ctx, expansion)
}

// Confirm lets Travis expand the file with what would be added to it, for a push to
// the branch. The change that it returns has the builds that Travis makes of it;
// difference says how they differ from those of c, or is "". Where Travis has no
// answer that counts, the error says why, and c stands.
func (c FileChange) Confirm(ctx context.Context, player build.Player, travis Expander, repository travisapi.Repository) (confirmed FileChange, difference string, err error) {
	target, file := c.Builds.Target, c.File
	file.Text = c.New
	config, err := build.Parse(ctx, []byte(c.New))
	if err != nil {
		return c, "", err
	}
	events := build.EventsOf(target.Repo, target.Branch)
	expanded, err := Expand(ctx, travis, repository, c.New, events[pushes])
	if err != nil {
		return c, "", err
	}
	adoption, err := expanded.Adopt(ctx, config, events[pushes])
	if err != nil {
		return c, "", err
	}
	outcomes, err := outcomesOf(ctx, player, file, adoption.Config, events)
	if err != nil {
		return c, "", err
	}
	c.Builds = Builds{Target: target, Messages: adoption.Config.Messages, Outcomes: outcomes, IsConfirmed: adoption.Confirms()}
	isUnseen := func(w Warning) bool { return w.Code == codeUnseen }
	if slices.ContainsFunc(c.Notes, isUnseen) {
		c.Notes = slices.DeleteFunc(slices.Clone(c.Notes), isUnseen)
		c.noteUnseen()
	}
	return c, adoption.Difference, nil
}

// Imports lists the files that Travis imports, as OWNER/NAME:PATH@REF, fit to be
// shown.
func (e Expanded) Imports() []string {
	var imports []string
	for _, source := range e.preview.Sources {
		if !isSent(source.Source) {
			imports = append(imports, clean(source.Source))
		}
	}
	return imports
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

// messagesOf returns what Travis says about the file that was sent; imported files
// are others' business.
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
