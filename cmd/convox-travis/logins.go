package main

import (
	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
)

// clientLogins are those that the convox client has saved for this person.
type clientLogins struct {
	env        func(string) string
	home, goos string
}

// Save implements flow.Logins.
func (l clientLogins) Save(host convox.Host, password secret.String) (string, error) {
	return convox.SaveLogin(l.env, l.home, l.goos, host, password)
}

// BeginReset implements flow.Logins.
func (l clientLogins) BeginReset(host convox.Host, password secret.String) (string, error) {
	return convox.BeginReset(l.env, l.home, l.goos, host, password)
}

// BegunReset implements flow.Logins.
func (l clientLogins) BegunReset(host convox.Host) (convox.BegunReset, bool) {
	return convox.FindBegunReset(l.env, l.home, l.goos, host)
}

// EndReset implements flow.Logins.
func (l clientLogins) EndReset(host convox.Host, password secret.String, isSet bool) error {
	return convox.EndReset(l.env, l.home, l.goos, host, password, isSet)
}
