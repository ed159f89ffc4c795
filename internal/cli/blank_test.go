package cli

import (
	"os"
	"path/filepath"
	"testing"

	"convox-travis/internal/secret/secrettest"
)

// What is verified is what is stored: a blank at an end, which the client can't
// send, is neither cut nor written.
func TestAPasswordWithABlankAtAnEndIsRefusedFromEverySource(t *testing.T) {
	t.Parallel()
	for _, password := range []string{" " + secrettest.Canary, secrettest.Canary + " ", secrettest.Canary + "\u00a0"} {
		w := newWorld(t)
		host := w.setting("DEMO_RACK_HOST")
		args := []string{"apply", "--host", host, "--repo", w.setting("DEMO_REPO")}
		w.want(w.run(password+"\n", append(args, "--password-stdin")...), 2, "white space before or after it")
		w.env["CONVOX_PASSWORD"] = password
		w.want(w.run("", args...), 2, "white space before or after it")
		delete(w.env, "CONVOX_PASSWORD")
		folder := filepath.Join(w.dir, "config", "convox2")
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "auth"), []byte(`{"`+host+`": "`+password+`"}`), 0o600); err != nil {
			t.Fatal(err)
		}
		w.want(w.run("", append(args, "--saved")...), 2, "white space before or after it")
		w.wantNoWrite()
	}
}
