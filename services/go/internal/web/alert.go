package web

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"alert-threader/internal/alerts"
	"alert-threader/internal/deliver"
	"alert-threader/internal/logs"
	"alert-threader/internal/synthetic"
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
	body, refused := readBody(w, r, a.settings.MaxBodyBytes)
	switch {
	case refused != nil:
	case synthetic.Claimed(r.Header):
		refused = a.takeSynthetic(w, r, body)
	default:
		refused = a.take(w, body)
	}
	if refused != nil {
		a.refuse(w, refused)
	}
}

func (a *App) refuse(w http.ResponseWriter, refused *refusal) {
	marked := syntheticMark(w)
	if marked == nil {
		a.metrics.Errors.WithLabelValues("bad_request").Inc()
	}
	logs.Warning("request refused", append([]any{"code", refused.code, "reason", refused.Error}, marked...)...)
	reply(w, refused.code, refused)
}

func (a *App) take(w http.ResponseWriter, body []byte) *refusal {
	webhook, refused := parse(body)
	if refused != nil {
		return refused
	}
	a.metrics.LastWebhook.SetToCurrentTime()
	if left := webhook.TruncatedAlerts; left > 0 {
		a.metrics.Truncated.Add(float64(left))
		logs.Warning("Alertmanager left alerts out: raise its max_alerts", "left_out", left)
	}
	report := a.deliver(a.deliverer, webhook.Alerts)
	answer(w, report, report)
	return nil
}

func (a *App) takeSynthetic(w http.ResponseWriter, r *http.Request, body []byte) *refusal {
	if reason := synthetic.Refusal(a.settings, r.Header, body, time.Now()); reason != "" {
		return &refusal{code: http.StatusForbidden, Error: "not a synthetic alert: " + reason, Reason: reason}
	}
	markSynthetic(w)
	webhook, refused := parse(body)
	if refused != nil {
		return refused
	}
	var report deliver.Report
	defer func() { synthetic.Count(a.metrics, len(webhook.Alerts), report) }()
	report = a.deliver(a.synthetic, webhook.Alerts)
	answer(w, report, struct {
		deliver.Report
		Delivered []deliver.Delivered `json:"delivered"`
	}{report, report.Delivered})
	return nil
}

func (a *App) deliver(with *deliver.Deliverer, all []alerts.Alert) deliver.Report {
	a.deliveries <- struct{}{}
	defer func() { <-a.deliveries }()
	return with.Deliver(all)
}

// answer is 2xx only when every alert is dealt with, so that Alertmanager retries the others; it retries at any 5xx.
func answer(w http.ResponseWriter, report deliver.Report, content any) {
	switch {
	case report.Complete():
		reply(w, http.StatusOK, content)
	case report.StoreFailed || report.RetryAfter != nil:
		seconds := 1.0
		if report.RetryAfter != nil {
			seconds = max(1, math.Ceil(report.RetryAfter.Seconds()))
		}
		w.Header().Set("Retry-After", strconv.FormatFloat(seconds, 'f', -1, 64))
		reply(w, http.StatusServiceUnavailable, content)
	default:
		reply(w, http.StatusBadGateway, content)
	}
}
