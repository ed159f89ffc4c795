// Package secrettest finds a secret in the output of a program under test, in clear text
// and in the forms used on the wire.
//
// Next room: internal/release, how the program leaves the house.
package secrettest

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"al.essio.dev/pkg/shellescape"
)

// Canary is a password that the convox CLI can send and that needs quotes in Bash: all of
// its forms differ, and none occurs by chance.
const Canary = "c4n4ry-Zq$8&Tw=9+Kd,2;Xm"

// Absent fails the test if text, which came from place, contains the Canary or one of
// extra in any form. The failure doesn't repeat the text.
func Absent(t testing.TB, place, text string, extra ...string) {
	t.Helper()
	for _, value := range append([]string{Canary}, extra...) {
		for form, encoded := range forms(value) {
			if strings.Contains(text, encoded) {
				t.Errorf("%s: a secret came out (%s)", place, form)
			}
		}
	}
}

func forms(value string) map[string]string {
	escaped := url.UserPassword("convox", value).String()
	quoted, err := json.Marshal(value)
	if err != nil {
		panic(err) // a string always encodes
	}
	return map[string]string{
		"in clear":         value,
		"escaped":          strings.TrimPrefix(escaped, "convox:"),
		"in a query":       url.QueryEscape(value),
		"quoted for Bash":  shellescape.Quote(value),
		"in JSON":          strings.Trim(string(quoted), `"`),
		"in base64":        base64.StdEncoding.EncodeToString([]byte(value)),
		"basic credential": base64.StdEncoding.EncodeToString([]byte("convox:" + value)),
		"escaped in basic": base64.StdEncoding.EncodeToString([]byte(escaped)),
		"in hex":           hex.EncodeToString([]byte(value)),
	}
}
