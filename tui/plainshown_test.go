package tui

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"convox-travis/internal/connect"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/tui/flow"
)

func TestASecretIsCopiedOnlyWhereATerminalMayDoIt(t *testing.T) {
	for _, copies := range []bool{true, false} {
		var out bytes.Buffer
		p := &plain{
			stop: connect.Stop{Soft: t.Context(), Hard: t.Context()}, out: &out, copies: copies,
			in: newLineReader(Input{Reader: strings.NewReader("c\n2;Xm\n")}),
		}
		value, err := p.shown(flow.Question{Secret: secret.New(secrettest.Canary), Tail: 6})
		want := map[bool]string{true: "2;Xm", false: "c"}[copies]
		if err != nil || value.Text != want {
			t.Errorf("copies: %t: %q, %v", copies, value.Text, err)
		}
		sequence := "\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte(secrettest.Canary)) + "\x07"
		if strings.Contains(out.String(), sequence) != copies || strings.Contains(out.String(), "c to copy") != copies {
			t.Errorf("copies: %t: %q", copies, out.String())
		}
		if !strings.Contains(out.String(), "\n    "+secrettest.Canary+"\n") {
			t.Error("it is not shown")
		}
	}
}

// A lone mark is a command where a secret is asked for, too; with more it is the secret.
func TestASecretInPlainLinesIsExplainedAndLeft(t *testing.T) {
	for typed, want := range map[string]error{"?": errHelp, "<": errBack, "??": nil, "?" + secrettest.Canary: nil, "<" + secrettest.Canary: nil} {
		var out bytes.Buffer
		p := &plain{stop: connect.Stop{Soft: t.Context(), Hard: t.Context()}, out: &out, in: newLineReader(Input{Reader: strings.NewReader(typed + "\n")})}
		value, err := p.secret(flow.Question{})
		if err != want || err == nil && value.Secret.Reveal() != typed {
			t.Errorf("%q: %v", typed, err)
		}
		secrettest.Absent(t, "what is written", out.String())
	}
}
