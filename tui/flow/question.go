package flow

import (
	"convox-travis/internal/connect"
	"convox-travis/internal/progress"
	"convox-travis/internal/secret"
)

// Kind is the way in which a question is asked.
type Kind int

const (
	Choice  Kind = iota // one of a few Options
	Text                // a line
	Secret              // a line that is not shown
	Pick                // one of many Rows
	Confirm             // yes or no
	Review              // read Lines, then yes
	Shown               // read a Secret that was asked for; its end may have to be typed
	Ending              // read Lines, then leave
)

// Question is what is asked of the person.
type Question struct {
	Kind     Kind
	Title    string
	Reason   []string      // three lines at most: why, and where an answer comes from
	Help     []string      // paragraphs of the page behind ?, for what Reason has no room for
	Headings []string      // of a Pick: one for each of the Cells; the notes have their own
	Options  []Option      // of a Choice
	Rows     []Row         // of a Pick, those that are Other last; they can become more while it is asked
	More     string        // of a Pick and a Review: what is still being looked for; of a Pick also what was not found; or ""
	Found    string        // of a Pick: a short summary of the search that ended, such as "21 regions, 0.8 s"
	Growing  bool          // of a Pick: more rows are being looked for; of a Review: its Lines can still change
	Several  bool          // of a Pick: several Rows may be picked
	Yes, No  string        // of a Confirm; Yes alone of a Review and an Ending
	Lines    []Line        // of a Review and an Ending
	Secret   secret.String // of a Shown: what its owner asked to see
	Tail     int           // of a Shown: how many of its last characters are to be typed; 0 is none
	Initial  Value
	Optional bool // of a Text: an empty answer means something
	Check    func(Value) error
	Switches []Switch // of a Review and an Ending
	Guarded  bool     // an answer writes, saves or reveals something: a single key never gives it
	Copy     string   // of an Ending: the command that c copies
	Problem  *Problem // why the last answer did not do
}

// Option is one of a few.
type Option struct {
	Label, Note string
	chosen      bool              // before: the cursor starts on it
	do          func(*Flow) *Work // acts on it, instead of the step's do; it may be nil
}

func offer[T comparable](q *Question, all []T, options map[T]Option, chosen T) {
	for _, one := range all {
		option := options[one]
		option.chosen = one == chosen
		q.Options = append(q.Options, option)
	}
}

// Row is one of many.
type Row struct {
	Key      string // its identity
	Cells    []string
	Note     string
	Warn     bool     // Note is a warning
	Disabled string   // why it can't be picked, or ""
	Other    bool     // another answer than the listed ones, such as "Enter a host…": always shown, whatever the filter
	Detail   []Detail // what is shown in full while the row has the focus
}

// Detail is a labeled value, such as host and rack.example.convox.site.
type Detail struct{ Label, Text string }

// Value is an answer; which field counts is the question's Kind.
type Value struct {
	Index  int           // of a Choice
	Text   string        // of a Text and a Shown; of a Pick, the filter that led to a Row that is Other
	Secret secret.String // of a Secret
	Key    string        // of a Pick
	Keys   []string      // of a Pick of several: those that were marked; none is Key alone
	Yes    bool          // of a Confirm and a Review
	Switch string        // the Key of a Switch that was turned, instead of an answer
}

// Switch is something that a review lets one turn on and off.
type Switch struct {
	Key   string // a letter
	Label string
	On    bool
	help  string
	turn  func(*Flow)
	opens string // the step that asks for its value, or ""
}

// Tone is how a line is meant. Color alone never says it.
type Tone int

const (
	Plain Tone = iota
	Heading
	Muted
	Good
	Warning
	Bad
	Added       // a variable that is new
	Replaced    // a variable whose value changes
	Removed     // a variable that is deleted
	FileAdded   // a line of a file that is new; cut, never wrapped, like the next two
	FileRemoved // a line of a file that goes
	FileContext // a line of a file that stays
	Command     // can be run as it is: never broken inside a word, on lines of its own
	Named       // a key or a label, with what it means behind two blanks
)

// Line is a line to read. Two blanks separate a variable from its value.
type Line struct {
	Tone Tone
	Text string
}

// Problem is an error, shown where a person can fix it.
type Problem struct {
	Message string
	Do      []string // what can be done about it, best first
}

// ProblemOf takes an error's message and hints; of nil it is nil.
func ProblemOf(err error) *Problem {
	if err == nil {
		return nil
	}
	return &Problem{Message: err.Error(), Do: hints.Of(err)}
}

// Progress is how far a Work is.
type Progress = progress.Progress

// Tell is how a Work tells a person what happens. Both may be called from any
// goroutine.
type Tell struct {
	Line     func(Line)     // something that happened
	Progress func(Progress) // takes the place of the one before
}

// Work is something that takes time. Run is called elsewhere.
type Work struct {
	Words  string // what is being done
	Writes bool   // a stop has to let it end
	Stops  string // what a stop does then; "" rolls back what was created
	Run    func(stop connect.Stop, tell Tell) Outcome
}

// Outcome is the result of a Work.
type Outcome struct {
	Set func(*Flow) // what is to be changed; called by Finish
	Err error       // why it failed
	To  string      // the step where that can be fixed, "" is the one that did the Work; without Err, the next step
}

// Item is a step of the transcript.
type Item struct {
	Name   string
	Answer string // with a note behind " · "
	State  ItemState
}

// ItemState says whether an item is before or behind the current step.
type ItemState int

const (
	Ahead ItemState = iota
	Here
	Behind
)

// Rail lists the steps of this way with their answers.
func (f *Flow) Rail() []Item {
	var items []Item
	here := f.steps[f.at].name
	past := true
	for i, s := range f.steps {
		if s.name == here {
			past = false
		}
		last := len(items) - 1
		if last >= 0 && items[last].Name == s.name {
			if answer := f.shownAt(i); answer != "" && s.needed(f) {
				items[last].Answer = answer
			}
			continue
		}
		if !s.needed(f) && (s.soon == nil || !s.soon(f)) {
			continue
		}
		item := Item{Name: s.name, Answer: f.shownAt(i), State: Ahead}
		switch {
		case s.name == here:
			item.State = Here
		case past:
			item.State = Behind
		}
		items = append(items, item)
	}
	return items
}

func (f *Flow) shownAt(i int) string {
	if s := f.steps[i]; s.shown != nil {
		return s.shown(f)
	}
	return ""
}
