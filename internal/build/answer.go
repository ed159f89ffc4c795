package build

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Expansion is what Travis itself makes of a file for one event, as its API returns it
// (travisapi.Preview). Its JSON is validated here.
type Expansion struct {
	Event    Event
	Config   []byte    // an object: the file with its imports
	Jobs     [][]byte  // one object per job, with everything it inherits
	Messages []Message // nil if Travis returned none
}

// Adoption is a file as Travis reads it.
type Adoption struct {
	// Config has what Travis imports, and Travis's messages. Its Build for the
	// Expansion's event has Travis's jobs, unless Undetermined says why not. Line numbers
	// are those of our own reading, or 0.
	Config *Config
	// Difference says in one sentence how Travis's jobs differ from ours, or is "". If it
	// is set, Travis is right.
	Difference string
	// Undetermined names what decides the jobs but isn't part of the event, or is "".
	// Travis takes it as empty, so its jobs aren't those of the next build.
	Undetermined string
}

// Confirms reports whether Travis makes the jobs that we make.
func (a Adoption) Confirms() bool { return a.Difference == "" && a.Undetermined == "" }

// answer is Travis's own build of an event. It is valid for this root only: a config
// derived from it with another root computes its own jobs.
type answer struct {
	root  *Node
	event Event
	build *Build
}

func (a *answer) isFor(root *Node, event Event) bool {
	return a.root == root && a.event.Type == event.Type && a.event.Branch == event.Branch && a.event.Tag == event.Tag
}

// Adopt takes over what Travis makes of the file. The error is that of ctx, or says that
// the JSON isn't a valid Travis answer.
func (c *Config) Adopt(ctx context.Context, e Expansion) (adoption Adoption, err error) {
	defer catch(&err)
	refused := "" // from what Travis checks besides expanding the file
	if count := len(e.Jobs); count > mostPlayed {
		refused, e.Jobs = tooManyJobs(count), nil
	}
	reader := reader{ctx: ctx, made: make(map[*yaml.Node]*Node), messages: new([]Message)}
	root, err := reader.object(e.Config)
	if err != nil {
		return Adoption{}, fmt.Errorf("the config: %w", err)
	}
	jobs := make([]*Node, len(e.Jobs))
	for i, text := range e.Jobs {
		if jobs[i], err = reader.object(text); err != nil {
			return Adoption{}, fmt.Errorf("job %d: %w", i+1, err)
		}
	}
	imports := c.Root.Get("import") != nil
	ids := newIdentities()
	adopted := &Config{Messages: c.Messages, asksNumber: c.asksNumber}
	adopted.Root = newNormalizer(ctx, new(Config)).root(ids.locate(root, c.Root))
	if e.Messages != nil {
		adopted.Messages = c.located(e.Messages)
	}
	// Imported parts are compared as Travis imports them, the rest as we read it.
	own := c
	if imports {
		own = adopted
	}
	ours, err := own.Build(ctx, e.Event)
	if err != nil {
		return Adoption{}, err
	}
	a := Adoption{Config: adopted}
	for _, unseen := range ours.Unseen {
		if unseen.What == unknownSender || unseen.What == unknownMessage {
			a.Undetermined = unseen.What
			return a, nil
		}
	}
	theirs := &Build{}
	for _, text := range e.Jobs {
		adopted.asksNumber = adopted.asksNumber || bytes.Contains(text, []byte("JOB_NUMBER"))
	}
	size := 0
	for i, config := range jobs {
		near := c.Root
		if len(ours.Jobs) == len(jobs) {
			near = ours.Jobs[i].Config
		}
		config = ids.locate(config, near)
		theirs.Jobs = append(theirs.Jobs, jobOf(config, i, config.Get("allow_failure").text() == "true", &size))
	}
	if len(ours.Unseen) == 0 || own == adopted { // otherwise ours may be right
		a.Difference = difference(ours.Jobs, theirs.Jobs, e.Event)
	}
	theirs.Reason = ours.Reason
	refused = cmp.Or(adopted.expansion(ctx, &e.Event).branchRefusal(), refused)
	if refused != "" {
		theirs.Jobs, theirs.Reason = nil, refused
		a.Difference = ""
	} else if len(theirs.Jobs) > 0 {
		theirs.Reason = ""
	} else if theirs.Reason == "" {
		theirs.Reason = "Travis makes no job of the file"
	}
	adopted.answer = &answer{root: adopted.Root, event: e.Event, build: theirs}
	return a, nil
}

// located gives Travis's messages the lines of our matching ones, preferring the same line.
func (c *Config) located(messages []Message) []Message {
	own := slices.Clone(c.Messages)
	located := []Message{}
	for _, message := range messages {
		isEqual := func(m Message) bool {
			isSame := m.Kind == message.Kind || m.Kind == CommandMapping && message.Kind == WrongType // Travis reports one of them
			return isSame && m.Key == message.Key
		}
		i := slices.IndexFunc(own, func(m Message) bool { return isEqual(m) && m.Line == message.Line })
		if i < 0 {
			i = slices.IndexFunc(own, isEqual)
		}
		if i >= 0 {
			message = own[i]
			own = slices.Delete(own, i, i+1)
		}
		if !slices.Contains(located, message) {
			located = append(located, message)
		}
	}
	return located
}

// locate returns Travis's value with the line numbers of ours under the same key, or of an
// equal item, or of the item in the same place. Ours can be nil.
func (i *identities) locate(theirs, ours *Node) *Node {
	made := *theirs
	made.Line = ours.line()
	made.Rows = ours != nil && ours.Rows && ours.Text == made.Text
	made.Fields, made.Items = slices.Clone(made.Fields), slices.Clone(made.Items)
	for at, f := range made.Fields {
		made.Fields[at] = Field{f.Key, ours.LineOf(f.Key), i.locate(f.Value, ours.Get(f.Key))}
	}
	own, equal := ours.List(), make(map[int]*Node)
	for _, item := range slices.Backward(own) {
		equal[i.of(item)] = item
	}
	for at, item := range made.Items {
		near := equal[i.of(item)]
		if at < len(own) && (near == nil && len(own) == len(made.Items) || i.of(own[at]) == i.of(item)) {
			near = own[at]
		}
		made.Items[at] = i.locate(item, near)
	}
	return &made
}

// difference says how Travis's jobs differ from ours in what they run, or returns "".
func difference(ours, theirs []Job, event Event) string {
	if len(ours) != len(theirs) {
		return fmt.Sprintf("Travis makes %s of this build, convox-travis %s", countJobs(len(theirs)), countJobs(len(ours)))
	}
	for i := range ours {
		if parts := differentParts(ours[i], theirs[i], event); len(parts) > 0 {
			return fmt.Sprintf("Travis reads job %s differently than convox-travis: %s", ours[i].Number, strings.Join(parts, ", "))
		}
	}
	return ""
}

func countJobs(n int) string {
	switch n {
	case 0:
		return "no job"
	case 1:
		return "one job"
	}
	return fmt.Sprintf("%d jobs", n)
}

// differentParts returns the parts in which two jobs differ, in the file's terms.
func differentParts(ours, theirs Job, event Event) []string {
	var parts []string
	note := func(part string, differs bool) {
		if differs {
			parts = append(parts, part)
		}
	}
	note("stage", !strings.EqualFold(ours.Stage, theirs.Stage))
	note("name", ours.Name != theirs.Name)
	note("os", cmp.Or(ours.OS, "linux") != cmp.Or(theirs.OS, "linux"))
	note("language", ours.Language != theirs.Language)
	note("env", !slices.Equal(ours.Env, theirs.Env))
	note("allow_failure", ours.AllowFailure != theirs.AllowFailure)
	own, other := commandsByPhase(ours, event), commandsByPhase(theirs, event)
	for _, phase := range phases {
		note(phase, own[phase] != other[phase])
	}
	return parts
}

// commandsByPhase renders a job's commands, with their conditions, as one text per phase.
func commandsByPhase(job Job, event Event) map[string]string {
	all := make(map[string]string)
	var add func(steps []Step)
	add = func(steps []Step) {
		for _, step := range steps {
			all[step.Phase] += fmt.Sprintf("%q %q %d\n", step.Condition, step.Command.Bash, step.Failure)
			add(step.Steps)
		}
	}
	add(ScriptOf(job, event).Steps)
	return all
}
