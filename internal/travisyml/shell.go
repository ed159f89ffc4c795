package travisyml

// found is a command that deploys with Convox, in a text for the shell.
type found struct {
	line      int // of the text, counted from 0
	guard     guard
	app, rack string
	client    Generation
	waits     bool // for the release to be rolled out
	hidden    bool // its failure is no failure
	heeded    bool // or ends the script, or decides what comes next
	installed bool // the client was, before it or by it
	inside    int  // commands that it is within, and itself
}

// walk follows what a shell does with texts that are run one after the other,
// as far as it tells which commands deploy, and in which builds. What it cannot
// follow it takes for a command of no meaning.
type walk struct {
	deploys   []found
	installed bool
	client    Generation // the one that was downloaded last, 0 where that is unknown
	built     bool       // a release that can be promoted
	called    []string   // of the repository's own scripts
	rack      string
	means     map[string]string // variables that were given the value of a build's
	texts     map[string]token  // and those that were given a text
	options
	functions map[string][]token
	exits     int // commands that ended the shell, and of them those that may
	returns   int // have ended a function alone
	depth     int
	left      int // bytes and commands that may still be followed
}

const (
	deepest    = 6       // texts and functions within each other
	mostInside = 200     // lists within each other
	mostWork   = 4 << 20 // so that no file takes long
	aStep      = 64      // what following a step costs at least, in bytes
)

func newWalk() *walk {
	return &walk{means: make(map[string]string), texts: make(map[string]token), functions: make(map[string][]token), left: mostWork}
}

// run follows a text that begins with what is known, and returns what is known
// behind it.
func (w *walk) run(text string, in guard, line int) guard {
	if w.left -= len(text) + 1; w.left < 0 || w.depth >= deepest {
		return in
	}
	w.depth++
	defer func() { w.depth-- }()
	return w.follow(tokensOf(text), in, line)
}

func (w *walk) follow(tokens []token, in guard, line int) guard {
	s := &script{walk: w, tokens: tokens, line: line}
	for s.at < len(s.tokens) {
		o := s.list(in)
		in = o.yes & o.no
		s.at++ // a word that closes nothing
	}
	return in
}

// script is a text that is being followed.
type script struct {
	*walk
	tokens []token
	at     int
	line   int // of the text that it stands in
	inside int // lists and commands that are open
}

// result is what a command leaves.
type result struct {
	outcome
	fine   bool // it always succeeds
	failed bool // it always fails, or ends the script so
}

func (s *script) now() token {
	if s.at < len(s.tokens) {
		return s.tokens[s.at]
	}
	return token{op: true}
}

func (s *script) over() bool { return s.at >= len(s.tokens) }

// ahead passes over operators.
func (s *script) ahead(ops ...string) {
	for !s.over() && s.now().isOp(ops...) {
		s.at++
	}
}

// accept passes over a keyword, if it is there.
func (s *script) accept(keyword string) bool {
	if !s.now().is(keyword) {
		return false
	}
	s.at++
	return true
}

// opening are the keywords that a command can stand behind, and closing those that
// it can stand before.
var opening = []string{"!", "{", "if", "then", "elif", "else", "while", "until", "do", "time"}

var closing = []string{"then", "elif", "else", "fi", "do", "done", "esac", "}"}

// list follows commands up to a word that closes something.
func (s *script) list(in guard) result {
	r := result{outcome: outcome{in, in}}
	before := len(s.deploys)
	for {
		s.ahead("\n", ";", "&", "&&", "||", "|", "|&", here)
		if s.over() || s.now().is(closing...) || s.now().isOp(")", ";;") {
			return r
		}
		from, first := s.at, len(s.deploys)
		r = s.chain(r.yes & r.no)
		s.goOn(before, first, s.tokens[from:min(s.at, len(s.tokens))])
		before = first
		s.hide(first, len(s.deploys), s.now().isOp("&"), true)
	}
}

// chain follows commands that are joined by && and ||.
func (s *script) chain(in guard) result {
	first := len(s.deploys)
	r := s.pipeline(in)
	for s.now().isOp("&&", "||") {
		and := s.now().text == "&&"
		until := len(s.deploys)
		s.at++
		s.ahead("\n")
		if and {
			next := s.pipeline(r.yes)
			r = result{outcome: outcome{next.yes, r.no & next.no}, failed: r.failed || next.failed, fine: r.fine && next.fine}
			s.hide(first, until, next.failed, false)
			continue
		}
		next := s.pipeline(r.no)
		r = result{outcome: outcome{r.yes & next.yes, next.no}, fine: r.fine || next.fine, failed: r.failed && next.failed}
		s.hide(first, until, next.fine, true)
		if next.failed && next.outcome == leaves {
			s.heed(first, until)
		}
	}
	return r
}

func (s *script) pipeline(in guard) result {
	turned := false
	for s.accept("!") {
		turned = !turned
	}
	exits, from, first := s.exits, s.at, len(s.deploys)
	r := s.command(in)
	if s.now().isOp("|", "|&") {
		for s.now().isOp("|", "|&") {
			s.hide(first, len(s.deploys), !s.pipefail, true)
			s.at++
			s.ahead("\n")
			s.command(in)
		}
		s.exits = exits // of shells of their own
		r = result{outcome: s.sought(s.tokens[from:min(s.at, len(s.tokens))]).within(in)}
	}
	if turned {
		return result{outcome: r.not(), fine: r.failed, failed: r.fine}
	}
	return r
}

func (s *script) command(in guard) result {
	if s.inside >= mostInside {
		s.at++
		return result{outcome: outcome{in, in}}
	}
	s.inside++
	defer func() { s.inside-- }()
	switch now := s.now(); {
	case now.isOp("("):
		s.at++
		return s.inShell(in)
	case now.op:
		return result{outcome: outcome{in, in}} // nothing is there
	case now.is("{"):
		s.at++
		r := s.list(in)
		s.accept("}")
		return r
	case now.is("if"):
		s.at++
		return s.branches(in)
	case now.is("while", "until"):
		s.at++
		first := len(s.deploys)
		condition := s.list(in)
		s.heed(first, len(s.deploys))
		inside := condition.yes
		if now.text == "until" {
			inside = condition.no
		}
		return s.loop(in, inside)
	case now.is("for", "select"):
		for !s.over() && !s.now().is("do") {
			s.at++
		}
		return s.loop(in, in)
	case now.is("case"):
		s.at++
		return s.cases(in)
	case now.is("time"):
		s.at++
		return s.command(in)
	case now.is("function"):
		s.at++
		name := s.now().text
		s.at++
		s.ahead("(", ")")
		return s.define(name, in)
	}
	return s.simple(in)
}

// inShell follows a list in a shell of its own, which alone it can leave.
func (s *script) inShell(in guard) result {
	exits, options := s.exits, s.options
	r := s.list(in)
	s.options = options
	r.outcome = r.outcome.given(in)
	if s.now().isOp(")") {
		s.at++
	}
	if s.exits != exits {
		s.exits = exits
		return result{outcome: outcome{in, in}}
	}
	return r
}

func (s *script) loop(in, inside guard) result {
	if s.accept("do") {
		s.list(inside)
		s.accept("done")
	}
	return result{outcome: outcome{in, in}}
}
