// Package web is the HTTP side: four routes, and stopping without losing what is in flight.
package web

import (
	"net/http"
	"sync/atomic"

	"alert-threader/internal/deliver"
	"alert-threader/internal/health"
	"alert-threader/internal/metrics"
	"alert-threader/internal/settings"
)

const (
	maxDeliveries = 32 // webhooks delivered at a time
	maxWaiting    = 64 // more than that in the house: come again later
)

// Identity is who this is.
type Identity struct {
	Impl     string `json:"impl"`
	Version  string `json:"version"`
	Instance string `json:"instance"`
}

// App has the parts that the routes use.
type App struct {
	settings   settings.Settings
	identity   Identity
	deliverer  *deliver.Deliverer
	synthetic  *deliver.Deliverer // nil when synthetic alerts are not wanted
	health     *health.Health
	metrics    *metrics.Metrics
	exposition http.Handler
	deliveries chan struct{}
	inFlight   atomic.Int64
}

// New application.
func New(
	chosen settings.Settings, identity Identity, to, synthetic *deliver.Deliverer, state *health.Health,
	counted *metrics.Metrics,
) *App {
	return &App{
		settings: chosen, identity: identity, deliverer: to, synthetic: synthetic, health: state, metrics: counted,
		exposition: counted.Handler(), deliveries: make(chan struct{}, maxDeliveries),
	}
}

// Handler of all requests.
func (a *App) Handler() http.Handler {
	routes := map[string]route{
		"/alert":   {http.MethodPost, a.alert},
		"/health":  {http.MethodGet, a.answerHealth},
		"/ready":   {http.MethodGet, a.answerReady},
		"/metrics": {http.MethodGet, a.answerMetrics},
	}
	return a.observed(routes)
}

type route struct {
	method string
	handle http.HandlerFunc
}

func (a *App) answerHealth(w http.ResponseWriter, _ *http.Request) {
	a.state(w, "ok", "broken", a.health.Sick())
}

func (a *App) answerReady(w http.ResponseWriter, _ *http.Request) {
	problem := a.health.Unready()
	bad := "unready"
	if a.health.Draining.Load() {
		bad = "draining"
	}
	a.state(w, "ready", bad, problem)
}

func (a *App) answerMetrics(w http.ResponseWriter, r *http.Request) {
	a.health.Sick()
	a.exposition.ServeHTTP(w, r)
}

func (a *App) state(w http.ResponseWriter, good, bad, problem string) {
	code, status := http.StatusOK, good
	if problem != "" {
		code, status = http.StatusServiceUnavailable, bad
	}
	reply(w, code, struct {
		Status string `json:"status"`
		Reason string `json:"reason,omitempty"`
		Identity
	}{status, problem, a.identity})
}
