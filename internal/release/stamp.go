package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// stamp is what the program says about its origin.
type stamp struct {
	version string // the commit's tag without its v, otherwise based on its date
	commit  string
	date    time.Time // of the commit
}

// errNoClone means that git has no commit for this source.
var errNoClone = errors.New("this isn't the root of a git clone")

// readStamp asks git for the commit that is checked out. Source unpacked inside another
// repository belongs to none of its commits.
func readStamp() (stamp, error) {
	above, err := git("rev-parse", "--show-prefix")
	if err != nil {
		return stamp{}, fmt.Errorf("%w: %w", errNoClone, err)
	}
	if above != "" {
		return stamp{}, fmt.Errorf("%w, but a folder in one: %s", errNoClone, above)
	}
	said, err := git("log", "-1", "--format=%H %ct")
	if err != nil {
		return stamp{}, err
	}
	var s stamp
	var seconds int64
	if _, err := fmt.Sscanf(said, "%s %d", &s.commit, &seconds); err != nil {
		return stamp{}, fmt.Errorf("git returned this for the commit: %q: %w", said, err)
	}
	s.date = time.Unix(seconds, 0).UTC()
	s.version = "0.0.0-" + s.date.Format("20060102150405")
	if tag, err := git("describe", "--tags", "--exact-match", "--match", "v[0-9]*"); err == nil {
		s.version = strings.TrimPrefix(tag, "v")
	}
	// A file that git doesn't track would still be compiled or packed.
	changes, err := git("status", "--porcelain", "--untracked-files=all")
	if err != nil {
		return stamp{}, err
	}
	if changes != "" {
		s.version += "-changed"
	}
	return s, nil
}

// git reads this repository whoever owns it: in containers that is often another user.
func git(args ...string) (string, error) {
	out, err := exec.Command("git", append([]string{"-c", "safe.directory=*"}, args...)...).Output()
	if failed, is := errors.AsType[*exec.ExitError](err); is {
		said := strings.TrimSpace(string(failed.Stderr))
		return "", fmt.Errorf("git %s: %s", args[0], said[strings.LastIndex(said, "\n")+1:])
	}
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}
