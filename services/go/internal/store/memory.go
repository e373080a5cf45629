package store

import (
	"sync"
	"time"

	"alert-threader/internal/incidents"
)

// memory is for trials: a restart forgets all, and an incident then gets a second thread.
type memory struct {
	ttl   time.Duration
	claim gate
	lock  sync.Mutex
	kept  map[string]record
}

func newMemory(ttl time.Duration) *memory {
	return &memory{ttl: ttl, claim: newGate(), kept: map[string]record{}}
}

func (m *memory) Local() bool { return true }

// Claim lets one delivery in at a time.
func (m *memory) Claim(string) (func(), error) {
	if err := m.claim.enter(); err != nil {
		return nil, err
	}
	return m.claim.leave, nil
}

func (m *memory) Get(incident string) (*incidents.Thread, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if found, ok := m.kept[incident]; ok && !found.expired(m.ttl) {
		return found.thread(), nil
	}
	return nil, nil
}

func (m *memory) Put(incident string, thread incidents.Thread) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	for id, old := range m.kept {
		if old.expired(m.ttl) {
			delete(m.kept, id)
		}
	}
	m.kept[incident] = pack(thread)
	return nil
}

func (m *memory) Check() error { return nil }
