package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"alert-threader/internal/incidents"
	"alert-threader/internal/logs"
)

// file has threads in one JSON file: each change is a new file, synced and renamed into place, so a crash leaves old or
// new. Several processes on one host may share it (an old and a new release do, while traffic moves).
type file struct {
	path   string
	ttl    time.Duration
	claim  gate
	probes atomic.Int64

	lock sync.Mutex
	seen os.FileInfo // the file that was read last; nil: none
	kept records
}

func openFile(path string, ttl time.Duration) (*file, error) {
	f := &file{path: path, ttl: ttl, claim: newGate(), kept: newRecords()}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, unusable(filepath.Dir(path), err)
	}
	left, _ := filepath.Glob(path + ".probe-*") // by a process that was killed
	for _, each := range left {
		_ = os.Remove(each)
	}
	if err := f.Check(); err != nil {
		return nil, err
	}
	release, err := f.Claim("")
	if err != nil {
		return nil, err
	}
	defer release()
	return f, f.load()
}

func (f *file) Local() bool { return true }

// Claim lets one delivery in at a time, over all processes: Slack takes one message a second anyway.
func (f *file) Claim(string) (func(), error) {
	deadline := time.Now().Add(claimWait)
	if err := f.claim.enter(); err != nil {
		return nil, err
	}
	unlock, err := locked(f.path+".lock", deadline)
	if err != nil {
		f.claim.leave()
		return nil, err
	}
	return func() { unlock(); f.claim.leave() }, nil
}

func (f *file) Get(incident string) (*incidents.Thread, error) {
	f.lock.Lock()
	defer f.lock.Unlock()
	if err := f.load(); err != nil {
		return nil, err
	}
	if found, ok := f.kept.byID[incident]; ok && !found.expired(f.ttl) {
		return found.thread(), nil
	}
	return nil, nil
}

func (f *file) Put(incident string, thread incidents.Thread) error {
	f.lock.Lock()
	defer f.lock.Unlock()
	if err := f.load(); err != nil {
		return err
	}
	changed := f.kept.with(incident, pack(thread), f.ttl, maxIncidents)
	content, err := changed.encode()
	if err == nil {
		err = replace(f.path, content)
	}
	if err != nil {
		return unusable(f.path, err)
	}
	f.kept = changed
	f.seen, _ = os.Stat(f.path)
	return nil
}

// Check writes and syncs a small file beside the real one: this finds a full disk, a lost right, a read-only mount.
func (f *file) Check() error {
	probe := fmt.Sprintf("%s.probe-%d-%d", f.path, os.Getpid(), f.probes.Add(1))
	defer os.Remove(probe)
	if err := write(probe, make([]byte, 4096)); err != nil {
		return unusable(filepath.Dir(f.path), err)
	}
	return nil
}

// load reads the file again if another process has replaced it. One that is not ours to read is moved aside.
func (f *file) load() error {
	found, err := os.Stat(f.path)
	if err != nil {
		found = nil
	}
	if same(found, f.seen) {
		return nil
	}
	content, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		f.kept, f.seen = newRecords(), nil
		return nil
	}
	if err != nil {
		return unusable(f.path, err)
	}
	f.kept, err = decodeRecords(content)
	f.seen = found
	if err != nil {
		f.kept, f.seen = newRecords(), nil
		return f.moveAside(err)
	}
	return nil
}

func (f *file) moveAside(reason error) error {
	now := time.Now()
	aside := fmt.Sprintf("%s.corrupt-%s-%d", f.path, now.Format("20060102T150405"), now.UnixNano())
	if err := os.Rename(f.path, aside); err != nil {
		return failed("%s: is corrupt and cannot be moved aside: %s", f.path, cause(err))
	}
	logs.Error("the thread store was corrupt; open incidents get a new thread",
		"file", f.path, "moved_to", aside, "reason", reason.Error())
	return nil
}

func same(one, other os.FileInfo) bool {
	if one == nil || other == nil {
		return one == nil && other == nil
	}
	return os.SameFile(one, other) && one.ModTime().Equal(other.ModTime()) && one.Size() == other.Size()
}
