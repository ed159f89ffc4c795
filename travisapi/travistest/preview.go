package travistest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"convox-travis/internal/build"
)

// PreviewRequest is a file that was sent to be expanded, and the event.
type PreviewRequest struct {
	Slug, Ref, Text string
	Data            map[string]string // type, branch, …
}

// Reading makes the server expand a file differently than it is sent.
type Reading struct {
	Text    string   // is expanded instead; "" is the one that was sent
	Sources []string // the files that Text consists of, besides the one that was sent

	Status int    // with Body, the answer; 0 ignores both
	Body   string // of any kind
}

// ReadAs sets how files of a repository are expanded from now on: as Travis does if they
// import others, or have a key that it reads differently.
func (s *Server) ReadAs(slug string, reading Reading) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readings[slug] = reading
}

// Previews returns the files that were sent to be expanded.
func (s *Server) Previews() []PreviewRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.previews)
}

// preview expands a file like travis-yml, which ignores branches: they are checked
// earlier (lib/travis/api/v3/services/request/preview.rb).
func (s *Server) preview(w http.ResponseWriter, t target) {
	var body struct {
		Ref     string
		Configs []struct{ Config, Mode string }
		Data    map[string]string
	}
	if json.NewDecoder(t.Body).Decode(&body) != nil || len(body.Configs) != 1 {
		refuse(w, http.StatusBadRequest, "wrong_params", "wrong parameters", nil)
		return
	}
	s.mu.Lock()
	r, text := t.repository, body.Configs[0].Config
	may, event := t.account.may(r, "create_request"), r.event(body.Data)
	reading := s.readings[r.Slug]
	if may {
		s.previews = append(s.previews, PreviewRequest{Slug: r.Slug, Ref: body.Ref, Text: text, Data: body.Data})
	}
	s.mu.Unlock()
	switch {
	case !may:
		denied(w, "create_request", "repository")
		return
	case reading.Status != 0:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(reading.Status)
		_, _ = fmt.Fprint(w, reading.Body) // the client may be gone
		return
	}
	expanded, err := expand(t.Context(), cmp.Or(reading.Text, text), event)
	if err != nil {
		refuse(w, http.StatusBadRequest, "client_error", err.Error(), nil)
		return
	}
	sources := []object{{"@type": "request_raw_configuration", "@representation": "minimal", "source": "api", "config": text, "merge_mode": body.Configs[0].Mode}}
	for _, source := range reading.Sources {
		sources = append(sources, object{"@type": "request_raw_configuration", "@representation": "minimal", "source": source, "config": "", "merge_mode": "deep_merge_append"})
	}
	expanded["raw_configs"] = sources
	answer(w, http.StatusOK, expanded)
}

// event is what conditions see: what was sent, and the variables of the settings,
// including private ones.
func (r *repository) event(data map[string]string) build.Event {
	event := build.Event{
		Type: build.EventType(data["type"]), Repo: r.Slug, Branch: data["branch"], Tag: data["tag"], HeadBranch: data["head_branch"],
		Sender: data["sender"], CommitMessage: data["commit_message"], SettingsKnown: true,
	}
	for _, v := range r.EnvVars {
		event.Settings = append(event.Settings, build.Setting{Name: v.Name, Value: v.Value})
	}
	return event
}

// messageCodes are those of travis-yml (lib/travis/yml.rb).
var messageCodes = map[build.MessageKind]string{
	build.DuplicateKey: "duplicate_key", build.RepairedKey: "find_key", build.OverwrittenKey: "overwrite", build.UnknownKey: "unknown_key",
	build.RepairedValue: "find_value", build.UnknownValue: "unknown_value", build.FirstOfList: "unexpected_seq",
	build.WrongType: "invalid_type", build.CommandMapping: "invalid_type", build.InvalidEnv: "invalid_env_var", build.InvalidCondition: "invalid_condition",
}

func expand(ctx context.Context, text string, event build.Event) (object, error) {
	config, err := build.Parse(ctx, []byte(text))
	if err != nil {
		return nil, err
	}
	without := func(keys ...string) *build.Node {
		root := *config.Root
		root.Fields = slices.DeleteFunc(slices.Clone(root.Fields), func(f build.Field) bool { return slices.Contains(keys, f.Key) })
		return &root
	}
	built, err := (&build.Config{Root: without("branches")}).Build(ctx, event)
	if err != nil {
		return nil, err
	}
	jobs, messages := []object{}, []object{}
	for _, job := range built.Jobs {
		if config := job.Config; job.AllowFailure {
			job.Config = new(build.Node)
			*job.Config = *config
			job.Config.Fields = append(slices.Clone(config.Fields), build.Field{Key: "allow_failure", Value: &build.Node{Kind: build.Bool, Text: "true"}})
		}
		jobs = append(jobs, object{"@type": "job_config", "@representation": "minimal", "config": job.Config})
	}
	for _, item := range config.Root.Get("import").List() { // tests set files to import with ReadAs
		source := item.Text
		if item.Kind == build.Mapping && item.Get("source") != nil {
			source = item.Get("source").Text
		}
		messages = append(messages, object{
			"@type": "message", "@representation": "minimal", "id": nil, "level": "error", "key": "import", "code": "unknown_import",
			"args": object{"source": source}, "src": "api", "line": nil,
		})
	}
	for _, m := range config.Messages {
		args := object{"key": m.Key}
		switch m.Kind {
		case build.RepairedKey:
			args = object{"original": m.Key, "key": m.Instead}
		case build.OverwrittenKey:
			args["other"] = m.Instead
		}
		messages = append(messages, object{
			"@type": "message", "@representation": "minimal", "id": nil, "level": "warn", "key": cmp.Or(m.Section, "root"),
			"code": messageCodes[m.Kind], "args": args, "src": "api", "line": m.Line - 1,
		})
	}
	return object{
		"@type": "request_preview", "@representation": "standard", "full_messages": []string{}, "messages": messages, "job_configs": jobs,
		"request_config": object{"@type": "request_config", "@representation": "minimal", "config": without("import", "merge_mode")},
	}, nil
}
