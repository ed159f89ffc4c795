package travisyml_test

import (
	"strings"
	"testing"

	"convox-travis/internal/problem"
	"convox-travis/internal/travisyml"
)

func TestAnItemOfOursIsWrittenAnewAndNothingElse(t *testing.T) {
	old := "language: minimal\r\nenv:\r\n  global:\r\n" +
		"    - secure: \"b3RoZXI=\" # not ours\r\n" +
		"    # CONVOX_PASSWORD, by convox-travis\r\n    - secure: \"b2xk\"  \r\n" +
		"    # SOMETHING\r\n    - secure: \"c29tZQ==\"\r\n" +
		"  jobs:\r\n    # CONVOX_HOST, by convox-travis\r\n    - secure: \"am9i\"\r\nscript: make\r\n"
	want := "language: minimal\r\nenv:\r\n  global:\r\n" +
		"    - secure: \"b3RoZXI=\" # not ours\r\n" +
		"    # CONVOX_PASSWORD, by convox-travis\r\n    - secure: \"" + cryptPassword + "\"\r\n" +
		"    # SOMETHING\r\n    - secure: \"c29tZQ==\"\r\n" +
		"    # CONVOX_HOST, by convox-travis\r\n    - secure: \"" + cryptHost + "\"\r\n" +
		"  jobs:\r\n    # CONVOX_HOST, by convox-travis\r\n    - secure: \"am9i\"\r\nscript: make\r\n"
	change, err := parse(t, old).AddSecure(mappingEntry...)
	if err != nil || change.New != want {
		t.Fatalf("%v\n%s", err, change.New)
	}
	if len(change.Lines) != 2 || change.Line != 9 {
		t.Errorf("added %q at %d", change.Lines, change.Line)
	}
	again, err := parse(t, want).AddSecure(mappingEntry...)
	if err != nil || again.Changed() {
		t.Errorf("a second time it changes: %v", err)
	}
}

func TestBothItemsOfOursAreWrittenAnew(t *testing.T) {
	first, err := parse(t, "env:\n  global:\n  - A=1\n").AddSecure(travisyml.Secure{Name: "CONVOX_HOST", Text: "b2xk"}, travisyml.Secure{Name: "CONVOX_PASSWORD", Text: "b2xkZXI="})
	if err != nil {
		t.Fatal(err)
	}
	second, err := parse(t, first.New).AddSecure(mappingEntry...)
	want := strings.NewReplacer("b2xkZXI=", cryptPassword, "b2xk", cryptHost).Replace(first.New)
	if err != nil || second.New != want || len(second.Lines) != 0 {
		t.Errorf("%v\n%s", err, second.New)
	}
}

func TestAnItemOfOursThatIsThereTwiceIsWrittenAnewTwice(t *testing.T) {
	item := "    # CONVOX_HOST, by convox-travis\n    - secure: \"b2xk\"\n"
	old := "env:\n  global:\n" + item + "    - A=1\n" + item
	change, err := parse(t, old).AddSecure(mappingEntry[0])
	if want := strings.ReplaceAll(old, "b2xk", cryptHost); err != nil || change.New != want {
		t.Errorf("%v\n%s", err, change.New)
	}
}

func TestWhatOnlyLooksLikeOursIsLeft(t *testing.T) {
	for _, item := range []string{
		"    # CONVOX_HOST, by convox-travis\n\n    - secure: \"b2xk\"\n",
		"    # CONVOX_HOST by convox-travis\n    - secure: \"b2xk\"\n",
		"    # CONVOX_HOST, by convox-travis\n    - secure: b2xk\n",
		"    # CONVOX_HOST, by convox-travis\n    - secure: \"b2xk\" # kept\n",
		"    # CONVOX_HOST, by convox-travis\n    - A=1\n",
		"    # CONVOX_HOST, by convox-travis\n    - {secure: \"b2xk\"}\n",
	} {
		old := "env:\n  global:\n" + item
		change, err := parse(t, old).AddSecure(mappingEntry[0])
		if err != nil || !strings.HasPrefix(change.New, old) || !change.Changed() {
			t.Errorf("%s: %v\n%s", item, err, change.New)
		}
	}
}

func TestWhatIsNotBase64OrNoNameIsNoVariable(t *testing.T) {
	for _, v := range []travisyml.Secure{
		{Name: "CONVOX_HOST", Text: "a\"b"}, {Name: "CONVOX_HOST", Text: ""}, {Name: "CONVOX_HOST", Text: "YQ==\n"},
		{Name: "A B", Text: "YQ=="}, {Name: "A\n- x", Text: "YQ=="}, {Text: "YQ=="},
	} {
		_, err := parse(t, "").AddSecure(v)
		if !problem.Has(err, travisyml.CodeStep) || len(problem.Of(err).Hints) == 0 {
			t.Errorf("%q: %v", v, err)
		}
	}
}

func parse(t testing.TB, text string) *travisyml.Document {
	t.Helper()
	document, err := travisyml.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return document
}
