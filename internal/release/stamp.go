package main

import (
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// stamp is what the program says of where it comes from.
type stamp struct {
	version string // the tag of the commit, without its v; else of its date
	commit  string
	date    time.Time // of the commit
}

// readStamp asks git for the commit that is checked out.
func readStamp() (stamp, error) {
	said, err := git("log", "-1", "--format=%H %ct")
	if err != nil {
		return stamp{}, err
	}
	var s stamp
	var seconds int64
	if _, err := fmt.Sscanf(said, "%s %d", &s.commit, &seconds); err != nil {
		return stamp{}, fmt.Errorf("git says of the commit %q: %w", said, err)
	}
	s.date = time.Unix(seconds, 0).UTC()
	s.version = "0.0.0-" + s.date.Format("20060102150405")
	if tag, err := git("describe", "--tags", "--exact-match", "--match", "v[0-9]*"); err == nil {
		s.version = strings.TrimPrefix(tag, "v")
	}
	// A file that git does not know would be compiled or packed all the same.
	changes, err := git("status", "--porcelain", "--untracked-files=all")
	if err != nil {
		return stamp{}, err
	}
	if changes != "" {
		s.version += "-changed"
	}
	return s, nil
}

// git reads this repository, whoever it belongs to: in containers that is often
// another user.
func git(args ...string) (string, error) {
	out, err := exec.Command("git", append([]string{"-c", "safe.directory=*"}, args...)...).Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}
