package child

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// adoptOrphans makes this process the parent of orphans that its children leave
// (https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html).
func adoptOrphans() {
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) // since Linux 3.4
}

// processes reads /proc
// (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html).
func processes() []process {
	folders, _ := filepath.Glob("/proc/[0-9]*") // the pattern is valid
	var all []process
	for _, folder := range folders {
		text, err := os.ReadFile(filepath.Join(folder, "stat"))
		if err != nil {
			continue // it has ended
		}
		// The name, in parentheses, can contain anything.
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		if len(fields) < 2 || string(fields[0]) == "Z" {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(folder))
		parent, failed := strconv.Atoi(string(fields[1]))
		if err == nil && failed == nil {
			all = append(all, process{pid, parent})
		}
	}
	return all
}
