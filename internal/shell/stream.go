package shell

import (
	"bytes"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

type content struct {
	data   []byte
	folder bool
}

// stream is an open file: subshells share its position.
type stream struct {
	content *content // nil: writes are lost, and there is nothing to read
	place   int
}

func empty() *stream   { return &stream{content: &content{}} }
func discard() *stream { return &stream{} }

func (s *Shell) write(descriptor int, output string) {
	to := s.streams[descriptor]
	if to == nil || to.content == nil || output == "" {
		return
	}
	s.grow(len(output))
	to.content.data = append(to.content.data, output...)
}

func (s *Shell) print(output string) { s.write(1, output) }

func (r *stream) rest() []byte {
	if r == nil || r.content == nil || r.place >= len(r.content.data) {
		return nil
	}
	data := r.content.data[r.place:]
	r.place = len(r.content.data)
	return data
}

func (s *Shell) input() string { return string(s.streams[0].rest()) }

// readLine reads a line, and reports whether it had a line break.
func (s *Shell) readLine() (line string, ok bool) {
	in := s.streams[0]
	if in == nil || in.content == nil || in.place >= len(in.content.data) {
		return "", false
	}
	data := in.content.data[in.place:]
	end := bytes.IndexByte(data, '\n')
	if end < 0 {
		in.place += len(data)
		return string(data), false
	}
	in.place += end + 1
	return string(data[:end]), true
}

func (s *Shell) redirect(r *syntax.Redirect) bool {
	descriptor := 1
	switch r.Op {
	case syntax.RdrIn, syntax.RdrInOut, syntax.DplIn, syntax.Hdoc, syntax.DashHdoc, syntax.WordHdoc:
		descriptor = 0
	}
	if r.N != nil {
		number, err := strconv.Atoi(r.N.Value)
		if err != nil || number > 255 { // {name}>file
			panic(errUnusual)
		}
		descriptor = number
	}
	switch r.Op {
	case syntax.Hdoc, syntax.DashHdoc:
		s.streams[descriptor] = &stream{content: &content{data: []byte(s.document(r))}}
		return true
	case syntax.WordHdoc:
		s.streams[descriptor] = &stream{content: &content{data: []byte(s.marked(r.Word) + "\n")}}
		return true
	}
	s.expansionFailed = false
	word := s.literal(r.Word)
	if s.expansionFailed {
		return false
	}
	switch r.Op {
	case syntax.DplIn, syntax.DplOut:
		return s.duplicate(descriptor, word, r)
	case syntax.RdrIn, syntax.RdrInOut:
		name := s.absolute(word)
		if name == "/dev/stdin" {
			return true
		}
		file, ok := s.open(name)
		if !ok {
			return false
		}
		s.streams[descriptor] = &stream{content: file}
		return true
	}
	to, ok := s.create(word, r.Op == syntax.AppOut || r.Op == syntax.AppAll)
	if !ok {
		return false
	}
	s.streams[descriptor] = to
	if r.Op == syntax.RdrAll || r.Op == syntax.AppAll || r.Op == syntax.RdrAllClob {
		s.streams[2] = to
	}
	return true
}

func (s *Shell) duplicate(descriptor int, word string, r *syntax.Redirect) bool {
	if word == "-" {
		delete(s.streams, descriptor)
		return true
	}
	word = strings.TrimSuffix(word, "-")
	if number, err := strconv.Atoi(word); err == nil {
		if s.streams[number] == nil {
			return false
		}
		s.streams[descriptor] = s.streams[number]
		return true
	}
	if r.Op != syntax.DplOut || r.N != nil {
		return false
	}
	to, ok := s.create(word, false)
	if ok {
		s.streams[1], s.streams[2] = to, to
	}
	return ok
}

func (s *Shell) document(r *syntax.Redirect) string {
	if r.Hdoc == nil {
		return ""
	}
	quoted := false
	for _, part := range r.Word.Parts {
		switch part := part.(type) {
		case *syntax.SglQuoted, *syntax.DblQuoted:
			quoted = true
		case *syntax.Lit:
			quoted = quoted || strings.Contains(part.Value, `\`)
		}
	}
	text := r.Hdoc.Lit()
	if !quoted || text == "" {
		var err error
		text, err = expand.Document(s.config(), r.Hdoc)
		s.handleExpansionError(err)
	}
	if r.Op == syntax.DashHdoc {
		lines := strings.Split(text, "\n")
		for i := range lines {
			lines[i] = strings.TrimLeft(lines[i], "\t")
		}
		text = strings.Join(lines, "\n")
	}
	s.grow(len(text))
	return text
}

// open returns a file to read: an empty one if its text is unknown.
func (s *Shell) open(name string) (*content, bool) {
	if file, ok := s.files[name]; ok {
		return file, !file.folder
	}
	if name == "/dev/null" {
		return &content{}, true
	}
	if s.removed[name] || s.failing {
		return nil, false
	}
	return &content{}, true
}

func (s *Shell) create(word string, more bool) (*stream, bool) {
	switch name := s.absolute(word); name {
	case "/dev/null", "/dev/tty":
		return discard(), true
	case "/dev/stdout":
		return s.streams[1], s.streams[1] != nil
	case "/dev/stderr":
		return s.streams[2], s.streams[2] != nil
	default:
		if word == "" {
			return nil, false
		}
		file := s.files[name]
		if file == nil || !more {
			file = &content{}
			s.keep(name, file)
		}
		return &stream{content: file}, !file.folder
	}
}

func (s *Shell) keep(name string, file *content) {
	s.grow(len(name) + 64)
	s.files[name] = file
	delete(s.removed, name)
}

// exists reports whether a file exists: those that the play made, and, because the
// repository's content is unknown, everything that it didn't remove.
func (s *Shell) exists(name string) bool {
	name = s.absolute(name)
	if _, ok := s.files[name]; ok || name == "/dev/null" || name == "/" || name == s.dir {
		return true
	}
	s.grow(16 * len(s.files))
	for made := range s.files {
		if strings.HasPrefix(made, name+"/") {
			return true
		}
	}
	return !s.removed[name] && !s.failing
}
