package convox

import (
	"errors"
	"path/filepath"

	"convox-travis/internal/secret"
)

// Logins is where the convox CLI saves one person's logins.
type Logins struct {
	env        func(string) string
	home, goos string
}

// NewLogins takes what SavedLogins takes.
func NewLogins(env func(string) string, home, goos string) Logins { return Logins{env, home, goos} }

func (l Logins) folders() []string { return folders(l.env, l.home, l.goos) }

// Save saves a Rack's password where SavedLogins and the client of the
// second generation find it, the only one that can use a Rack directly, and
// returns the file.
//
// The folder is CONVOX_CONFIG's, else convox2; it is made, for its owner alone,
// when it is missing. In the file auth the host's entry is set, in every spelling
// that it has there, and nothing else is changed. Its mode becomes 0600, or stays
// what is stricter. The file is replaced as a whole, also where a link leads to
// it, and read back. Other processes of this program wait.
//
// Convox's own Console is refused: what the client saves for one is a person's
// own key. The error has CodePassword, CodeHost or CodeSaveLogin, and the
// file is then as it was, unless another program wrote to it at the same time.
func (l Logins) Save(host Host, password secret.String) (file string, err error) {
	return l.save(host, password, func(text string) (string, error) { return text, nil })
}

// save saves a password beside what more there is to be changed.
func (l Logins) save(host Host, password secret.String, more func(string) (string, error)) (file string, err error) {
	if host.IsZero() {
		return "", badHost("there is none")
	}
	if err := CheckPassword(password); err != nil {
		return "", err
	}
	places := l.folders()
	switch {
	case len(places) == 0:
		return "", notSaved("", errNoFolder)
	case host.IsHostedConsole():
		return "", notSaved("", errConsole)
	}
	file = filepath.Join(places[0], "auth")
	err = rewrite(file, func(old string) (string, error) {
		text, err := more(old)
		if err != nil {
			return "", err
		}
		return setPassword(text, host, password)
	})
	if err != nil {
		return "", notSaved(file, err)
	}
	text, _ := readSmallFile(file)
	logins, _ := parseAuth(text)
	if saved, found := FindSaved(logins, host); !found || !saved.Password.Equal(password) {
		return "", notSaved(file, errWrittenOver)
	}
	return file, nil
}

// Why a login is not saved, beside what is wrong with a file that is read.
var (
	errNoFolder    = errors.New("there is no folder for it: neither a home folder nor CONVOX_CONFIG")
	errConsole     = errors.New("this host is a Console, and what the convox client saves for one is a person's own key")
	errLink        = errors.New("the link does not lead to a file")
	errOverfull    = errors.New("it would be larger than any real one")
	errWrittenOver = errors.New("read back, it does not hold the password: another program wrote to it at the same time")
)
