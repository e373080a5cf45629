// Package metrics has what the threader counts, under the names that all threaders use.
package metrics

import (
	"net/http"

	prom "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"alert-threader/internal/incidents"
)

// buckets are in seconds, the same in every implementation, so that histograms can be added up.
var buckets = []float64{.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10}

// Metrics are all of them.
type Metrics struct {
	Requests     *prom.CounterVec
	Duration     *prom.HistogramVec
	Health       prom.Gauge
	Errors       *prom.CounterVec
	Messages     *prom.CounterVec
	Synthetic    *prom.CounterVec
	SlackSeconds prom.Histogram
	SlackWaits   prom.Counter
	Truncated    prom.Counter
	LastWebhook  prom.Gauge
	InFlight     prom.Gauge
	registry     *prom.Registry
}

// New metrics, with who this is in threader_info.
func New(impl, version, instance, environment string) *Metrics {
	m := &Metrics{
		Requests: counters("http_requests_total", "Requests answered.", "method", "path", "code"),
		Duration: prom.NewHistogramVec(prom.HistogramOpts{
			Name: "http_request_duration_seconds", Help: "Seconds to answer a request.", Buckets: buckets,
		}, []string{"method", "path"}),
		Health:   gauge("threader_health_status", "1 when /health would say ok, else 0."),
		Errors:   counters("threader_errors_total", "Failures by kind.", "kind"),
		Messages: counters("threader_messages_total", "Alerts dealt with, by what was done.", "result"),
		Synthetic: counters("threader_synthetic_alerts_total",
			"Signed synthetic alerts, which no other metric counts: delivered with an id from Slack, or failed.", "result"),
		SlackSeconds: prom.NewHistogram(prom.HistogramOpts{
			Name: "threader_slack_seconds", Help: "Seconds of one call to Slack.", Buckets: buckets,
		}),
		SlackWaits:  counter("threader_slack_rate_limit_waits_total", "Waits because Slack said too fast."),
		Truncated:   counter("threader_truncated_alerts_total", "Alerts that Alertmanager left out of webhooks (its max_alerts)."),
		LastWebhook: gauge("threader_last_webhook_timestamp_seconds", "When the last valid webhook came; 0: none."),
		InFlight:    gauge("threader_alerts_in_flight", "Webhooks being delivered now."),
		registry:    prom.NewRegistry(),
	}
	info := prom.NewGaugeVec(prom.GaugeOpts{Name: "threader_info", Help: "Who this is."},
		[]string{"impl", "version", "instance", "environment"})
	info.WithLabelValues(impl, version, instance, environment).Set(1)
	m.registry.MustRegister(m.Requests, m.Duration, m.Health, m.Errors, m.Messages, m.Synthetic, m.SlackSeconds,
		m.SlackWaits, m.Truncated, m.LastWebhook, m.InFlight, info, collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.beginAtZero()
	return m
}

// Handler answers with the exposition for Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{DisableCompression: true})
}

// beginAtZero: a rate over a series that does not exist yet hides its first events.
func (m *Metrics) beginAtZero() {
	for _, kind := range []string{"slack", "store", "bad_request", "overload", "internal"} {
		m.Errors.WithLabelValues(kind)
	}
	for _, step := range incidents.Steps {
		m.Messages.WithLabelValues(string(step))
	}
	for _, result := range []string{"delivered", "failed"} {
		m.Synthetic.WithLabelValues(result)
	}
}

func counter(name, help string) prom.Counter {
	return prom.NewCounter(prom.CounterOpts{Name: name, Help: help})
}

func counters(name, help string, labels ...string) *prom.CounterVec {
	return prom.NewCounterVec(prom.CounterOpts{Name: name, Help: help}, labels)
}

func gauge(name, help string) prom.Gauge {
	return prom.NewGauge(prom.GaugeOpts{Name: name, Help: help})
}
