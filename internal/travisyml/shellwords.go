package travisyml

import (
	"slices"
	"strings"
)

// token is a word of a shell's text, or an operator.
type token struct {
	text  string // without quotes; of an operator the operator
	op    bool
	plain bool // nothing in it was quoted
	line  int  // counted from 0
	inner []inner

	expands bool // the shell puts something in, which the text does not show
}

// inner is a text that a word has the shell run, as in $(…).
type inner struct {
	text string
	line int
}

// is reports whether the token is a keyword, which is never quoted.
func (t token) is(keywords ...string) bool {
	return !t.op && t.plain && slices.Contains(keywords, t.text)
}

func (t token) isOp(ops ...string) bool { return t.op && slices.Contains(ops, t.text) }

const here = "<<<" // as an operator: what follows is given to the command

// lexer cuts a text where Bash does
// (https://www.gnu.org/software/bash/manual/bash.html#Shell-Syntax), and reads
// what is not closed to its end.
type lexer struct {
	text   string
	at     int
	line   int
	tokens []token
	tests  bool // between [[ and ]]
	skip   map[int]int
	lost   int // texts to be given to a command that had no end
}

// tokensOf cuts a text. A redirection is left out, with its file.
func tokensOf(text string) []token { return lex(text).tokens }

func lex(text string) *lexer {
	l := &lexer{text: strings.ReplaceAll(text, "\r\n", "\n"), skip: make(map[int]int)}
	for l.at < len(l.text) {
		l.next()
	}
	return l
}

func (l *lexer) has(prefix string) bool { return strings.HasPrefix(l.text[l.at:], prefix) }

func (l *lexer) operator(op string) {
	l.tokens = append(l.tokens, token{text: op, op: true, line: l.line})
	l.at += len(op)
}

func (l *lexer) next() {
	switch c := l.text[l.at]; {
	case c == ' ' || c == '\t' || c == '\r':
		l.at++
	case l.has("\\\n"):
		l.at += 2
		l.line++
	case c == '\n':
		l.newline()
	case c == '#':
		for l.at < len(l.text) && l.text[l.at] != '\n' {
			l.at++
		}
	case l.tests:
		l.testWord()
	case l.has(here):
		l.operator(here)
	case l.has("<<"):
		l.given()
	case c == '<' || c == '>' || l.has("&>"):
		l.redirection()
	default:
		for _, op := range []string{"&&", "||", "|&", ";;", ";", "|", "&", "(", ")"} {
			if l.has(op) {
				l.operator(op)
				return
			}
		}
		l.word(false)
	}
}

func (l *lexer) newline() {
	if !l.tests {
		l.tokens = append(l.tokens, token{text: "\n", op: true, line: l.line})
	}
	if end, given := l.skip[l.at]; given {
		l.line += strings.Count(l.text[l.at:end], "\n")
		l.at = end
		return
	}
	l.at++
	l.line++
}

// redirection passes over an operator and the file behind it.
func (l *lexer) redirection() {
	if last := len(l.tokens) - 1; last >= 0 && l.at > 0 && strings.Trim(l.tokens[last].text, "0123456789") == "" && l.text[l.at-1] != ' ' {
		l.tokens = l.tokens[:last] // the number of what is redirected
	}
	for l.at < len(l.text) && strings.IndexByte("<>&|", l.text[l.at]) >= 0 {
		l.at++
	}
	for l.at < len(l.text) && (l.text[l.at] == ' ' || l.text[l.at] == '\t') {
		l.at++
	}
	if before := len(l.tokens); l.at < len(l.text) && strings.IndexByte("\n;|&()<>#", l.text[l.at]) < 0 {
		l.word(false)
		l.tokens = l.tokens[:before]
	}
}

const mostLost = 8

// given reads a text that the lines below give to a command, as a word of it.
func (l *lexer) given() {
	at := l.at
	l.at += len("<<")
	for l.at < len(l.text) && (l.text[l.at] == '-' || l.text[l.at] == ' ') {
		l.at++
	}
	before := len(l.tokens)
	if l.at < len(l.text) && strings.IndexByte("\n;|&()<>", l.text[l.at]) < 0 {
		l.word(false)
	}
	mark := ""
	if len(l.tokens) > before {
		mark = l.tokens[before].text
		l.tokens = l.tokens[:before]
	}
	first := strings.IndexByte(l.text[at:], '\n')
	if first < 0 || mark == "" || l.lost > mostLost {
		return
	}
	first += at
	begin := first + 1
	if end, more := l.skip[first]; more {
		begin = end
	}
	for end := begin; end < len(l.text); {
		line, _, _ := strings.Cut(l.text[end:], "\n")
		if strings.TrimLeft(line, "\t") == mark {
			below := l.line + strings.Count(l.text[l.at:begin], "\n")
			l.tokens = append(l.tokens, token{text: l.text[begin:end], line: below})
			l.skip[first] = min(end+len(line)+1, len(l.text))
			return
		}
		end += len(line) + 1
	}
	l.lost++
}

// testWord reads a word between [[ and ]], where less is special.
func (l *lexer) testWord() {
	for _, op := range []string{"&&", "||", "(", ")"} {
		last := len(l.tokens) - 1
		if l.has(op) && !l.tokens[last].is("=~") {
			l.tokens = append(l.tokens, token{text: op, plain: true, line: l.line})
			l.at += len(op)
			return
		}
	}
	l.word(true)
}

// word reads a word, whose quotes it takes away.
func (l *lexer) word(test bool) {
	w := token{plain: true, line: l.line}
	var text strings.Builder
	var quote byte
	depth, begun := 0, l.at
	pattern := test && l.tokens[len(l.tokens)-1].is("=~")
	for l.at < len(l.text) {
		c := l.text[l.at]
		switch {
		case quote == 0 && (l.ends(c, test, pattern, depth) || test && w.plain && text.String() == "]]" && isSpecial(c)):
			l.finish(w, text.String(), test)
			return
		case c == '\\' && quote != '\'' && l.at+1 < len(l.text):
			l.escape(&text, quote, pattern)
			w.plain = false
			continue
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote, w.plain = c, false
		case quote != '\'' && (c == '$' || c == '`'):
			l.expansion(&w, &text)
			continue
		default:
			if test && quote == 0 && c == '(' {
				depth++
			}
			if test && quote == 0 && c == ')' {
				depth--
			}
			text.WriteByte(c)
		}
		if c == '\n' {
			l.line++
		}
		l.at++
	}
	if l.at > begun {
		l.finish(w, text.String(), test)
	}
}

func (l *lexer) finish(w token, text string, test bool) {
	w.text = text
	switch {
	case !test && w.is("[[") && l.begins():
		l.tests = true
	case test && w.is("]]"):
		l.tests = false
	}
	l.tokens = append(l.tokens, w)
}

// begins reports whether the next word is the first of a command, where alone
// "[[" is more than a word.
func (l *lexer) begins() bool {
	last := len(l.tokens) - 1
	return last < 0 || l.tokens[last].op && l.tokens[last].text != here || l.tokens[last].is(opening...)
}

// ends reports whether a character, unquoted, is behind a word.
func (l *lexer) ends(c byte, test, pattern bool, depth int) bool {
	switch {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r':
		return depth <= 0
	case !test:
		return isSpecial(c)
	case pattern || depth > 0:
		return false
	}
	return c == ')' || l.has("&&") || l.has("||")
}

// isSpecial reports whether a character, unquoted, is an operator's: also behind
// the "]]" of a test, where a space is not needed.
func isSpecial(c byte) bool { return strings.IndexByte(";|&()<>", c) >= 0 }

func (l *lexer) escape(text *strings.Builder, quote byte, pattern bool) {
	next := l.text[l.at+1]
	switch {
	case next == '\n':
		l.line++
	case pattern, quote == '"' && strings.IndexByte("$`\"\\", next) < 0:
		text.WriteByte('\\')
		text.WriteByte(next)
	default:
		text.WriteByte(next)
	}
	l.at += 2
}
