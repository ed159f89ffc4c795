package gitrepo

import "slices"

// Error is a failure to find out what a clone or a repository is. It quotes
// neither addresses nor what git said, which can hold a token.
type Error struct {
	message string
	code    string
	hints   []string
	cause   error
}

// Error implements error.
func (e *Error) Error() string {
	if e.cause != nil {
		return e.message + ": " + e.cause.Error()
	}
	return e.message
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Code is a word for machines, in snake case.
func (e *Error) Code() string { return e.code }

// Hints are things that can be done, best first.
func (e *Error) Hints() []string { return slices.Clone(e.hints) }

const (
	nameIt      = "name the repository with --repo OWNER/NAME"
	waysToWrite = "write OWNER/NAME, or an address such as https://github.com/OWNER/NAME"
)

// What Open returns where there is nothing to read: no reason to stop for a
// caller that can ask for the repository.
var (
	ErrNoClone error = &Error{
		message: "not inside a git clone", code: "no_clone",
		hints: []string{"run this inside the repository's clone", nameIt},
	}
	ErrNoGit error = &Error{
		message: "git is not installed, or not on PATH", code: "no_git",
		hints: []string{nameIt, "install git (https://git-scm.com/downloads)"},
	}
)

var (
	errSlug = &Error{
		message: "read the repository: not of the form OWNER/NAME", code: "bad_slug",
		hints: []string{waysToWrite},
	}
	errAddress = &Error{
		message: "read the repository: not an address of the form https://HOST/OWNER/NAME or git@HOST:OWNER/NAME", code: "bad_address",
		hints: []string{waysToWrite},
	}
	errLocal = &Error{
		message: "read the repository: a local path, not a repository on a server", code: "not_hosted",
		hints: []string{waysToWrite},
	}
)

// OwnershipError means that the clone belongs to another user, and git will
// not read it (https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory).
type OwnershipError struct {
	folder string // as git quotes it for a shell, or "" when it cannot be shown
}

// Error implements error.
func (*OwnershipError) Error() string {
	return "read the clone: its folder belongs to another user, so git does not trust it"
}

// Code is a word for machines, in snake case.
func (*OwnershipError) Code() string { return "dubious_ownership" }

// Hints are things that can be done, best first.
func (e *OwnershipError) Hints() []string {
	folder := e.folder
	if folder == "" {
		folder = "FOLDER"
	}
	return []string{"if you trust it: git config --global --add safe.directory " + folder, nameIt}
}
