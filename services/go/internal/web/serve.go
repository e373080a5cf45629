package web

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"alert-threader/internal/health"
	"alert-threader/internal/logs"
	"alert-threader/internal/settings"
)

const (
	headTimeout = 10 * time.Second
	idleTimeout = time.Minute
	maxHead     = 64 << 10
)

// Serve until told to stop. First signal: say "draining" for a while, then close and finish. Second signal: stop now.
func Serve(app *App, listener net.Listener, chosen settings.Settings, state *health.Health) {
	server := &http.Server{
		Handler:           app.Handler(),
		ReadHeaderTimeout: headTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHead,
		ErrorLog:          log.New(io.Discard, "", 0), // strangers' broken requests
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() { _ = server.Serve(listener) }()
	address := listener.Addr().(*net.TCPAddr)
	logs.Info("listening", "addresses", [][]any{{address.IP.String(), address.Port}})

	number, _ := (<-signals).(syscall.Signal)
	state.Draining.Store(true)
	logs.Info("stopping", "signal", int(number), "drain_seconds", chosen.DrainSeconds)
	select {
	case <-time.After(time.Duration(chosen.DrainSeconds * float64(time.Second))):
		finish(server, chosen.ShutdownTimeout, signals)
	case <-signals:
	}
	_ = server.Close()
	logs.Info("stopped")
}

// finish what is in flight, until it takes too long or a signal says now.
func finish(server *http.Server, timeout time.Duration, signals <-chan os.Signal) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Shutdown(ctx)
	}()
	select {
	case <-done:
	case <-signals:
	}
}
