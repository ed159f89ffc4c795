package build

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strconv"
	"time"

	"convox-travis/internal/child"
	"convox-travis/internal/crash"
)

// The limits of a child.
const (
	childMemory = 64 << 20         // bytes
	childStack  = 32 << 20         // bytes; deeper recursion kills the child
	childStart  = 5 * time.Second  // until it has read its scripts
	patience    = time.Second      // for one script
	childInput  = 4 << 20          // bytes of scripts; the rest go to another child
	childOutput = 1 << 20          // bytes of output for one script
	longestPlay = 20 * time.Second // for all scripts; those left can't be played
)

// Player plays scripts in a child process, because the library that parses Bash has no
// limits: a text can exhaust the stack or memory. Without an Executable it plays in this
// process, which is for our own texts in tests.
type Player struct {
	Executable string   // of this program
	Arguments  []string // make the executable call Child
}

// Play plays scripts in order. A script that kills its child or takes too long has
// Unplayed set, and so do those left when all of them take too long; the others are
// unaffected. The error is that of ctx, or of starting the process.
func (p Player) Play(ctx context.Context, scripts []Script) ([]Played, error) {
	return p.play(ctx, slices.Values(scripts))
}

// play serves one child at a time: the scripts of a hostile file don't fit into memory.
func (p Player) play(ctx context.Context, scripts iter.Seq[Script]) ([]Played, error) {
	limited, cancel := context.WithTimeout(ctx, longestPlay)
	defer cancel()
	var (
		results []Played
		which   []int                         // per script, of results
		places  = map[[sha256.Size]byte]int{} // jobs are often alike
		batch   []json.RawMessage
		waiting []int // indexes into results, for batch
		size    int
	)
	flush := func() error {
		for len(batch) > 0 && limited.Err() == nil {
			played, err := p.once(limited, batch)
			for i := range played {
				results[waiting[i]] = played[i]
			}
			if err != nil && limited.Err() == nil {
				return fmt.Errorf("start the player: %w", err)
			}
			batch, waiting = batch[len(played):], waiting[len(played):]
		}
		batch, waiting, size = nil, nil, 0
		return ctx.Err()
	}
	for script := range scripts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if limited.Err() != nil {
			which, results = append(which, len(results)), append(results, timedOut(firstLine(script)))
			continue
		}
		text, err := json.Marshal(script)
		if err != nil {
			return nil, err
		}
		key := sha256.Sum256(text)
		place, known := places[key]
		if !known {
			place = len(results)
			places[key] = place
			results = append(results, timedOut(firstLine(script)))
		}
		which = append(which, place)
		switch {
		case known:
			continue
		case len(text) > childInput:
			results[place] = crashed(firstLine(script))
			continue
		case size+len(text) > childInput:
			if err := flush(); err != nil {
				return nil, err
			}
		}
		batch, waiting, size = append(batch, text), append(waiting, place), size+len(text)
	}
	if err := flush(); err != nil {
		return nil, err
	}
	all := make([]Played, len(which))
	for i, place := range which {
		all[i] = results[place]
	}
	return all, nil
}

// timedOut is the result for a script that no time is left for.
func timedOut(line int) Played { return unplayed("the builds take too long to play", line) }

// crashed is the result for a script that kills its child.
func crashed(line int) Played { return unplayed("its Bash is too deep or too big", line) }

func unplayed(what string, line int) Played { return Played{Unplayed: &Unseen{What: what, Line: line}} }

func firstLine(script Script) int {
	if len(script.Steps) == 0 {
		return 0
	}
	return script.Steps[0].Command.Line
}

// once starts a child for scripts and returns what it played. If the child dies early,
// the last result is that of the script that killed it.
func (p Player) once(ctx context.Context, texts []json.RawMessage) ([]Played, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	input, err := json.Marshal(texts)
	if err != nil {
		return nil, err
	}
	if p.Executable == "" {
		here := new(results)
		err := playAll(bytes.NewReader(input), here)
		return here.played, err
	}
	cmd := child.Command(ctx, []string{}, p.Executable, p.Arguments...)
	cmd.Dir = os.TempDir()
	cmd.Stdin = bytes.NewReader(input)
	clock := time.AfterFunc(childStart, cancel)
	defer clock.Stop()
	output := &results{each: func() { clock.Reset(patience) }}
	cmd.Stdout = output
	err = child.Run(cmd)
	switch {
	case output.begun && len(output.played) < len(texts):
		return append(output.played, crashed(output.line)), nil
	case output.begun:
		return output.played, nil
	case err != nil:
		return nil, err
	}
	return nil, errors.New("it doesn't answer")
}

// results reads a child's output: an empty line once it has read its scripts, then the
// current line of the file, and an object per script.
type results struct {
	played []Played
	line   int
	begun  bool
	rest   []byte
	each   func()
}

func (r *results) Write(data []byte) (int, error) {
	r.rest = append(r.rest, data...)
	if len(r.rest) > childOutput {
		return 0, errors.New("it does too much")
	}
	for {
		line, rest, whole := bytes.Cut(r.rest, []byte("\n"))
		if !whole {
			return len(data), nil
		}
		r.rest = rest
		if at, err := strconv.Atoi(string(line)); err == nil {
			r.line = at
			continue
		}
		if r.each != nil {
			r.each()
		}
		if len(line) == 0 {
			r.begun = true
			continue
		}
		var played Played
		if err := json.Unmarshal(line, &played); err != nil {
			return 0, err
		}
		r.played = append(r.played, played)
	}
}

// Child is the other side of Player: it plays the scripts that it reads, and exits when
// they need too much memory.
func Child(stdin io.Reader, stdout io.Writer) error {
	debug.SetMaxStack(childStack)
	debug.SetMemoryLimit(childMemory * 3 / 4)
	go func() {
		defer crash.Catch()
		watchMemory()
	}()
	return playAll(stdin, stdout)
}

func playAll(stdin io.Reader, stdout io.Writer) error {
	var scripts []Script
	if err := json.NewDecoder(stdin).Decode(&scripts); err != nil {
		return err
	}
	if _, err := io.WriteString(stdout, "\n"); err != nil {
		return err
	}
	encoder := json.NewEncoder(stdout)
	last := 0
	at := func(line int) {
		if line != last {
			last = line
			_, _ = fmt.Fprintln(stdout, line) // if the parent is gone, the next result fails
		}
	}
	for _, script := range scripts {
		played, _ := play(script, at)
		if err := encoder.Encode(played); err != nil {
			return err
		}
	}
	return nil
}

func watchMemory() {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	for {
		metrics.Read(sample)
		if sample[0].Value.Uint64()+sample[1].Value.Uint64() > childMemory {
			os.Exit(3)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// Outcome is what an event makes of a file, and what its jobs do.
type Outcome struct {
	Event  Event
	Build  *Build
	Played []Played // one per job of Build
}

// EventsOf returns the kinds of builds of a repository: a push to a branch, a push to
// another branch, a pull request from that one to the first, a tag, and a cron and an API
// build of the first. The repository is OWNER/NAME, or "" if unknown.
func EventsOf(repo, branch string) []Event {
	other := "feature/x"
	if branch == other {
		other = "feature/y"
	}
	return []Event{
		{Type: Push, Repo: repo, Branch: branch},
		{Type: Push, Repo: repo, Branch: other},
		{Type: PullRequest, Repo: repo, Branch: branch, HeadBranch: other, HeadRepo: repo},
		{Type: Push, Repo: repo, Branch: "v1.0", Tag: "v1.0"},
		{Type: Cron, Repo: repo, Branch: branch},
		{Type: API, Repo: repo, Branch: branch},
	}
}

// Outcomes returns what each event makes of a file, in order. The error is that of ctx,
// of a file that makes too many jobs, or of starting the player.
func (p Player) Outcomes(ctx context.Context, c *Config, events []Event) ([]Outcome, error) {
	outcomes := make([]Outcome, len(events))
	for i, event := range events {
		made, err := c.Build(ctx, event)
		if err != nil {
			return nil, err
		}
		outcomes[i] = Outcome{Event: event, Build: made}
	}
	played, err := p.play(ctx, func(yield func(Script) bool) {
		for _, outcome := range outcomes {
			for _, job := range outcome.Build.Jobs {
				if !c.asksNumber {
					job.Number = "" // equal jobs are played once
				}
				if !yield(ScriptOf(job, outcome.Event)) {
					return
				}
			}
		}
	})
	if err != nil {
		return nil, err
	}
	for i := range outcomes {
		jobs := len(outcomes[i].Build.Jobs)
		outcomes[i].Played, played = played[:jobs:jobs], played[jobs:]
	}
	return outcomes, nil
}

// Phases returns the names of the phases that a job sets, in the order in which they run.
func (j Job) Phases() []string {
	set := []string{}
	for _, phase := range phases {
		if isSet(j.Config.Get(phase)) {
			set = append(set, phase)
		}
	}
	return set
}
