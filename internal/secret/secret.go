// Package secret has a string that never prints. Whatever formats, logs or encodes a
// String gets "[redacted]"; only Reveal returns the value, so a search for Reveal lists
// every place where a secret is used.
//
// Next room: internal/demo, a world to try the house in.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// Redacted replaces a value.
const Redacted = "[redacted]"

// String is a secret text. The zero value is an empty secret. The text is behind a
// pointer because fmt calls no methods on unexported fields: there it prints the address,
// not the text. For the same reason, compare two Strings with Equal, never with ==.
type String struct {
	text *string
}

// New wraps a secret.
func New(text string) String {
	return String{text: &text}
}

// Reveal returns the value.
func (s String) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsEmpty reports whether there is no value.
func (s String) IsEmpty() bool {
	return s.Reveal() == ""
}

// Equal reports whether both have the same value.
func (s String) Equal(other String) bool {
	return s.Reveal() == other.Reveal()
}

// String implements fmt.Stringer.
func (String) String() string { return Redacted }

// GoString implements fmt.GoStringer.
func (String) GoString() string { return Redacted }

// Format implements fmt.Formatter, for every verb and flag.
func (String) Format(f fmt.State, _ rune) {
	// A formatter can't report a failed write.
	_, _ = io.WriteString(f, Redacted)
}

// MarshalText implements encoding.TextMarshaler, which JSON, XML and YAML use.
func (String) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// LogValue implements slog.LogValuer.
func (String) LogValue() slog.Value { return slog.StringValue(Redacted) }
