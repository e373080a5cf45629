package store

import (
	"encoding/json"
	"errors"
	"time"

	"alert-threader/internal/incidents"
)

// record is a thread as it is kept, in every implementation's stores: plain JSON with the time of its last change.
type record struct {
	Status  incidents.Status `json:"status"`
	Channel *string          `json:"channel"`
	TS      *string          `json:"ts"`
	At      *float64         `json:"at"`
}

var errNoThread = errors.New("not a thread's record")

// pack makes the record of a thread, changed now.
func pack(thread incidents.Thread) record {
	at := float64(time.Now().UnixMilli()) / 1000
	packed := record{Status: thread.Status, Channel: &thread.Channel, At: &at}
	if thread.TS != "" {
		packed.TS = &thread.TS
	}
	return packed
}

func unpack(text []byte) (record, error) {
	var found record
	if err := json.Unmarshal(text, &found); err != nil {
		return record{}, errNoThread
	}
	if !found.Status.Known() || found.Channel == nil {
		return record{}, errNoThread
	}
	return found, nil
}

func (r record) thread() *incidents.Thread {
	thread := &incidents.Thread{Status: r.Status, Channel: *r.Channel}
	if r.TS != nil {
		thread.TS = *r.TS
	}
	return thread
}

// expired tells whether the last change is longer ago than ttl.
func (r record) expired(ttl time.Duration) bool {
	return r.At == nil || *r.At+ttl.Seconds() < float64(time.Now().UnixMicro())/1e6
}
