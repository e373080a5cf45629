package store

import "time"

// gate lets one through at a time, and gives up waiting after a while.
type gate chan struct{}

func newGate() gate { return make(gate, 1) }

func (g gate) enter() error {
	timer := time.NewTimer(claimWait)
	defer timer.Stop()
	select {
	case g <- struct{}{}:
		return nil
	case <-timer.C:
		return failed("another delivery has held the store for %.0f s", claimWait.Seconds())
	}
}

func (g gate) leave() { <-g }
