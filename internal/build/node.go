package build

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// isBlank reports whether Travis ignores a node: it is null or empty.
func (n *Node) isBlank() bool {
	if n == nil {
		return true
	}
	switch n.Kind {
	case Null:
		return true
	case Text:
		return n.Text == "" && !n.Secure
	case List:
		return len(n.Items) == 0
	case Mapping:
		return len(n.Fields) == 0
	}
	return false
}

func (n *Node) with(key string, value *Node) *Node {
	return n.withAll([]Field{{Key: key, Line: value.Line, Value: value}})
}

func (n *Node) withAll(fields []Field) *Node {
	made := *n
	made.Fields = make([]Field, len(n.Fields), len(n.Fields)+len(fields))
	copy(made.Fields, n.Fields)
	at := make(map[string]int, len(n.Fields))
	for i, f := range n.Fields {
		at[f.Key] = i
	}
	for _, f := range fields {
		if i, exists := at[f.Key]; exists {
			made.Fields[i] = f
		} else {
			at[f.Key] = len(made.Fields)
			made.Fields = append(made.Fields, f)
		}
	}
	return &made
}

func (n *Node) keep(holds func(Field) bool) *Node {
	made := *n
	made.Fields = make([]Field, 0, len(n.Fields))
	for _, f := range n.Fields {
		if holds(f) {
			made.Fields = append(made.Fields, f)
		}
	}
	return &made
}

// List returns the items of a list. Anything else is a list of one, and nil an empty
// list.
func (n *Node) List() []*Node {
	switch {
	case n == nil:
		return nil
	case n.Kind == List:
		return n.Items
	}
	return []*Node{n}
}

func (n *Node) text() string {
	if n == nil {
		return ""
	}
	return n.Text
}

func (n *Node) line() int {
	if n == nil {
		return 0
	}
	return n.Line
}

// Texts returns the texts of a list, or of a scalar.
func (n *Node) Texts() []string {
	var list []string
	for _, item := range n.List() {
		list = append(list, item.Text)
	}
	return list
}

// LineOf returns the line of a key, or 0.
func (n *Node) LineOf(key string) int {
	if n != nil {
		for _, f := range n.Fields {
			if f.Key == key {
				return f.Line
			}
		}
	}
	return 0
}

// identities numbers nodes so that equal nodes have equal numbers. The order of keys
// doesn't matter. A node that jobs share is visited once.
type identities struct {
	nodes map[*Node]int
	texts map[string]int
}

func newIdentities() *identities {
	return &identities{nodes: make(map[*Node]int), texts: make(map[string]int)}
}

func (i *identities) of(n *Node) int {
	if n == nil {
		return 0
	}
	if id, known := i.nodes[n]; known {
		return id
	}
	i.nodes[n] = 0 // a list that contains itself
	var text string
	switch {
	case n.Secure:
		text = "!" + n.cipher
	case n.Kind == Null:
		return 0
	case n.Kind == Bool:
		text = "?" + n.Text
	case n.Kind == Text:
		text = "=" + n.Text
	case n.Kind == List:
		items := make([]string, len(n.Items))
		for at, item := range n.Items {
			items[at] = strconv.Itoa(i.of(item))
		}
		text = "[" + strings.Join(items, ",")
	default:
		fields := make([]string, len(n.Fields))
		for at, f := range n.Fields {
			fields[at] = strconv.Quote(f.Key) + ":" + strconv.Itoa(i.of(f.Value))
		}
		slices.Sort(fields)
		text = "{" + strings.Join(fields, ",")
	}
	id := i.ofText(text)
	i.nodes[n] = id
	return id
}

func (i *identities) ofText(text string) int {
	id, known := i.texts[text]
	if !known {
		id = len(i.texts) + 1
		i.texts[text] = id
	}
	return id
}

// ofValue is like of, but a list of one item equals the item.
func (i *identities) ofValue(n *Node) int {
	if n != nil && n.Kind == List && len(n.Items) == 1 {
		n = n.Items[0]
	}
	return i.of(n)
}

// MarshalJSON writes a node as Travis's API does, with keys in order.
func (n *Node) MarshalJSON() ([]byte, error) {
	if n == nil {
		return []byte("null"), nil
	}
	switch n.Kind {
	case Text:
		if n.Secure {
			return json.Marshal(map[string]string{"secure": n.cipher})
		}
		return json.Marshal(n.Text)
	case Bool:
		return []byte(n.Text), nil
	case List:
		return json.Marshal(append([]*Node{}, n.Items...))
	case Mapping:
		var text bytes.Buffer
		for i, f := range n.Fields {
			key, _ := json.Marshal(f.Key) // a text always encodes
			value, err := f.Value.MarshalJSON()
			if err != nil {
				return nil, err
			}
			if i > 0 {
				text.WriteByte(',')
			}
			fmt.Fprintf(&text, "%s:%s", key, value)
		}
		return fmt.Appendf(nil, "{%s}", text.Bytes()), nil
	}
	return []byte("null"), nil
}
