package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

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

var errNoObject = errors.New("it isn't a JSON object")

// jsonReader makes nodes from JSON. Its limits apply to all texts together.
type jsonReader struct {
	ctx     context.Context
	decoder *json.Decoder
	count   int
}

// object reads an object; nodes have line 0.
func (r *jsonReader) object(text []byte) (*Node, error) {
	r.decoder = json.NewDecoder(bytes.NewReader(text))
	r.decoder.UseNumber()
	made, err := r.value(0)
	if err == nil && (made.Kind != Mapping && !made.Secure || r.decoder.More()) {
		err = errNoObject
	}
	return made, err
}

func (r *jsonReader) value(depth int) (*Node, error) {
	if r.count++; r.count > mostNodes {
		return nil, errTooLarge
	}
	if depth > deepest {
		return nil, errTooDeep
	}
	if r.count%1024 == 0 && r.ctx.Err() != nil {
		return nil, r.ctx.Err()
	}
	token, err := r.decoder.Token()
	if err != nil {
		return nil, errNoObject // the decoder's own error quotes the text
	}
	made := new(Node)
	switch token := token.(type) {
	case string:
		made.Kind, made.Text = Text, token
	case json.Number:
		made.Kind, made.Text = Text, token.String()
	case bool:
		made.Kind, made.Text = Bool, fmt.Sprint(token)
	case json.Delim:
		made.Kind = Mapping
		if token == '[' {
			made.Kind = List
		}
		if err := r.fill(made, depth); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// fill reads the rest of a list or a mapping.
func (r *jsonReader) fill(made *Node, depth int) error {
	at := make(map[string]int)
	for r.decoder.More() {
		var key string
		if made.Kind == Mapping {
			token, err := r.decoder.Token()
			if err != nil {
				return errNoObject
			}
			key, _ = token.(string) // keys are texts
		}
		value, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		i, exists := at[key]
		switch {
		case made.Kind == List:
			made.Items = append(made.Items, value)
		case exists:
			made.Fields[i].Value = value
		default:
			at[key] = len(made.Fields)
			made.Fields = append(made.Fields, Field{Key: key, Value: value})
		}
	}
	if _, err := r.decoder.Token(); err != nil { // the bracket
		return errNoObject
	}
	made.seal()
	return nil
}
