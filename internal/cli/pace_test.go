package cli

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/faults"
	"convox-travis/internal/secret/secrettest"
)

// pacedProgram is the program with another limit of POSTs, such as
// {"Calls": 10, "Per": 2000000000}.
func pacedProgram(limit string) *program {
	p := systemProgram()
	if err := json.Unmarshal([]byte(limit), &p.limit); err != nil {
		panic(err)
	}
	return p
}

// hasty is a world whose Travis bans at 14 POSTs in 1.8 seconds, where the program
// makes 10 in 2, if it keeps to its pace at all: there is room for a call that is
// late on its way. thirty repositories of it are new.
func hasty(t *testing.T, paced bool) (w *world, thirty []string) {
	t.Helper()
	t.Parallel() // it waits most of the time
	w, names := services(t, 60)
	w.Travis.LimitPosts(14, 1800*time.Millisecond)
	w.env["TEST_PACE"] = `{"Calls": 10, "Per": 2000000000}`
	if !paced {
		w.Travis.LimitPosts(14, time.Minute) // however slow the machine is
		w.env["TEST_PACE"] = `{"Calls": 1000, "Per": 1}`
	}
	return w, names[:30]
}

func (w *world) wantPosts(n int) {
	w.Helper()
	posts := 0
	for _, r := range w.Travis.Writes() {
		if r.Method == http.MethodPost {
			posts++
		}
	}
	if posts != n || w.Travis.Banned(w.env["TRAVIS_TOKEN"]) {
		w.Errorf("%d POSTs, not %d; banned: %t", posts, n, w.Travis.Banned(w.env["TRAVIS_TOKEN"]))
	}
}

func TestARunOfThirtyRepositoriesDoesNotProvokeABan(t *testing.T) {
	w, thirty := hasty(t, true)
	w.watched()
	w.want(w.apply(reposOf(thirty)...), 0, "30 done")
	w.wantPosts(60)
}

func TestThirtySingleRunsDoNotProvokeABan(t *testing.T) {
	w, thirty := hasty(t, true)
	for _, name := range thirty {
		w.want(w.apply("--repo", name), 0)
	}
	w.wantPosts(60)
	w.wantOnlyTimesShared()
}

func TestRunsSideBySideDoNotProvokeABan(t *testing.T) {
	w, thirty := hasty(t, true)
	ended := make(chan ending, 3)
	for i := range 3 {
		cmd, out, failed := w.start(t.Context(), "", append([]string{"apply", "--host", w.setting("DEMO_RACK_HOST")}, reposOf(thirty[6*i:6*i+6])...)...)
		go func() {
			failure := cmd.Run()
			ended <- w.ended(failure, out, failed)
		}()
	}
	for range 3 {
		w.want(<-ended, 0)
	}
	w.wantPosts(36)
}

// What the tests above guard against: so that they can fail.
func TestARunWithoutThePaceIsBanned(t *testing.T) {
	w, thirty := hasty(t, false)
	w.want(w.apply(reposOf(thirty)...), 3, "bans for an hour", again+" after ", "--skip-existing")
	if !w.Travis.Banned(w.env["TRAVIS_TOKEN"]) {
		t.Error("there was no ban")
	}
}

func TestSingleRunsWithoutThePaceAreBanned(t *testing.T) {
	w, thirty := hasty(t, false)
	for _, name := range thirty {
		w.apply("--repo", name)
	}
	if !w.Travis.Banned(w.env["TRAVIS_TOKEN"]) {
		t.Error("there was no ban")
	}
}

func TestAReplacementDoesNotWaitForItsTurn(t *testing.T) {
	w, thirty := hasty(t, true)
	w.env["TEST_PACE"] = `{"Calls": 2, "Per": 3600000000000}`
	w.want(w.apply("--repo", thirty[0]), 0, "CONVOX_PASSWORD  created")
	w.want(w.apply("--repo", thirty[0]), 0, "CONVOX_PASSWORD  replaced")
}

// wantOnlyTimesShared searches what the runs left in the cache folder.
func (w *world) wantOnlyTimesShared() {
	w.Helper()
	var cache []string
	if err := filepath.WalkDir(w.dir, func(name string, _ fs.DirEntry, err error) error {
		if strings.HasPrefix(filepath.Base(name), "posts-") {
			cache = append(cache, name)
		}
		return err
	}); err != nil || len(cache) != 1 { // the times; their lock is removed
		w.Errorf("the cache has %v, %v", cache, err)
	}
	for _, name := range cache {
		text, err := os.ReadFile(name)
		if err != nil {
			w.Fatal(err)
		}
		var times []time.Time
		if len(text) > 0 && json.Unmarshal(text, &times) != nil {
			w.Errorf("%s holds %q", name, text)
		}
		secrettest.Absent(w, name, string(text)+name, w.secrets...)
	}
}

// forgetPosts takes away what the runs know of each other.
func (w *world) forgetPosts() {
	w.Helper()
	err := filepath.WalkDir(w.dir, func(name string, _ fs.DirEntry, err error) error {
		if strings.HasPrefix(filepath.Base(name), "posts-") {
			return os.Remove(name)
		}
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
}

// slow lets the next call wait for a second.
func (w *world) slow() {
	w.Travis.Faults.Add(faults.Rule{Kind: faults.ThrottledUntil})
}
