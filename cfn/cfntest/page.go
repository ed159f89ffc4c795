package cfntest

import "strings"

// position is where a list continues. A token is valid only for its own list.
type position struct {
	where  place
	action string
	filter string
	before int // the number of the page's last stack, event or change
}

// page returns the next stacks of a list, newest first, and the token for the
// rest, or "". The caller holds s.mu.
func (s *Server) page(c call, filter string, shown func(*stack) bool) ([]*stack, string, *failure) {
	here, failed := s.continued(c, position{where: c.place(), action: c.action, filter: filter, before: s.made + 1})
	if failed != nil {
		return nil, "", failed
	}
	var page []*stack
	all := s.stacks[here.where]
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].number >= here.before || !shown(all[i]) {
			continue
		}
		if len(page) == max(s.PageSize, 1) {
			here.before = page[len(page)-1].number
			return page, s.token(here), nil
		}
		page = append(page, all[i])
	}
	return page, "", nil
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
