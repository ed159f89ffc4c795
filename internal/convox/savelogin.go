package convox

import (
	"path/filepath"

	"convox-travis/internal/secret"
)

// SaveLogin saves a Rack's password where the convox client and SavedLogins
// find it, and returns the file. env, home and goos are those of SavedLogins.
//
// The folder is CONVOX_CONFIG's; else the client's, or that of its second
// generation where only that holds the host; it is made, for its owner alone,
// when it is missing. In the file auth the host's entry is set, in every spelling
// that it has there, and nothing else is changed. Its mode becomes 0600, or stays
// what is stricter. The file is replaced as a whole, also where a link leads to
// it, and read back.
//
// A Console's host is refused: what the client saves for one is a person's own
// key. The error is a *PasswordError, a *HostError or a *SaveError, and the file is
// then as it was, unless another program wrote to it at the same time.
func SaveLogin(env func(string) string, home, goos string, host Host, password secret.String) (file string, err error) {
	return saveLogin(env, home, goos, host, password, func(text string) (string, error) { return text, nil })
}

// saveLogin saves a password beside what more there is to be changed.
func saveLogin(env func(string) string, home, goos string, host Host, password secret.String, more func(string) (string, error)) (file string, err error) {
	if host.IsZero() {
		return "", errNoHost
	}
	if err := CheckPassword(password); err != nil {
		return "", err
	}
	folder, err := folderFor(folders(env, home, goos), host)
	if err != nil {
		return "", err
	}
	file = filepath.Join(folder, "auth")
	err = rewrite(file, func(old string) (string, error) {
		text, err := more(old)
		if err != nil {
			return "", err
		}
		return setPassword(text, host, password)
	})
	if err != nil {
		return "", &SaveError{file, err}
	}
	logins, _ := SavedLogins(env, home, goos) // another place may be broken
	if saved, found := FindSaved(logins, host); !found || !saved.Password.Equal(password) {
		return "", &SaveError{file, errWrittenOver}
	}
	return file, nil
}

// folderFor picks the folder to save a login in. The last of three is that of
// old clients, which today's do not look into.
func folderFor(folders []string, host Host) (string, error) {
	if len(folders) == 0 {
		return "", &SaveError{"", errNoFolder}
	}
	chosen := -1
	problems := make([][]problem, len(folders))
	for i, folder := range folders {
		var place savedPlace
		place, problems[i] = readPlace(folder)
		if host.IsHostedConsole() || host == place.console {
			return "", &SaveError{filepath.Join(folder, "auth"), errConsole}
		}
		if _, holds := FindSaved(place.logins, host); holds && chosen < 0 && i < 2 {
			chosen = i
		}
	}
	chosen = max(chosen, 0)
	if wrong := problems[chosen]; len(wrong) > 0 {
		return "", &SaveError{wrong[0].file, wrong[0].reason}
	}
	return folders[chosen], nil
}
