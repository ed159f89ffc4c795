//go:build unix

package cli

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"convox-travis/cfn/cfntest"
	"convox-travis/internal/clock"
	"convox-travis/internal/demo"
	"convox-travis/internal/faults"
	"convox-travis/internal/ratelimit"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
)

// What the AWS SDK reads from this process's environment is one for all worlds
// in it; each world leads the address to its own AWS.
const (
	sharedAWS    = "127.0.0.1:9"
	sharedKeyID  = "AKIAMATRIXMATRIXMATR"
	sharedSecret = "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"
)

// shareAWS sets that environment for a test and all tests in it.
func shareAWS(t *testing.T) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": "http://" + sharedAWS, "AWS_ACCESS_KEY_ID": sharedKeyID, "AWS_SECRET_ACCESS_KEY": sharedSecret, "AWS_SESSION_TOKEN": "",
		"AWS_REGION": "us-east-1", "AWS_PROFILE": "", "AWS_DEFAULT_PROFILE": "", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CA_BUNDLE": "",
		"PATH": "", // no clone is there, and without git nothing has to be started to know it
	} {
		t.Setenv(name, value)
	}
}

// inside is a world in which the program runs within this process: a run takes
// milliseconds, waits for nothing but a server that says nothing, and many run
// side by side.
type inside struct {
	*world
	clock    *hurried
	network  *network
	roots    *x509.CertPool
	deadline time.Duration // of a call; 0 is the program's own
}

func newInside(t testing.TB) *inside {
	t.Helper()
	w := startWorld(t, demo.Options{RackPassword: secrettest.Canary})
	at := strings.TrimPrefix(w.setting("AWS_ENDPOINT_URL"), "http://")
	w.secrets = append(w.secrets, sharedSecret)
	in := &inside{
		world: w, clock: &hurried{}, roots: x509.NewCertPool(),
		network: &network{routes: map[string]string{sharedAWS: at}},
	}
	in.knownToAWS(sharedSecret)
	in.roots.AppendCertsFromPEM(w.Console.Authority())
	return in
}

// knownToAWS sets the secret key by which AWS knows the program.
func (w *inside) knownToAWS(secret string) {
	w.AWS.AddUser(cfntest.User{Account: "123456789012", Name: "ann", KeyID: sharedKeyID, Secret: secret})
}

// longestRun is more than any run may take on a busy machine, one whose calls all hang
// included.
const longestRun = time.Minute

// run runs the program to its end, in time, and searches what came out for
// secrets, the files too.
func (w *inside) run(input string, args ...string) ending {
	w.Helper()
	var out, err bytes.Buffer
	code := w.runOn(strings.NewReader(input), &out, &err, args...)
	e := ending{code: code, out: out.String(), err: err.String()}
	w.searchAll(map[string]string{"standard output": e.out, "standard error": e.err})
	return e
}

func (w *inside) runOn(in io.Reader, out, err io.Writer, args ...string) int {
	w.Helper()
	p := &program{
		limit: ratelimit.Limit{Calls: 1 << 20, Per: time.Second}, // each run is the only one
		in:    in, out: out, err: err,
		env:  func(name string) string { return w.env[name] },
		home: w.dir, goos: "linux", dir: w.dir, cache: filepath.Join(w.dir, "cache"),
		signals: make(chan os.Signal, 2),
		connections: connections{
			retry: transport.Retry{Clock: w.clock, Tries: 2, Deadline: w.deadline, Pause: time.Millisecond},
			roots: w.roots, dial: w.network.dial,
		},
	}
	ended := make(chan int, 1)
	go func() { ended <- run(args, p) }()
	defer w.network.hangUp()
	select {
	case code := <-ended:
		return code
	case <-time.After(longestRun):
		w.Fatalf("it goes on after %v", longestRun)
		return 0
	}
}

func (w *inside) searchAll(places map[string]string) {
	w.Helper()
	err := filepath.WalkDir(w.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		places[path] = path + "\n" + string(text)
		return err
	})
	if err != nil {
		w.Error(err)
	}
	for place, text := range places {
		secrettest.Absent(w, place, text, w.secrets...)
		for _, body := range []string{"Try later", "something broke", "<html", "Internal Server Error"} {
			if strings.Contains(text, body) {
				w.Errorf("%s has an answer's body", place)
			}
		}
	}
}

// server is one of a world's servers, as the program calls it.
type server struct {
	name    string
	address string
	layer   *faults.Layer
}

func (w *inside) server(name string) server {
	w.Helper()
	for _, s := range w.servers() {
		if s.name == name {
			return s
		}
	}
	w.Fatalf("there is no %s", name)
	return server{}
}

func (w *inside) servers() []server {
	return []server{
		{"Travis", strings.TrimPrefix(w.Travis.URL, "http://"), &w.Travis.Faults},
		{"AWS", sharedAWS, &w.AWS.Faults},
		{"Rack", w.Rack.Host, &w.Rack.Faults},
		{"Console", w.Console.Host, &w.Console.Faults},
	}
}

// hurried is a clock that hardly waits and is ahead of the others by what
// it was asked to wait, so many times.
type hurried struct {
	mu    sync.Mutex
	ahead time.Duration
	times int // 0 is once
}

func (c *hurried) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *hurried) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	c.ahead += d * time.Duration(max(c.times, 1))
	c.mu.Unlock()
	// What goes on until a deadline of the network is not to be a busy loop.
	return clock.System{}.Sleep(ctx, min(d, 10*time.Millisecond))
}

// maxPauses is more than a run may ask to wait in all.
const maxPauses = time.Minute

// reset returns how much it was ahead, and sets it right.
func (c *hurried) reset() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	ahead := c.ahead
	c.ahead = 0
	return ahead
}

// network is the way from the program to its world.
type network struct {
	routes map[string]string // addresses that are elsewhere than the program thinks

	mu   sync.Mutex
	meet func(address string) (refused bool) // what a connection meets; nil is nothing
	open []net.Conn
}

func (n *network) dial(ctx context.Context, kind, address string) (net.Conn, error) {
	n.mu.Lock()
	refused := n.meet != nil && n.meet(address)
	n.mu.Unlock()
	if refused {
		return nil, &net.OpError{Op: "dial", Net: kind, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	conn, err := new(net.Dialer).DialContext(ctx, kind, n.at(address))
	if err == nil {
		n.mu.Lock()
		n.open = append(n.open, conn)
		n.mu.Unlock()
	}
	return conn, err
}

// at is where an address leads.
func (n *network) at(address string) string { return cmp.Or(n.routes[address], address) }

// setMeet says what connections meet from now on.
func (n *network) setMeet(meet func(address string) (refused bool)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.meet = meet
}

// hangUp closes what a run leaves open: it would have ended with its process.
func (n *network) hangUp() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, conn := range n.open {
		_ = conn.Close() // most are closed already
	}
	n.open = nil
}
