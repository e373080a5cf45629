// Package alerts has Alertmanager's webhook, version 4, as the threader accepts it.
package alerts

import (
	"strings"
	"unicode"

	"alert-threader/internal/incidents"
)

// Alert is one alert of a webhook; Status is its own, the group's may differ.
type Alert struct {
	Status       incidents.Status
	Fingerprint  string
	StartsAt     Moment
	EndsAt       *Moment
	Labels       map[string]string
	Annotations  map[string]string
	GeneratorURL string
}

// Webhook is one delivery of Alertmanager.
type Webhook struct {
	Alerts          []Alert
	TruncatedAlerts int64
}

// Incident is its identity: the same alert that opens again later has another start, so another thread.
func (a Alert) Incident() string {
	return a.Fingerprint + ":" + a.StartsAt.Time.UTC().Format("20060102T150405.000000Z")
}

// Name is the label alertname, or words that say there is none.
func (a Alert) Name() string {
	if name := a.Labels["alertname"]; name != "" {
		return name
	}
	return "(no alertname)"
}

// space also counts the separators of old terminals, as the other threaders do.
func space(char rune) bool { return unicode.IsSpace(char) || char >= 0x1c && char <= 0x1f }

// Severity is the label severity in lower case, empty when missing.
func (a Alert) Severity() string {
	return strings.ToLower(strings.TrimFunc(a.Labels["severity"], space))
}
