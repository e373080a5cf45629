package web

import (
	"fmt"
	"net"
	"syscall"
)

const backlog = 1024

// Listen with a queue for bursts: Go takes its length from a part of /proc that a sandbox hides, and then only 128.
func Listen(host string, port int) (net.Listener, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(host, fmt.Sprint(port)))
	if err != nil {
		return nil, err
	}
	if tcp, ok := listener.(*net.TCPListener); ok {
		if raw, err := tcp.SyscallConn(); err == nil {
			_ = raw.Control(func(socket uintptr) { _ = syscall.Listen(int(socket), backlog) })
		}
	}
	return listener, nil
}
