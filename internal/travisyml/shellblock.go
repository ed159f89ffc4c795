package travisyml

import "slices"

// branches follows what is behind if.
func (s *script) branches(in guard) result {
	all := leaves
	rest := in
	for {
		first := len(s.deploys)
		condition := s.list(rest)
		s.heed(first, len(s.deploys))
		s.accept("then")
		branch := s.list(condition.yes)
		all, rest = outcome{all.yes & branch.yes, all.no & branch.no}, condition.no
		if !s.accept("elif") {
			break
		}
	}
	if s.accept("else") {
		branch := s.list(rest)
		all = outcome{all.yes & branch.yes, all.no & branch.no}
	} else {
		all.yes &= rest
	}
	s.accept("fi")
	return result{outcome: all}
}

// cases follows what is behind case.
func (s *script) cases(in guard) result {
	subject := s.now().text
	s.at++
	s.ahead("\n")
	s.accept("in")
	all, rest := leaves, in
	for {
		s.ahead("\n", ";;", "(")
		if s.over() || s.accept("esac") || s.now().isOp(")") {
			break
		}
		meets := outcome{nowhere, 0}
		for !s.over() && !s.now().isOp(")", "\n") {
			if pattern := s.now(); !pattern.op {
				meets = meets.or(s.compared(subject, "==", pattern.text))
				if pattern.text == "*" {
					meets = always
				}
			}
			s.at++
		}
		s.at++
		branch := s.list(rest | meets.yes)
		all, rest = outcome{all.yes & branch.yes, all.no & branch.no}, rest|meets.no
		if !s.now().isOp(";;") && !s.now().is("esac") {
			break
		}
	}
	all.yes &= rest
	return result{outcome: all}
}

// define keeps the body of a function for when it is called.
func (s *script) define(name string, in guard) result {
	s.ahead("\n")
	from, before := s.at, *s.walk
	s.command(in)
	body := slices.Clone(s.tokens[min(from, len(s.tokens)):min(s.at, len(s.tokens))])
	for i := range body {
		body[i].line += s.line
	}
	s.deploys, s.called, s.installed = s.deploys[:len(before.deploys)], s.called[:len(before.called)], before.installed
	s.options = before.options
	s.exits, s.returns, s.rack, s.built = before.exits, before.returns, before.rack, before.built
	s.functions[name] = body
	return result{outcome: outcome{in, in}}
}

// call follows the body of a function.
func (s *script) call(body []token, in guard) result {
	if s.left -= 1 + 16*len(body); s.left < 0 || s.depth >= deepest {
		return result{outcome: outcome{in, in}}
	}
	s.depth++
	defer func() { s.depth-- }()
	returns := s.returns
	out := s.follow(body, in, 0)
	if s.returns != returns {
		out = in
	}
	return result{outcome: outcome{out, out}}
}
