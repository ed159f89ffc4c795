package cfntest

import "strings"

// position is where a list goes on. A token is good for its own list only.
type position struct {
	where  place
	action string
	filter string
	before int // the number of the page's last stack
}

// page returns the next stacks of a list, newest first, and the token for what
// is left, or "". s.mu is held.
func (s *Server) page(c call, filter string, shown func(*stack) bool) ([]*stack, string, *failure) {
	here := position{where: c.place(), action: c.action, filter: filter, before: s.made + 1}
	if token := c.parameters.Get("NextToken"); token != "" {
		at, known := s.pages[token]
		here.before = at.before
		if !known || at != here {
			return nil, "", invalid("NextToken is not valid")
		}
	}
	var page []*stack
	all := s.stacks[here.where]
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].number >= here.before || !shown(all[i]) {
			continue
		}
		if len(page) == max(s.PageSize, 1) {
			here.before = page[len(page)-1].number
			token := random(48)
			s.pages[token] = here
			return page, token, nil
		}
		page = append(page, all[i])
	}
	return page, "", nil
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
