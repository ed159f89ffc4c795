package travisyml

import "strings"

const longestText = 4096 // that a variable is followed for

// assigned notes the assignments before a command, and cuts them off. What they
// give is known behind them.
func (s *script) assigned(words []token, in guard) ([]token, guard) {
	for i, word := range words {
		name, value, found := strings.Cut(word.text, "=")
		if !found || !namePattern.MatchString(name) {
			return words[i:], in
		}
		in |= s.assign(name, value, word)
	}
	return nil, in
}

func (s *script) assign(name, value string, word token) guard {
	if name == rackVariable {
		s.rack = value
	}
	delete(s.means, name)
	delete(s.texts, name)
	if meant, _ := s.variableIn(value); strings.HasPrefix(meant, "TRAVIS_") {
		s.means[name] = meant
	}
	if value == "" {
		return 0
	}
	if len(value) <= longestText {
		s.texts[name] = token{text: value, line: word.line}
	}
	if refersTo(value, name) {
		return 0
	}
	return gives[name]
}

// refersTo reports whether a value has a variable in it.
func refersTo(value, name string) bool {
	for _, found := range variablePattern().FindAllStringSubmatch(value, -1) {
		if found[1]+found[2] == name {
			return true
		}
	}
	return false
}

// spelledOut is a word that is a variable alone, as the text that it was given. A
// variable that is called as the client is speaks for itself.
func (s *script) spelledOut(word token) token {
	at := variablePattern().FindStringSubmatchIndex(word.text)
	if at == nil || at[0] != 0 || at[1] != len(word.text) || client.MatchString(word.text) {
		return word
	}
	name := strings.Trim(word.text, "${}")
	text, known := s.texts[name]
	if s.left -= len(text.text); !known || s.left < 0 {
		return word
	}
	return token{text: text.text, line: word.line, expands: true}
}

// spelled puts the text of a variable in the place of the command's name, which it
// is then, with words behind it where the shell cuts it.
func (s *script) spelled(words []token) []token {
	text := s.spelledOut(words[0])
	if text.text == words[0].text || !words[0].plain {
		return append([]token{text}, words[1:]...)
	}
	var all []token
	for _, word := range tokensOf(text.text) {
		if word.op {
			return words
		}
		word.line = text.line
		all = append(all, word)
	}
	if len(all) == 0 {
		return words
	}
	return append(all, words[1:]...)
}
