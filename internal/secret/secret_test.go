package secret_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
)

type exported struct{ Password secret.String }

type unexported struct {
	password secret.String
	nested   struct{ again *secret.String }
}

func holders() []any {
	s := secret.New(secrettest.Canary)
	u := unexported{password: s}
	u.nested.again = &s
	return []any{
		s, &s, []secret.String{s}, map[string]secret.String{"k": s}, map[any]any{s: s},
		exported{s}, &exported{s}, u, &u, [1]any{s},
	}
}

func TestNoVerbPrintsTheValue(t *testing.T) {
	for _, verb := range strings.Split("v +v #v s +s #s q +q #q x X # x d o O b c e E f g G t T p U w 10v -30q 08s .3s", " ") {
		for _, holder := range holders() {
			secrettest.Absent(t, "%"+verb, fmt.Sprintf("%"+verb, holder))
		}
	}
	if got := fmt.Sprintf("%#v", secret.New("x")); got != secret.Redacted {
		t.Errorf("%%#v printed %q", got)
	}
	if got := fmt.Sprint(exported{secret.New("x")}); got != "{[redacted]}" {
		t.Errorf("a struct printed %q", got)
	}
}

func TestNoEncoderWritesTheValue(t *testing.T) {
	for _, holder := range []any{secret.New(secrettest.Canary), exported{secret.New(secrettest.Canary)}} {
		for name, marshal := range map[string]func(any) ([]byte, error){
			"JSON": json.Marshal, "YAML": yaml.Marshal, "XML": xml.Marshal,
		} {
			text, err := marshal(holder)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			secrettest.Absent(t, name, string(text))
			if !strings.Contains(string(text), secret.Redacted) {
				t.Errorf("%s wrote %s", name, text)
			}
		}
	}
}

func TestNoLogHoldsTheValue(t *testing.T) {
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var out bytes.Buffer
		log := slog.New(handler(&out))
		for _, holder := range holders() {
			log.Info("set", "value", holder)
		}
		secrettest.Absent(t, name, out.String())
	}
}

func TestNoErrorHoldsTheValue(t *testing.T) {
	s := secret.New(secrettest.Canary)
	err := errors.Join(fmt.Errorf("set it to %v", s), fmt.Errorf("set it to %q", []any{s, unexported{password: s}}))
	secrettest.Absent(t, "error", fmt.Sprintf("%v %+v %#v", err, err, err))
}

func TestRevealGivesTheValue(t *testing.T) {
	if got := secret.New("abc").Reveal(); got != "abc" {
		t.Errorf("Reveal gave %q", got)
	}
	var none secret.String
	if none.Reveal() != "" || !none.IsEmpty() || !none.Equal(secret.New("")) {
		t.Error("the zero value is not an empty secret")
	}
	if secret.New("a").Equal(secret.New("b")) || secret.New("a").IsEmpty() {
		t.Error("two values were taken for one")
	}
}
