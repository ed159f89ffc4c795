package shell

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

func text(value string) expand.Variable {
	return expand.Variable{Set: true, Kind: expand.String, Str: value}
}

// Get returns a variable or a special parameter. It implements expand.Environ; nothing in
// it comes from this machine.
func (s *Shell) Get(name string) expand.Variable {
	name, marked := strings.CutPrefix(name, openMark)
	var variable expand.Variable
	switch {
	case marked && len(name) > 1 && strings.HasPrefix(name, partOf):
		variable = s.get(name[1:])
		if variable.IsSet() {
			variable = text(Unknown("{"+name[1:]+"...}", ""))
		}
		s.noteUnknown(names(variable.Str)...)
		return variable
	case marked && len(name) > 1 && strings.HasPrefix(name, valuesOf):
		variable = s.get(name[1:])
		if variable.Kind != expand.Unknown {
			variable = elements(variable)
		}
		name = name[1:]
	case marked && strings.HasPrefix(name, presentOf):
		name = name[1:]
		variable = s.get(name)
		marked = variable.Kind == expand.String && value(variable.Str) != ""
	default:
		variable = s.get(name)
	}
	switch variable.Kind {
	case expand.Unknown:
		if s.isUnknown(name) {
			s.noteUnknown("$" + name)
			if marked {
				variable.Kind, variable.Str = expand.String, Unknown(name, "")
			}
		}
	case expand.String:
		if isMarked(variable.Str) {
			s.noteUnknown(names(variable.Str)...)
			if !marked {
				variable.Str = value(variable.Str)
			}
		}
	case expand.Indexed:
		if slices.ContainsFunc(variable.List, isMarked) && !marked && name != "@" && name != "*" {
			variable.List = plainWords(variable.List...)
		}
	}
	return variable
}

func (s *Shell) get(name string) expand.Variable {
	switch name {
	case "":
		return expand.Variable{}
	case "#":
		return text(strconv.Itoa(len(s.params)))
	case "@", "*":
		return expand.Variable{Set: true, Kind: expand.Indexed, List: append([]string{}, s.params...)}
	case "?":
		return text(strconv.Itoa(s.status))
	case "!":
		return text(s.lastJob)
	case "$", "BASHPID":
		return text("4242")
	case "-":
		return text("hB")
	case "0":
		return text(s.arg0)
	case "LINENO":
		return text(strconv.Itoa(s.place))
	case "PIPESTATUS":
		list := []string{}
		for _, status := range s.pipeStatus {
			list = append(list, strconv.Itoa(status))
		}
		return expand.Variable{Set: true, Kind: expand.Indexed, List: list}
	case "PWD":
		return text(s.dir)
	}
	if name[0] >= '0' && name[0] <= '9' {
		if n, err := strconv.Atoi(name); err == nil && n > 0 && n <= len(s.params) {
			return text(s.params[n-1])
		}
		return expand.Variable{}
	}
	if user, ok := strings.CutPrefix(name, "HOME "); ok {
		return text("/home/" + user)
	}
	for _, scope := range slices.Backward(s.scopes) {
		if variable, ok := scope[name]; ok {
			return variable
		}
	}
	if value, ok := hostVariables[name]; ok {
		return text(value)
	}
	return expand.Variable{}
}

// hostVariables are set by Bash itself, as on Travis's machines.
var hostVariables = map[string]string{
	"IFS": " \t\n", "OPTIND": "1", "UID": "2000", "EUID": "2000", "PPID": "4200", "RANDOM": "4", "SECONDS": "1",
	"BASH": "/bin/bash", "BASH_VERSION": "5.0.17(1)-release", "HOSTNAME": "travis-job", "OSTYPE": "linux-gnu",
	"HOSTTYPE": "x86_64", "MACHTYPE": "x86_64-pc-linux-gnu", "SHLVL": "1", "EPOCHSECONDS": "1700000000",
}

// Each implements expand.Environ. ${!PREFIX*} finds none.
func (s *Shell) Each(func(name string, variable expand.Variable) bool) {}

var errReadOnly = errors.New("readonly variable")

// Set implements expand.WriteEnviron.
func (s *Shell) Set(name string, variable expand.Variable) error {
	if !syntax.ValidName(name) {
		return errors.New("not a valid name")
	}
	scope := s.scopeOf(name)
	old := s.scopes[scope][name]
	if old.ReadOnly {
		return errReadOnly
	}
	if variable.Kind == expand.KeepValue {
		variable.Kind, variable.Str, variable.List, variable.Map = old.Kind, old.Str, old.List, old.Map
	}
	variable.Exported = variable.Exported || old.Exported || s.options["allexport"]
	variable.Local = old.Local
	s.grow(len(variable.Str) + len(name))
	s.scopes[scope][name] = variable
	return nil
}

func (s *Shell) scopeOf(name string) int {
	for i := len(s.scopes) - 1; i > 0; i-- {
		if _, ok := s.scopes[i][name]; ok {
			return i
		}
	}
	return 0
}

func (s *Shell) set(name, value string) {
	if err := s.Set(name, text(value)); err != nil {
		s.status, s.expansionFailed = 1, true
	}
}

func (s *Shell) unset(name string) {
	scope := s.scopeOf(name)
	old := s.scopes[scope][name]
	if old.ReadOnly {
		s.status = 1
		return
	}
	s.scopes[scope][name] = expand.Variable{Local: old.Local}
}

func (s *Shell) assign(as *syntax.Assign, change func(*expand.Variable)) {
	if as.Name == nil {
		return
	}
	name := as.Name.Value
	old := s.get(name)
	value := old
	value.Set = true
	switch {
	case as.Naked:
		value.Set = old.Set
	case as.Array != nil:
		value = s.array(as, old)
	case as.Index != nil || old.Kind == expand.Indexed && len(old.List) > 0:
		value = s.element(as, old)
	default:
		added := ""
		if as.Value != nil {
			added = s.marked(as.Value)
		}
		if as.Append {
			added = old.String() + added
		}
		value.Kind, value.Str, value.List, value.Map = expand.String, added, nil, nil
	}
	if change != nil {
		change(&value)
	}
	if err := s.Set(name, value); err != nil {
		s.status, s.expansionFailed = 1, true
	}
}

func (s *Shell) array(as *syntax.Assign, old expand.Variable) expand.Variable {
	value := expand.Variable{Set: true, Kind: expand.Indexed, List: []string{}}
	if as.Append && old.Set {
		value = elements(old)
		s.grow(8 * len(value.List)) // of the copy
	}
	for _, element := range as.Array.Elems {
		switch {
		case element.Index == nil:
			value.List = append(value.List, s.fields(element.Value)...)
		case element.Value == nil || s.arithmetic(element.Index) != len(value.List):
			panic(errUnusual)
		default:
			value.List = append(value.List, s.marked(element.Value))
		}
	}
	return value
}

// errUnusual ends a play: an array with gaps, for example.
var errUnusual = errors.New("its Bash is too unusual")

// element returns the array after NAME[INDEX]=VALUE. Without an index it is 0.
func (s *Shell) element(as *syntax.Assign, old expand.Variable) expand.Variable {
	added := ""
	if as.Value != nil {
		added = s.marked(as.Value)
	}
	value := expand.Variable{Set: true, Kind: expand.Indexed, Exported: old.Exported}
	if old.Set {
		value.List = elements(old).List
	}
	index := 0
	if as.Index != nil {
		index = s.arithmetic(as.Index)
	}
	s.grow(16 * len(value.List))
	if index < 0 {
		index += len(value.List)
	}
	switch {
	case index < 0:
		s.status, s.expansionFailed = 1, true
	case index > len(value.List):
		panic(errUnusual)
	case index == len(value.List):
		value.List = append(value.List, added)
	case as.Append:
		value.List[index] += added
	default:
		value.List[index] = added
	}
	return value
}

// declare runs export, declare, local, readonly and typeset.
func (s *Shell) declare(c *syntax.DeclClause) {
	s.substitutionStatus, s.expansionFailed, s.status = 0, false, 0
	variant, options := c.Variant.Value, ""
	for _, as := range s.expandDeclaration(c) {
		if as.Name != nil {
			s.declareOne(variant, options, as)
			continue
		}
		if as.Value == nil {
			continue
		}
		for _, field := range s.fields(as.Value) {
			if len(field) > 1 && (field[0] == '-' || field[0] == '+') {
				options += field[1:]
				continue
			}
			name, value, ok := strings.Cut(field, "=")
			quoted := &syntax.Word{Parts: []syntax.WordPart{&syntax.SglQuoted{Value: value}}}
			s.declareOne(variant, options, &syntax.Assign{Naked: !ok, Name: &syntax.Lit{Value: name}, Value: quoted})
		}
	}
	if variant == "nameref" || variant != "export" && strings.ContainsAny(options, "Anilu") {
		panic(errUnusual)
	}
	if s.expansionFailed {
		s.status = 1
	}
}

func (s *Shell) declareOne(variant, options string, as *syntax.Assign) {
	has := func(letters string) bool { return strings.ContainsAny(options, letters) }
	name, isExport, isReadOnly := as.Name.Value, variant == "export", variant == "readonly"
	_, isFunction := s.functions[name]
	switch {
	case !syntax.ValidName(name):
		s.status = 1
		return
	case has("fF"):
		s.status = max(s.status, oneIf(!isFunction))
		s.exported[name] = s.exported[name] || isExport
		return
	case has("p"):
		s.status = max(s.status, oneIf(!s.Get(name).IsSet()))
		return
	}
	if scope := s.scopes[len(s.scopes)-1]; len(s.scopes) > 1 && !isExport && !isReadOnly && !has("g") {
		if _, ok := scope[name]; !ok {
			scope[name] = expand.Variable{Local: true}
		}
	}
	s.assign(as, func(v *expand.Variable) {
		v.Exported = v.Exported || isExport || has("x")
		v.ReadOnly = v.ReadOnly || isReadOnly || has("r")
	})
	if isExport && has("n") {
		scope := s.scopes[s.scopeOf(name)]
		v := scope[name]
		v.Exported = false
		scope[name] = v
	}
}

// expandDeclaration expands all arguments before the first is set, as Bash does.
func (s *Shell) expandDeclaration(c *syntax.DeclClause) []*syntax.Assign {
	var expanded []*syntax.Assign
	for _, as := range c.Args {
		if as.Name != nil && as.Value != nil {
			one := *as
			one.Value = &syntax.Word{Parts: []syntax.WordPart{&syntax.SglQuoted{Value: s.marked(as.Value)}}}
			as = &one
		}
		expanded = append(expanded, as)
	}
	return expanded
}
