package deliver

import (
	"time"

	"alert-threader/internal/incidents"
)

// Report is what became of a webhook's alerts.
type Report struct {
	// Done is how many by step: opened, threaded, duplicate, ...
	Done map[incidents.Step]int `json:"done"`
	// Failed has one sentence for each alert that Slack or the store did not take.
	Failed []string `json:"failed"`
	// Delivered are the alerts that were posted now and have an id from Slack; only synthetic ones are told of them.
	Delivered   []Delivered    `json:"-"`
	NotTried    int            `json:"not_tried"`
	StoreFailed bool           `json:"-"`
	RetryAfter  *time.Duration `json:"-"`
}

// Delivered is an alert and Slack's id of its message.
type Delivered struct {
	Fingerprint string `json:"fingerprint"`
	TS          string `json:"ts"`
}

func newReport() Report {
	return Report{Done: map[incidents.Step]int{}, Failed: []string{}, Delivered: []Delivered{}}
}

// Complete is true when nothing is left for a retry.
func (r Report) Complete() bool { return len(r.Failed) == 0 && r.NotTried == 0 }
