package demo

import (
	"context"
	"net"
	"syscall"

	"convox-travis/internal/crash"
	"convox-travis/internal/transport"
)

// Dial connects only inside the world: the hosts of its other Racks are made up and never
// looked up.
func Dial(ctx context.Context, network, address string) (net.Conn, error) {
	defer crash.Catch()
	host, _, err := net.SplitHostPort(address)
	if err != nil || !transport.IsLoopback(host) {
		return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.EHOSTUNREACH}
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}
