// Package deliver brings one webhook's alerts into Slack: each change of an incident's state is posted once, whatever
// is retried.
//
// What can still go wrong, honestly: Slack has no idempotent post. If this process dies (or Slack's answer is lost)
// after Slack took a message and before it was recorded, the retry posts that one message a second time. A record that
// could not be stored is kept in this process and stored first at the next delivery.
package deliver

import (
	"errors"
	"log/slog"
	"time"

	"alert-threader/internal/alerts"
	"alert-threader/internal/incidents"
	"alert-threader/internal/logs"
	"alert-threader/internal/metrics"
	"alert-threader/internal/settings"
	"alert-threader/internal/slack"
	"alert-threader/internal/store"
)

// Deliverer posts alerts; many may use it at once.
type Deliverer struct {
	settings settings.Settings
	store    store.Store
	slack    slack.Slack
	metrics  *metrics.Metrics
	sleep    func(time.Duration)
	unsaved  unsaved
	say      logs.Say
}

// New deliverer.
func New(
	chosen settings.Settings, kept store.Store, to slack.Slack, counted *metrics.Metrics, say logs.Say,
) *Deliverer {
	return &Deliverer{
		settings: chosen, store: kept, slack: to, metrics: counted, sleep: time.Sleep, unsaved: newUnsaved(), say: say,
	}
}

// Deliver in order; it stops early only at a failure that the alerts after it would share.
func (d *Deliverer) Deliver(all []alerts.Alert) Report {
	report := newReport()
	waiting := &budget{d.settings.SlackMaxWait, d.sleep}
	for position, alert := range all {
		step, ts, err := d.one(alert, waiting)
		if err == nil {
			report.Done[step]++
			d.metrics.Messages.WithLabelValues(string(step)).Inc()
			if ts != "" {
				report.Delivered = append(report.Delivered, Delivered{alert.Fingerprint, ts})
			}
			continue
		}
		if d.failed(&report, alert, err) {
			report.NotTried = len(all) - position - 1
			break
		}
	}
	return report
}

// failed notes a failure and tells whether the alerts after it would share it.
func (d *Deliverer) failed(report *Report, alert alerts.Alert, err error) bool {
	var refused *slack.Error
	if errors.As(err, &refused) {
		d.note(report, alert, "slack", err)
		report.RetryAfter = refused.RetryAfter
		return !refused.AboutOneMessage()
	}
	d.note(report, alert, "store", err)
	var broken *store.Error
	// One incident may be stuck at another instance; two are a sign of more.
	held := errors.As(err, &broken) && broken.Held && !report.StoreFailed
	report.StoreFailed = true
	return !held
}

func (d *Deliverer) note(report *Report, alert alerts.Alert, kind string, err error) {
	d.metrics.Errors.WithLabelValues(kind).Inc()
	report.Failed = append(report.Failed, alert.Name()+": "+kind+": "+err.Error())
	d.say(slog.LevelError, "alert not delivered, Alertmanager is asked to retry",
		"kind", kind, "reason", err.Error(), "alertname", alert.Name(), "incident", alert.Incident())
}

// one alert; also Slack's id of the message, if one was posted and has one.
func (d *Deliverer) one(alert alerts.Alert, waiting *budget) (incidents.Step, string, error) {
	incident := alert.Incident()
	release, err := d.store.Claim(incident)
	if err != nil {
		return "", "", err
	}
	defer release()
	if err := d.unsaved.save(d.store, incident); err != nil {
		return "", "", err
	}
	known, err := d.store.Get(incident)
	if err != nil {
		return "", "", err
	}
	step := incidents.Next(known, alert.Status)
	if step == incidents.Skip {
		return step, "", nil
	}
	if d.settings.SlackBotToken == "" && step == incidents.Reply {
		step = incidents.PostAgain
	}
	// Better to refuse now than to post what cannot be recorded.
	if err := d.store.Check(); err != nil {
		return "", "", err
	}
	thread, ts, step, err := d.post(alert, step, known, waiting)
	if err != nil {
		return "", "", err
	}
	if err := d.store.Put(incident, thread); err != nil {
		d.unsaved.keep(incident, thread)
		return "", "", err
	}
	d.say(slog.LevelInfo, string(step), "alertname", alert.Name(), "incident", incident, "status", alert.Status)
	return step, ts, nil
}
