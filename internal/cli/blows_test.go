//go:build unix

package cli

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"convox-travis/internal/convox/convoxtest"
	"convox-travis/internal/faults"
)

// place is one request of a run: the n-th that a server gets.
type place struct {
	server  string
	n       int
	request faults.Request
}

func (p place) String() string {
	action, _, _ := strings.Cut(p.request.Body, "&")
	if p.request.Method == http.MethodGet || !strings.HasPrefix(action, "Action=") {
		action = ""
	}
	return strings.TrimSpace(fmt.Sprintf("%s %d, %s %s %s", p.server, p.n+1, p.request.Method, p.request.Path, action))
}

// places lists the requests that the servers have got.
func (w *inside) places() []place {
	var all []place
	for _, s := range w.servers() {
		for n, request := range s.layer.Requests() {
			all = append(all, place{s.name, n, request})
		}
	}
	return all
}

// blow is what happens to a world at a place.
type blow struct {
	name string
	kind faults.Kind // an answer's fault; the others are the world's own
	// lasting is from this place on, for all that its server is asked.
	lasting bool
	refused bool // the connection is
	// strike changes the world before the request is answered, or connected, and
	// returns what changes it back.
	strike   func(*inside) (undo func())
	connects bool // it strikes when the request is connected
	// exit is the exit code of a run that is ended by it before anything is
	// written; 0 is exitFailed.
	exit int
}

func (b blow) String() string {
	if b.lasting {
		return b.name + ", from then on"
	}
	return b.name
}

// deadline is that of a call of a run that meets the blow; 0 is the program's own.
func (b blow) deadline() time.Duration {
	if b.kind == faults.Hang {
		return 250 * time.Millisecond
	}
	return 0
}

const banned = "ban"

// blows lists what can happen at a place.
func blows(at place) []blow {
	var all []blow
	for _, lasting := range []bool{false, true} {
		for _, kind := range faults.Kinds() {
			all = append(all, blow{name: string(kind), kind: kind, lasting: lasting})
		}
		all = append(all, blow{name: "connection refused", refused: true, lasting: lasting})
	}
	switch at.server {
	case "Travis":
		all = append(all,
			blow{name: banned, lasting: true, strike: func(w *inside) func() {
				w.Travis.Ban(w.env["TRAVIS_TOKEN"])
				return w.Travis.Pardon
			}},
			blow{name: "unknown token", lasting: true, exit: exitRefused, strike: func(w *inside) func() {
				w.Travis.SetToken("ann", "another")
				return func() { w.Travis.SetToken("ann", w.env["TRAVIS_TOKEN"]) }
			}})
		if at.request.Method == http.MethodPatch {
			for _, times := range []int{1, 2, 9} {
				all = append(all, blow{name: fmt.Sprintf("PATCH that loses the variable, %d times", times), lasting: true, strike: func(w *inside) func() {
					w.Travis.BreakNextPatch(times)
					return func() { w.Travis.BreakNextPatch(0) }
				}})
			}
		}
	case "AWS":
		all = append(all, blow{name: "unknown key", lasting: true, exit: exitRefused, strike: func(w *inside) func() {
			w.knownToAWS("another")
			return func() { w.knownToAWS(sharedSecret) }
		}})
	case "Console":
		key := func(w *inside) convoxtest.Key {
			return convoxtest.Key{Value: w.env["DEMO_DEPLOY_KEY"], Organizations: []string{"acme"}}
		}
		all = append(all, blow{name: "unknown key", lasting: true, exit: exitRefused, strike: func(w *inside) func() {
			w.Console.RemoveKey(key(w).Value)
			return func() { w.Console.AddKey(key(w)) }
		}})
	}
	return all
}

// otherCertificate is a server that shows another one from a place on.
func otherCertificate(at place) blow {
	exit := exitUsage // --fingerprint named another one
	if at.server == "Console" {
		exit = exitFailed
	}
	return blow{name: "another certificate", lasting: true, connects: true, exit: exit, strike: func(w *inside) func() {
		change := w.Rack.ChangeCertificate
		if at.server == "Console" {
			change = w.Console.ChangeCertificate
		}
		undo, err := change(convoxtest.SelfSigned)
		if err != nil {
			w.Error(err)
		}
		return undo
	}}
}

// suffer makes a blow fall at a place, and returns what takes it away and tells
// whether it fell.
func (w *inside) suffer(at place, b blow) (heal func() (fell bool)) {
	w.Helper()
	s := w.server(at.server)
	undo, counted, fell := func() {}, 0, false
	meets := func() bool {
		counted++
		now := counted == at.n+1 || b.lasting && counted > at.n+1
		if now && !fell && b.strike != nil {
			undo = b.strike(w)
		}
		fell = fell || now
		return now
	}
	if b.refused || b.connects {
		s.layer.CloseConnections(true) // so each request is a connection
		w.network.setMeet(func(address string) bool {
			return w.network.at(address) == w.network.at(s.address) && meets() && b.refused
		})
	} else {
		s.layer.Add(faults.Rule{Kind: b.kind, Times: -1, Match: func(faults.Request) bool { return meets() && b.strike == nil }})
	}
	w.deadline = b.deadline()
	return func() bool {
		s.layer.Clear()
		s.layer.CloseConnections(false)
		w.network.setMeet(nil)
		w.deadline = 0
		undo()
		return fell
	}
}

// sideBySide runs the parts of a matrix as tests, many at a time: most of their
// time they wait for servers that say nothing.
func sideBySide[T fmt.Stringer](t *testing.T, parts []T, play func(*testing.T, T)) {
	t.Helper()
	const atATime = 32
	next := make(chan T)
	var players sync.WaitGroup
	for range atATime {
		players.Go(func() {
			for part := range next {
				t.Run(part.String(), func(t *testing.T) { play(t, part) })
			}
		})
	}
	for i, part := range parts {
		if !raced || i%8 == 0 { // a race shows in a few of them as well
			next <- part
		}
	}
	close(next)
	players.Wait()
}

// tally counts the cases of a matrix by their exit codes.
type tally struct {
	mu     sync.Mutex
	codes  map[int]int
	missed int // whose blow never fell
}

func (y *tally) count(code int, fell bool) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if !fell {
		y.missed++
		return
	}
	if y.codes == nil {
		y.codes = map[int]int{}
	}
	y.codes[code]++
}

func (y *tally) String() string {
	cases := 0
	for _, n := range y.codes {
		cases += n
	}
	return fmt.Sprintf("%d cases: by exit code %v, %d never came", cases, y.codes, y.missed)
}

// want checks that every way to end was met: else the matrix has become blind to
// one. A slow machine may give up before a request, or look at a Rack fewer times.
func (y *tally) want(t *testing.T, codes ...int) {
	t.Helper()
	if y.missed > 20 {
		t.Errorf("%d requests never came", y.missed)
	}
	for _, code := range codes {
		if y.codes[code] == 0 && !raced {
			t.Errorf("no case ended with exit %d", code)
		}
	}
}
