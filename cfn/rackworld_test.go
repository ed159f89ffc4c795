package cfn_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
)

const (
	oldPassword = "0ld-Pw$6&Lm=3+Qe"
	image       = "/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id"
)

// rackWorld is a small AWS with one Rack, as real ones are.
type rackWorld struct {
	*world
	rack  cfn.Rack
	added cfntest.AddedRack
}

func newRackWorld(t *testing.T, change ...func(*cfntest.Rack)) *rackWorld {
	t.Helper()
	return newChangedWorld(t, nil, change...)
}

// newChangedWorld is newRackWorld with a change to the Rack's stack.
func newChangedWorld(t *testing.T, stack func(*cfntest.Stack), change ...func(*cfntest.Rack)) *rackWorld {
	t.Helper()
	w := &rackWorld{world: newWorld(t), rack: cfn.Rack{Name: "production", Region: "eu-west-1"}}
	real := cfntest.Rack{Region: "eu-west-1", Name: "production", Host: host("production", "eu-west-1"), Version: "20240301100215", Password: oldPassword}
	for _, c := range change {
		c(&real)
	}
	var all []func(*cfntest.Stack)
	if stack != nil {
		all = append(all, stack)
	}
	w.added = w.aws.AddRack(real, all...)
	return w
}

func fast(o *cfn.Options) { o.Poll, o.Patience = time.Millisecond, 2*time.Second }

func (w *rackWorld) finder(change ...func(*cfn.Options)) *cfn.Finder {
	w.Helper()
	return w.world.finder(append([]func(*cfn.Options){fast}, change...)...)
}

func (w *rackWorld) preview(f *cfn.Finder) *cfn.Preview {
	w.Helper()
	p, err := f.Preview(transport.Until(w.Context()), w.rack, secret.New(secrettest.Canary))
	if err != nil {
		w.Fatal(err)
	}
	secrettest.Absent(w, "the preview", fmt.Sprintf("%v %+v %#v", p, *p, *p), oldPassword)
	return p
}

func (w *rackWorld) execute(f *cfn.Finder, p *cfn.Preview) {
	w.Helper()
	if err := f.Execute(transport.Until(w.Context()), p); err != nil {
		w.Fatal(err)
	}
}

// failed searches also for the password that was.
func (w *rackWorld) failed(err error) *problem.Error {
	w.Helper()
	e := w.world.failed(err)
	secrettest.Absent(w, "the error", fmt.Sprintf("%+v %s", e, strings.Join(e.Hints, "\n")), oldPassword)
	return e
}

// asked counts the calls of an action.
func (w *rackWorld) asked(action string) int {
	n := 0
	for _, call := range w.aws.Calls() {
		if call.Action == action {
			n++
		}
	}
	return n
}

func (w *rackWorld) parameters() map[string]string {
	return w.aws.ParametersOf(w.rack.Region, w.rack.Name)
}

// wantOthersKept compares all parameters but the password with those before.
func (w *rackWorld) wantOthersKept(before map[string]string, password string) {
	w.Helper()
	after := w.parameters()
	if after["Password"] != password {
		w.Errorf("the stack has another password than it should have")
	}
	before = maps.Clone(before)
	delete(before, "Password")
	delete(after, "Password")
	for key, value := range before {
		if after[key] != value {
			w.Errorf("%s was %q and is %q", key, value, after[key])
		}
	}
	if len(after) != len(before) {
		w.Errorf("%d parameters, not %d", len(after), len(before))
	}
}

func (w *rackWorld) wantNoChangeSet() {
	w.Helper()
	if left := w.aws.ChangeSets(w.rack.Region, w.rack.Name); len(left) != 0 {
		w.Errorf("left behind: %q", left)
	}
}

func changed(p *cfn.Preview) string {
	var all []string
	for _, c := range p.Changes {
		all = append(all, c.LogicalID+" "+c.Replacement)
	}
	return strings.Join(all, ", ")
}
