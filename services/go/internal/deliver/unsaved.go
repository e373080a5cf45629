package deliver

import (
	"sync"

	"alert-threader/internal/incidents"
	"alert-threader/internal/store"
)

// unsaved are threads that Slack has and the store did not take, so that a store that fails for a while causes no
// repeats.
type unsaved struct {
	lock    *sync.Mutex
	threads map[string]incidents.Thread
}

func newUnsaved() unsaved { return unsaved{&sync.Mutex{}, map[string]incidents.Thread{}} }

func (u unsaved) keep(incident string, thread incidents.Thread) {
	u.lock.Lock()
	defer u.lock.Unlock()
	u.threads[incident] = thread
}

// save what is left of an incident; its claim is held, so nobody else does.
func (u unsaved) save(kept store.Store, incident string) error {
	u.lock.Lock()
	thread, left := u.threads[incident]
	u.lock.Unlock()
	if !left {
		return nil
	}
	if err := kept.Put(incident, thread); err != nil {
		return err
	}
	u.lock.Lock()
	defer u.lock.Unlock()
	delete(u.threads, incident)
	return nil
}
