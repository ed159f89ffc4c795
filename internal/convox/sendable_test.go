package convox_test

import (
	"errors"
	"net/http"
	"testing"

	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// What the real client of the second generation was seen to send.
func TestWhatIsPresentedFirstIsWhatTheClientSends(t *testing.T) {
	for password, want := range map[string]string{
		"abc123":        "abc123",
		"a+b":           "a+b",
		"a b":           "a+b",
		"a  b":          "a++b",
		" ab":           "+ab",
		"ab ":           "ab+",
		"a%20b":         "a%2520b",
		"a%2Bb":         "a%252Bb",
		"a + b":         "a+++b",
		"a@b":           "a%40b",
		"a:b":           "a%3Ab",
		"a/b":           "a%2Fb",
		"a?b":           "a%3Fb",
		"a#b":           "a%23b",
		"a%b":           "a%25b",
		`a"b`:           "a%22b",
		"a$b&c":         "a$b&c",
		"a=b;c,d":       "a=b;c,d",
		"a-b.c_d~e":     "a-b.c_d~e",
		"pä":            "p%C3%A4",
		"a\u00a0b":      "a%C2%A0b",
		"a!b*c(d)e'f[g": "a%21b%2Ac%28d%29e%27f%5Bg",
	} {
		for _, console := range []bool{false, true} {
			var sent []string
			wire := roundTrip(func(r *http.Request) (*http.Response, error) {
				_, got, _ := r.BasicAuth()
				if r.URL.Path == map[bool]string{false: "/auth", true: "/racks"}[console] {
					sent = append(sent, got)
				}
				return nil, errors.New("that is enough")
			})
			if _, err := convox.Enter(t.Context(), wire, host(t, "rack.example.com"), console, secret.New(password)); err == nil {
				t.Error("nothing went wrong")
			}
			if len(sent) != 1 || sent[0] != want {
				t.Errorf("%q: sent %q, not %q", password, sent, want)
			}
			if convox.Sendable(secret.New(password)) != (want == password) {
				t.Errorf("%q: sendable: %t", password, want != password)
			}
		}
	}
}
