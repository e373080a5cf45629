// Package store keeps incidents' threads: one interface, one file for each place.
package store

import (
	"fmt"
	"time"

	"alert-threader/internal/incidents"
	"alert-threader/internal/settings"
)

// claimWait is how long a claim waits for another holder.
const claimWait = 15 * time.Second

// Error says why the store cannot be used now, and holds no secret.
type Error struct {
	Reason string
	// Held: another instance has this incident and does not let go; others may still be free.
	Held bool
}

func (e *Error) Error() string { return e.Reason }

func failed(format string, parts ...any) error { return &Error{Reason: fmt.Sprintf(format, parts...)} }

// Store has threads by incident. All methods may block (briefly); a failure is always an *Error.
type Store interface {
	// Local is true when a failure is this instance's own (its disk), not that of a service shared by many.
	Local() bool
	// Claim makes this the only holder, over all instances that share the store; waits for the other, up to a limit.
	Claim(incident string) (release func(), err error)
	// Get what is known of an incident; nil when nothing is.
	Get(incident string) (*incidents.Thread, error)
	// Put it durably.
	Put(incident string, thread incidents.Thread) error
	// Check fails unless a Put would now succeed.
	Check() error
}

// Open the store that the settings name. It fails when that can never work, as with an unwritable folder.
func Open(chosen settings.Settings) (Store, error) {
	switch chosen.ThreadStore {
	case "memory":
		return newMemory(chosen.ThreadTTL), nil
	case "redis":
		return openRedis(chosen.RedisURL, chosen.RedisKeyPrefix, chosen.ThreadTTL, chosen.LongestDelivery())
	}
	return openFile(chosen.ThreadStoreFile, chosen.ThreadTTL)
}
