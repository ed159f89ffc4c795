package cfntest

import "strings"

// position is where a list continues. A token is valid only for its own list.
type position struct {
	where  place
	action string
	filter string
	before int // the number of the page's last stack, event or change
}

// continued returns where the list of a call continues. The caller holds s.mu.
func (s *Server) continued(c call, here position) (position, *failure) {
	token := c.parameters.Get("NextToken")
	if token == "" {
		return here, nil
	}
	at, known := s.pages[token]
	here.before = at.before
	if !known || at != here {
		return here, invalid("NextToken is not valid")
	}
	return here, nil
}

func (s *Server) token(next position) string {
	token := random(48)
	s.pages[token] = next
	return token
}

func (c call) place() place { return place{c.caller.account, c.region} }

// members returns the values of a list in a form: NAME.member.1 and so on.
func (c call) members(name string) []string {
	var values []string
	for key, value := range c.parameters {
		if strings.HasPrefix(key, name+".member.") {
			values = append(values, value...)
		}
	}
	return values
}
