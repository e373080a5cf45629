// Package health answers two questions about this process: does it work (/health), and should it get alerts (/ready)?
package health

import (
	"sync"
	"sync/atomic"
	"time"

	"alert-threader/internal/metrics"
	"alert-threader/internal/store"
)

// fresh is how long an answer of the store counts, so that probes cannot load it.
const fresh = time.Second

// Health asks the store, remembers the answer for a moment, and knows whether the process is on its way out.
type Health struct {
	Draining atomic.Bool

	store   store.Store
	metrics *metrics.Metrics
	asking  sync.Mutex
	asked   time.Time
	problem string
}

// New health of a process with this store.
func New(kept store.Store, counted *metrics.Metrics) *Health {
	return &Health{store: kept, metrics: counted}
}

// Sick is why this instance is broken, empty when it is not. A shared store that is away is not its fault, and no
// restart would mend it.
func (h *Health) Sick() string {
	problem := ""
	if h.store.Local() {
		problem = h.storeProblem()
	}
	if problem == "" {
		h.metrics.Health.Set(1)
	} else {
		h.metrics.Health.Set(0)
	}
	return problem
}

// Unready is why it should get no alerts now, empty when it should. Slack's state does not count: Alertmanager keeps
// what Slack refuses.
func (h *Health) Unready() string {
	if h.Draining.Load() {
		return "draining"
	}
	return h.storeProblem()
}

func (h *Health) storeProblem() string {
	h.asking.Lock()
	defer h.asking.Unlock()
	if h.asked.IsZero() || time.Since(h.asked) > fresh {
		h.problem = ""
		if err := h.store.Check(); err != nil {
			h.problem = err.Error()
		}
		h.asked = time.Now()
	}
	return h.problem
}
