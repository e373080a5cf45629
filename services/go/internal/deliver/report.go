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
	Failed      []string       `json:"failed"`
	NotTried    int            `json:"not_tried"`
	StoreFailed bool           `json:"-"`
	RetryAfter  *time.Duration `json:"-"`
}

func newReport() Report { return Report{Done: map[incidents.Step]int{}, Failed: []string{}} }

// Complete is true when nothing is left for a retry.
func (r Report) Complete() bool { return len(r.Failed) == 0 && r.NotTried == 0 }
