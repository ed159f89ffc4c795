// Package demo is an embedded world: a small Travis, AWS, Rack and Console on loopback,
// connected to each other and filled with an organization's data. Any client with its
// settings works in it.
//
// Next room: travisapi/travistest, the first of its servers.
package demo

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"convox-travis/cfn/cfntest"
	"convox-travis/internal/convox"
	"convox-travis/internal/convox/convoxtest"
	"convox-travis/internal/crash"
	"convox-travis/internal/faults"
	"convox-travis/travisapi/travistest"
)

// Options configure the world. The zero value is the usual one.
type Options struct {
	RackPassword string        // "" is a new one
	DeployKey    string        // "" is a new one
	RealHosts    bool          // hosts look like real ones and only World.Dial reaches them; else they are loopback addresses
	Latency      time.Duration // of every answer
	Pace         time.Duration // of each resource and task that AWS changes; 0 is immediate
	Repositories int           // of the Travis account, at least
	Stacks       int           // besides those of Racks
}

// World is a running world.
type World struct {
	Travis  *travistest.Server
	AWS     *cfntest.Server
	Rack    *convoxtest.Rack
	Lost    *convoxtest.Rack // whose password is lost
	Console *convoxtest.Console

	rackPassword string
	lostPassword string
	deployKey    string
	token        string
	awsSecret    string

	aws    *http.Server
	awsURL string
	routes map[string]string // where Dial connects to, by address
	folder string            // the home, with the clone and the certificates in it
}

// Setting is an environment variable that points a client to the world.
type Setting struct{ Name, Value string }

// Start makes a world and serves it until Close.
func Start(options Options) (*World, error) {
	w := &World{
		rackPassword: cmp.Or(options.RackPassword, rand.Text()),
		lostPassword: rand.Text(),
		deployKey:    cmp.Or(options.DeployKey, rand.Text()),
		token:        rand.Text(),
		awsSecret:    rand.Text() + rand.Text()[:14],
	}
	if err := w.open(options.RealHosts); err != nil {
		_ = w.Close() // what was opened before it failed
		return nil, err
	}
	w.fillAWS(options.Stacks)
	w.AWS.SetPace(cfntest.Pace{ChangeSet: options.Pace, Resource: options.Pace, Task: options.Pace})
	w.fillConsole()
	w.fillTravis(options.Repositories)
	w.Travis.OnBuild = w.build
	for _, layer := range []*faults.Layer{&w.Travis.Faults, &w.AWS.Faults, &w.Rack.Faults, &w.Lost.Faults, &w.Console.Faults} {
		layer.SetLatency(options.Latency)
	}
	return w, nil
}

func (w *World) open(realHosts bool) (err error) {
	w.Travis, w.AWS = travistest.New(), cfntest.New()
	if err = w.Travis.Listen(); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	w.awsURL = "http://" + listener.Addr().String()
	w.aws = &http.Server{Handler: w.AWS.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer crash.Catch()
		_ = w.aws.Serve(listener) // ends with Close
	}()
	if w.Rack, err = convoxtest.NewRack(w.rackPassword, rackHost); err != nil {
		return err
	}
	if w.Lost, err = convoxtest.NewRack(w.lostPassword, lostHost); err != nil {
		return err
	}
	if w.Console, err = convoxtest.NewConsole(convox.HostedConsole); err != nil {
		return err
	}
	w.routes = map[string]string{}
	for _, address := range []string{strings.TrimPrefix(w.Travis.URL, "http://"), listener.Addr().String(), w.Rack.Host, w.Lost.Host, w.Console.Host} {
		w.routes[address] = address
	}
	if realHosts {
		for host, name := range map[*string]string{&w.Rack.Host: rackHost, &w.Lost.Host: lostHost, &w.Console.Host: convox.HostedConsole} {
			w.routes[name+":443"], *host = *host, name
		}
	}
	if w.folder, err = makeFolder(); err != nil {
		return err
	}
	authorities := bytes.Join([][]byte{w.Console.Authority(), w.Rack.Authority(), w.Lost.Authority()}, nil)
	return os.WriteFile(w.certificates(), authorities, 0o600)
}

// makeFolder creates the folder with the usual name, or with another one if that is taken.
func makeFolder() (string, error) {
	const name = "convox-travis-demo"
	temporary, err := filepath.Abs(os.TempDir())
	if err != nil {
		return "", err
	}
	folder := filepath.Join(temporary, name)
	err = os.Mkdir(folder, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return os.MkdirTemp(temporary, name+"-")
	}
	return folder, err
}

func (w *World) certificates() string { return filepath.Join(w.folder, "certificates.pem") }

// Settings lists the variables that point a client to the world. All secrets in them are
// made up.
func (w *World) Settings() []Setting {
	return []Setting{
		{"TRAVIS_ENDPOINT", w.Travis.URL},
		{"TRAVIS_TOKEN", w.token},
		{"AWS_ENDPOINT_URL", w.awsURL},
		{"AWS_ACCESS_KEY_ID", awsKeyID},
		{"AWS_SECRET_ACCESS_KEY", w.awsSecret},
		{"AWS_REGION", homeRegion},
		{"SSL_CERT_FILE", w.certificates()},
		{"DEMO_RACK", rackName},
		{"DEMO_RACK_HOST", w.Rack.Host},
		{"DEMO_RACK_PASSWORD", w.rackPassword},
		{"DEMO_LOST_RACK", lostName},
		{"DEMO_LOST_RACK_HOST", w.Lost.Host},
		{"DEMO_CONSOLE_HOST", w.Console.Host},
		{"DEMO_DEPLOY_KEY", w.deployKey},
		{"DEMO_REPO", repository},
		{"DEMO_REPO_READ_ONLY", readOnlyRepository},
	}
}

// Close ends the world and deletes what it created.
func (w *World) Close() error {
	if w.Travis != nil && w.Travis.URL != "" {
		_ = w.Travis.Close() // all of these are on loopback
	}
	if w.aws != nil {
		_ = w.aws.Close()
	}
	for _, rack := range []*convoxtest.Rack{w.Rack, w.Lost} {
		if rack != nil {
			_ = rack.Close()
		}
	}
	if w.Console != nil {
		w.Console.Close()
	}
	if w.folder == "" {
		return nil
	}
	return os.RemoveAll(w.folder)
}

// Dial connects only to the world's own servers. The hosts of its other Racks are made up,
// and no name is looked up.
func (w *World) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	defer crash.Catch()
	to, found := w.routes[address]
	if !found {
		return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.EHOSTUNREACH}
	}
	return new(net.Dialer).DialContext(ctx, network, to)
}
