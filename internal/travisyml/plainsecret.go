package travisyml

import (
	"convox-travis/internal/secret"

	"go.yaml.in/yaml/v3"
)

// Secret is what looks like one and stands in the file in clear.
type Secret struct {
	Name  string // of the variable, or of what else is given it
	Line  int    // counted from 1
	Value secret.String
	// Password is the one for Convox in it, if there is one.
	Password secret.String
	// Key is whether it is a key's value, which Travis takes encrypted as well.
	Key bool
}

const loginPassword = "the password of convox login"

// noteSettings keeps what the commands of a step set, and what of it is a secret.
func (s *steps) noteSettings(step *yaml.Node, set, passwords []setting) {
	for _, each := range set {
		v := plain(each.name, each.value, each.expands, lineIn(step, each.line), Command)
		switch {
		case !each.own:
			s.set = append(s.set, v)
		case v.Exposed:
			s.secrets = append(s.secrets, v.secret())
		}
	}
	for _, each := range passwords {
		if isExposed(passwordName, each.value, each.expands) {
			password := secret.New(each.value)
			s.secrets = append(s.secrets, Secret{Name: loginPassword, Line: lineIn(step, each.line), Value: password, Password: password})
		}
	}
}

// secret is what a variable gives away.
func (v Variable) secret() Secret {
	told := Secret{Name: v.Name, Line: v.Line, Value: v.Value, Password: v.Password}
	if v.Name == passwordName {
		told.Password = v.Value
	}
	return told
}
