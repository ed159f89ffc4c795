//go:build unix

package cli

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"convox-travis/internal/terminal"
)

// inEC2 takes the keys out of the environment, and has a metadata service in
// their place, which gives no token: the SDK has words for that.
func (w *world) inEC2() *world {
	w.Helper()
	metadata := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		answer.WriteHeader(http.StatusForbidden)
	}))
	w.Cleanup(metadata.Close)
	delete(w.env, "AWS_ACCESS_KEY_ID")
	delete(w.env, "AWS_SECRET_ACCESS_KEY")
	w.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = metadata.URL
	return w
}

func TestWhatTheSDKLogsIsNotSaidOfTheProgram(t *testing.T) {
	t.Parallel()
	e := newWorld(t).inEC2().run("", "racks")
	if !strings.HasPrefix(e.err, "error: ") || strings.Contains(e.err, "SDK") {
		t.Errorf("exit %d, %s", e.code, e.err)
	}
}

func TestWhatTheSDKLogsIsNotDrawnOverTheScreen(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inEC2().inClone()
	z := w.open(terminal.Options{})
	z.sees(askWay)
	z.still()
	z.types(terminal.Up).sees("› Rack password").enter().sees("couldn't search AWS", "AWS_PROFILE")
	z.types(terminal.CtrlC).ends(130)
	if strings.Contains(z.Frames(), "IMDS") {
		t.Errorf("it was drawn:\n%s", z.Frames())
	}
}
