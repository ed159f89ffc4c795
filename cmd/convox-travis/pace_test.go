package main

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"convox-travis/internal/demo"
	"convox-travis/internal/secret/secrettest"
)

// Two runs side by side would make 52 POSTs at once, and get the token banned.
func TestRunsSideBySideDoNotProvokeABan(t *testing.T) {
	t.Parallel() // it takes half a minute
	w := newWorldWith(t, demo.Options{RackPassword: secrettest.Canary, Repositories: 60})
	w.env["CONVOX_PASSWORD"] = secrettest.Canary
	ended := make(chan ending, 2)
	for run := range 2 {
		var list strings.Builder
		for i := range 13 {
			fmt.Fprintf(&list, "acme/service-%05d\n", 13+13*run+i)
		}
		cmd, out, failed := w.start(t.Context(), list.String(), "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repos-from", "-")
		go func() {
			failure := cmd.Run()
			ended <- w.ended(failure, out, failed)
		}()
	}
	for range 2 {
		w.want(<-ended, 0)
	}
	posts := 0
	for _, r := range w.Travis.Writes() {
		if r.Method == http.MethodPost {
			posts++
		}
	}
	if posts != 52 || w.Travis.Banned(w.env["TRAVIS_TOKEN"]) {
		t.Errorf("%d POSTs; banned: %t", posts, w.Travis.Banned(w.env["TRAVIS_TOKEN"]))
	}
	var cache []string
	if err := filepath.WalkDir(w.dir, func(name string, _ fs.DirEntry, err error) error {
		if strings.HasPrefix(filepath.Base(name), "posts-") {
			cache = append(cache, name)
		}
		return err
	}); err != nil || len(cache) != 2 {
		t.Errorf("the cache has %v, %v", cache, err)
	}
	for _, name := range cache {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		secrettest.Absent(t, name, string(text)+name, w.secrets...)
	}
}
