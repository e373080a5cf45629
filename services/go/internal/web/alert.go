package web

import (
	"math"
	"net/http"
	"strconv"

	"alert-threader/internal/deliver"
	"alert-threader/internal/logs"
)

func (a *App) alert(w http.ResponseWriter, r *http.Request) {
	defer a.inFlight.Add(-1)
	if a.inFlight.Add(1) > maxWaiting {
		a.metrics.Errors.WithLabelValues("overload").Inc()
		w.Header().Set("Retry-After", "1")
		reply(w, http.StatusServiceUnavailable, map[string]string{"error": "too many webhooks at once"})
		return
	}
	a.metrics.InFlight.Inc()
	defer a.metrics.InFlight.Dec()
	webhook, refused := readWebhook(w, r, a.settings.MaxBodyBytes)
	if refused != nil {
		a.metrics.Errors.WithLabelValues("bad_request").Inc()
		logs.Warning("request refused", "code", refused.code, "reason", refused.Error)
		reply(w, refused.code, refused)
		return
	}
	a.metrics.LastWebhook.SetToCurrentTime()
	if left := webhook.TruncatedAlerts; left > 0 {
		a.metrics.Truncated.Add(float64(left))
		logs.Warning("Alertmanager left alerts out: raise its max_alerts", "left_out", left)
	}
	a.deliveries <- struct{}{}
	defer func() { <-a.deliveries }()
	answer(w, a.deliverer.Deliver(webhook.Alerts))
}

// answer is 2xx only when every alert is dealt with, so that Alertmanager retries the others; it retries at any 5xx.
func answer(w http.ResponseWriter, report deliver.Report) {
	switch {
	case report.Complete():
		reply(w, http.StatusOK, report)
	case report.StoreFailed || report.RetryAfter != nil:
		seconds := 1.0
		if report.RetryAfter != nil {
			seconds = max(1, math.Ceil(report.RetryAfter.Seconds()))
		}
		w.Header().Set("Retry-After", strconv.FormatFloat(seconds, 'f', -1, 64))
		reply(w, http.StatusServiceUnavailable, report)
	default:
		reply(w, http.StatusBadGateway, report)
	}
}
