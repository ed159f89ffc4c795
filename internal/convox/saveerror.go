package convox

import (
	"errors"

	"convox-travis/internal/atomicfile"
	"convox-travis/internal/text"
)

// Why a login is not saved, beside what is wrong with a file that is read.
var (
	errNoFolder    = errors.New("there is no folder for it: neither a home folder nor CONVOX_CONFIG")
	errConsole     = errors.New("this host is a Console, and what the convox client saves for one is a person's own key")
	errLink        = errors.New("the link does not lead to a file")
	errOverfull    = errors.New("it would be larger than any real one")
	errWrittenOver = errors.New("read back, it does not hold the password: another program wrote to it at the same time")
)

// SaveError says why a login was not saved. It quotes nothing of a file.
type SaveError struct {
	file   string // "" is none
	reason error
}

// Error is one lower-case line.
func (e *SaveError) Error() string {
	if e.file == "" {
		return "save the password for the convox client: " + e.reason.Error()
	}
	return "save the password in " + e.file + ": " + e.reason.Error()
}

// Code is a word for machines, in snake case.
func (*SaveError) Code() string { return "save_login" }

// Hints are things that can be done, best first.
func (e *SaveError) Hints() []string {
	file := text.Quote(e.file)
	switch e.reason {
	case errNoFolder:
		return []string{"set HOME, or CONVOX_CONFIG to a folder", keepIt}
	case errConsole:
		return []string{makeDeployKey}
	case atomicfile.ErrBusy, errWrittenOver:
		return []string{"run this again when nothing else logs in", keepIt}
	case atomicfile.ErrFull:
		return []string{"make room on the disk", keepIt}
	case atomicfile.ErrDenied, atomicfile.ErrReadOnly, atomicfile.ErrUnwritable:
		return []string{"let " + file + " and its folder be written to, or name another folder in CONVOX_CONFIG", keepIt}
	}
	return []string{"repair or move away " + file + "; it is made anew", keepIt}
}

const keepIt = "or keep the password elsewhere: have it shown, and type its end back"
